"""What the sender refuses before it does any work, and silence of any length."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor

from semjscc.channels.base import ChannelKnowledge
from semjscc.codecs.bandwidth import channel_uses
from semjscc.errors import UserError
from semjscc.links.base import Control, Received, SymbolLink, Transmission
from semjscc.radio.modulation import SILENCE, Sender, send_images
from semjscc.radio.waveform.limits import MOST_SYMBOLS
from semjscc.radio.waveform.profiles import SDR


class Zeros(SymbolLink):
    """Sends zeros, and counts its images."""

    name = "zeros"

    def __init__(self) -> None:
        self.sent = 0

    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        del snr_db
        self.sent += 1
        size = images.shape[-2], images.shape[-1]
        k = channel_uses(*size, ratio)
        return Transmission(
            torch.zeros(1, k, dtype=torch.complex64), [Control("adaptive", *size, ratio)]
        )

    def receive(self, symbols: Tensor, knowledge: ChannelKnowledge, control: object) -> Received:
        raise NotImplementedError("only senders are tried here")


def chunks(
    link: Zeros, size: tuple[int, int], ratio: Fraction, gap_s: float = 0.0
) -> Iterator[np.ndarray]:
    image = torch.zeros(3, 1, 1, dtype=torch.uint8).expand(3, *size)
    return send_images(
        [("large.png", image)], Sender(link, None, 0), SDR, ratio=ratio, snr_db=10.0, gap_s=gap_s,
        tell=[].append,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("size", "ratio", "advice"),
    [
        ((4096, 4097), Fraction(1, 48), "shrink the image$"),
        ((4096, 4096), Fraction(1, 4), "or take a lower --ratio$"),
    ],
)
def test_what_no_receiver_takes_is_refused_before_it_is_encoded(
    size: tuple[int, int], ratio: Fraction, advice: str
) -> None:
    link = Zeros()
    with pytest.raises(
        UserError, match=f"large.png has .* pixels, .* symbols at {ratio}.*{advice}"
    ):
        list(chunks(link, size, ratio))
    assert link.sent == 0


def test_the_largest_image_has_room_at_the_usual_ratios() -> None:
    assert channel_uses(4096, 4096, Fraction(1, 6)) == MOST_SYMBOLS


def test_silence_of_an_hour_comes_in_pieces() -> None:
    assert len(next(chunks(Zeros(), (16, 16), Fraction(1, 6), gap_s=3600.0))) == SILENCE
    pieces = list(chunks(Zeros(), (16, 16), Fraction(1, 6), gap_s=0.05))
    assert [len(piece) for piece in pieces[:2]] == [SILENCE, 100_000 - SILENCE]
    assert not any(piece.any() for piece in (*pieces[:2], *pieces[-2:]))
    assert pieces[2].any()
