"""Make a model that is trained already known to semjscc: writes runs/my-model.

python register.py my_model.pt
"""

import sys
from pathlib import Path

import torch
from my_model import MyModel

from semjscc.checkpoint import save_weights
from semjscc.data import load_data
from semjscc.perception.base import Perception, Preprocess
from semjscc.perception.store import describe
from semjscc.training.measure import measure_perception

LAYERS = ("edges", "parts", "things")
PREPROCESS = Preprocess(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))  # what yours was trained with

data = load_data("shapes", "val")
model = MyModel(classes=len(data.class_names))
model.load_state_dict(torch.load(sys.argv[1], weights_only=True))
card = describe("my_model:MyModel", {}, LAYERS, data.class_names, PREPROCESS)
perception = Perception(
    model, layers=LAYERS, class_names=data.class_names, preprocess=PREPROCESS, name="my-model"
)
facts = measure_perception(perception, data)
described = {**card, "recipe": {"name": perception.name}, "facts": facts}
save_weights(Path("runs/my-model/model.safetensors"), model.state_dict(), described)
print(f"{facts['val_accuracy']:.1%} on {facts['val_images']} validation images")
