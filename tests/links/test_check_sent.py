"""What a link or a codec of one's own may get wrong on the way to the channel and back."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from semjscc.channels.awgn import awgn
from semjscc.channels.base import ChannelKnowledge
from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.grid import GridCodec
from semjscc.errors import UserError
from semjscc.links import CodecLink, Control, Received, Situation, SymbolLink, Transmission
from semjscc.links.base import received_whole
from semjscc.links.check_sent import check_symbols
from semjscc.randomness import Draws

RATIO = Fraction(1, 24)
IMAGES = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(1))
SITUATION = Situation(awgn, 10.0, RATIO, Draws(0, range(4)))
USES = channel_uses(16, 16, RATIO)
SYMBOLS = torch.ones(4, USES, dtype=torch.complex64)


class Odd(SymbolLink):
    """Sends ones and receives grey, but for what is changed."""

    name = "odd"

    def __init__(self, change: Callable[[Transmission], Any]) -> None:
        self.change = change
        self.heard = torch.empty(0)

    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        del snr_db
        control = [Control("odd", 16, 16, ratio)] * len(images)
        return self.change(Transmission(SYMBOLS, control))

    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        del knowledge
        self.heard = symbols
        return received_whole(torch.full((4, 3, 16, 16), 0.5), control, "odd")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: None, "must give a Transmission, not None"),
        (lambda sent: (sent.symbols, sent.control), "must give a Transmission, not a tuple"),
        (lambda sent: replace(sent, control=sent.control[:1]), "of 4 images: it gives 1"),
        (lambda sent: replace(sent, control=sent.control[0]), "of another kind"),
        (lambda sent: replace(sent, control=None), "of another kind"),
        (lambda sent: replace(sent, control=[None] * 4), "of another kind"),
        (lambda sent: replace(sent, symbols=None), "sends symbols as NoneType"),
    ],
)
def test_what_no_transmitter_gives_is_one_line(
    change: Callable[[Transmission], Any], message: str
) -> None:
    with pytest.raises(UserError, match=f"link odd.* {message}") as raised:
        Odd(change).send(IMAGES, SITUATION)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    "change",
    [lambda symbols: symbols.numpy(), lambda symbols: symbols.to(torch.complex128)],
)
def test_symbols_of_other_kinds_are_taken(change: Callable[[Tensor], Any]) -> None:
    plain = Odd(lambda sent: sent)
    other = Odd(lambda sent: replace(sent, symbols=change(sent.symbols)))
    for link in (plain, other):
        link.send(IMAGES, SITUATION)
    assert torch.equal(other.heard, plain.heard)


@pytest.mark.parametrize("place", [0, 3])
def test_no_image_borrows_power_from_another(place: int) -> None:
    skewed = torch.zeros_like(SYMBOLS)
    check_symbols("skewed", skewed, 4, USES)
    skewed[place] = 2
    with pytest.raises(UserError, match=f"power 4: image {place + 1} of 4 must have 1 at most"):
        check_symbols("skewed", skewed, 4, USES)
    skewed[place] = 1
    check_symbols("skewed", skewed, 4, USES)


class OwnCodec(GridCodec):
    """Each of 8 x 8 pixels becomes C numbers, but for what is changed."""

    name: ClassVar[str] = "mine"

    def __init__(self, latent: Any = None, image: Any = None, **attributes: object) -> None:
        super().__init__()
        self.stride, self.depth = 8, 16
        self.ratios, self.snr_range_db = (RATIO,), (-5.0, 20.0)
        self.encoder = nn.Conv2d(3, 16, 8, 8)
        self.decoder = nn.ConvTranspose2d(16, 3, 8, 8)
        self._changed = latent or (lambda x: x), image or (lambda x: x)
        for name, value in attributes.items():
            setattr(self, name, value)

    def _latent(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio
        return self._changed[0](self.encoder(images))

    def _image(self, latent: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio
        return self._changed[1](self.decoder(latent))


def one_nan(images: Tensor) -> Tensor:
    images = images.clone()
    images[2, 1, 3, 4] = math.nan
    return images


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": one_nan}, "codec mine gave nan"),
        ({"image": lambda _: None}, "mine: _image gives None: it must be a tensor"),
        ({"latent": lambda _: None}, "mine: _latent gives None: it must be a tensor"),
        ({"latent": lambda x: x.to(torch.complex64)}, "mine: _latent gives complex numbers"),
        ({"latent": lambda x: x[:, :0]}, r"mine: _latent gives \(0, 2, 2\) for an image, not"),
        ({"latent": lambda x: x[:, :0], "depth": 0}, "a latent of 0 channels does not hold"),
        ({"latent": lambda x: x * math.nan}, "link mine sends symbols of mean power nan"),
        ({"ratios": ("1/24",)}, r"codec mine must set self\.ratios, .* not \('1/24',\)"),
        ({"ratios": ()}, r"codec mine must set self\.ratios, .* not \(\)"),
        ({"ratios": None}, r"codec mine must set self\.ratios, .* not nothing"),
        ({"ratios": (RATIO, RATIO / 2)}, "in rising order"),
        ({"snr_range_db": None}, r"must set self\.snr_range_db"),
    ],
)
def test_a_codec_of_ones_own_is_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    CodecLink("mine", OwnCodec()).send(IMAGES, SITUATION)
    with pytest.raises(UserError, match=message) as raised:
        CodecLink("mine", OwnCodec(**changes)).send(IMAGES, SITUATION)
    assert str(raised.value).isprintable()
