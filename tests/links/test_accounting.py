"""Separate coding where the whole image file counts."""

import torch

from semjscc.channels.awgn import awgn
from semjscc.codecs.bandwidth import parse_ratio
from semjscc.links import Situation, open_link
from semjscc.randomness import Draws

RATIO = parse_ratio("1/6")


def test_a_file_with_its_headers_leaves_less_for_the_picture() -> None:
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    images = torch.nn.functional.avg_pool2d(images, 9, 1, 4)
    situation = Situation(awgn, 15.0, RATIO, Draws(0, [0]))
    compact, file = (
        open_link("separate-jpeg", "signs", accounting=accounting)
        for accounting in ("compact", "file")
    )
    received = {link: link.send(images, situation) for link in (compact, file)}
    errors = {}
    for link, one in received.items():
        assert one.images is not None
        assert one.delivered.all()
        errors[link] = float((one.images - images).square().mean())
    assert errors[file] > errors[compact]
    assert compact.facts() == {"name": "separate-jpeg"}
    assert file.facts() == {"name": "separate-jpeg", "accounting": "file"}
    assert open_link("capacity", "signs", accounting="file").facts()["accounting"] == "file"
