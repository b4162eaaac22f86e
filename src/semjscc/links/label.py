"""Only the label is sent: the answer to "why not look at the image where it is?".

The perception network runs at the sender and its answer, one of M classes, crosses as one of M
codewords of k symbols. Where that is possible it needs almost no channel at all. It is not where
the camera cannot run the network, where several tasks or later ones share the image, or where a
person must see it; the table shows it all the same.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor

from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.equaliser import equalise
from semjscc.codecs.bandwidth import channel_uses
from semjscc.errors import UserError, printable
from semjscc.images import quantise
from semjscc.links.base import Control, Received, SymbolLink, Transmission
from semjscc.links.catalogue import LABEL
from semjscc.perception.base import Perception
from semjscc.randomness import generator
from semjscc.tasks import Task

LEAST_NOISE = 1e-9
"""Less than that is taken for that, so that a likelihood stays finite."""


def codewords(count: int, length: int) -> Tensor:
    """``count`` codewords of constant modulus 1, as far apart as they are easily made.

    Orthogonal ones (rows of a discrete Fourier transform) where the length allows, else random
    phases: (count, length) complex64.
    """
    if count <= length:
        turns = torch.outer(torch.arange(count), torch.arange(length)) % length / length
    else:
        turns = torch.from_numpy(generator(0, "codewords", count, length).random((count, length)))
    return torch.polar(torch.ones(count, length), (2 * math.pi * turns).float())


def check_tells_class(task: Task, name: str) -> None:
    """Refuse a network of which no label can be sent.

    Args:
        task: what it is for.
        name: its name, for the message.

    Raises:
        UserError: it tells no class of an image.
    """
    if task.target != "label":
        said = printable(name)
        raise UserError(f"the link {LABEL} sends one class an image: {said} does {task.name}")


class LabelLink(SymbolLink):
    """The class that the sender's perception network sees, by a code of M words."""

    name = LABEL

    def __init__(self, perception: Perception) -> None:
        """Raises a `UserError` where the network tells no class of an image."""
        check_tells_class(perception.task, perception.name)
        self._perception = perception

    def check_judge(self, perception: Perception) -> None:
        """Refuse a network whose results are not the classes that are sent, before any is.

        Raises:
            UserError: it is one.
        """
        check_tells_class(perception.task, perception.name)
        if perception.class_names != self._perception.class_names:
            raise UserError(
                f"the link {LABEL} sends the classes of {self._perception.name}, and "
                f"{perception.name} knows others: evaluate it with one of the two alone"
            )

    @torch.inference_mode()
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """The codeword of each image's class, whatever the SNR."""
        del snr_db
        size = images.shape[-2], images.shape[-1]
        book = codewords(len(self._perception.class_names), channel_uses(*size, ratio))
        with torch.no_grad():
            seen = self._perception.task.predict(self._perception.look(quantise(images)))
        return Transmission(
            book.to(images.device)[seen], (Control(self.name, *size, ratio),) * len(images)
        )

    @torch.inference_mode()
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """The most likely codeword: the one of least noise-weighted distance."""
        equalised, variance = equalise(symbols, knowledge)
        weight = (1 / variance.clamp(min=LEAST_NOISE)).expand_as(equalised)  # 0 where erased
        equalised = torch.where(weight > 0, equalised, torch.zeros_like(equalised))
        book = codewords(len(self._perception.class_names), symbols.shape[1]).to(symbols.device)
        # All words have |x| = 1 everywhere, so that the correlation alone decides.
        likelihood = (2 * (equalised * weight) @ book.conj().T).real
        return Received(
            images=None,
            outputs=likelihood,
            delivered=torch.ones(len(symbols), dtype=torch.bool),
            channel_uses=symbols.shape[1],
            control_bits=control[0].to_bits(),
            payload_bits=torch.full(
                (len(symbols),), math.ceil(math.log2(len(self._perception.class_names)))
            ),
        )
