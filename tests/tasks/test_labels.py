"""What a class is called where several have one name, as two of ImageNet's are missiles."""

import torch

from semjscc.tasks.classification import Classification
from semjscc.tasks.detection import Detection

NAMES = ["missile", "crane", "missile"]


def test_classes_of_one_name_are_told_apart() -> None:
    (seen,) = Classification().see(torch.tensor([[1.0, 3.0, 2.0]]), NAMES, 3)
    assert [one.label for one in seen] == ["crane", "missile (class 2)", "missile (class 0)"]


def test_objects_of_classes_of_one_name_are_told_apart() -> None:
    boxes = torch.tensor([[0.0, 0.0, 9.0, 9.0], [20.0, 20.0, 30.0, 30.0]])
    logits = torch.tensor([[5.0, -5.0, -5.0], [-5.0, -5.0, 4.0]])
    (seen,) = Detection().see(torch.cat([boxes, logits], dim=1)[None], NAMES, 2)
    assert [one.label for one in seen] == ["missile (class 0)", "missile (class 2)"]
