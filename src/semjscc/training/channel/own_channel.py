"""A training step through a channel that the recipe names, in place of the usual disturbance."""

import torch
from torch import Tensor

from semjscc.channels import channel_named
from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.equaliser import equalise
from semjscc.channels.passing import through_channel
from semjscc.errors import UserError, printable
from semjscc.randomness import Draws
from semjscc.training.batches import Share

FIRST_DRAW = 1 << 21
"""Of a training, a draw for each step: no evaluation and no sender's rehearsal has such numbers."""

_TRIAL_SYMBOLS = 64


def pass_channel(
    name: str, symbols: Tensor, snr_db: Tensor, seed: int, step: int, share: Share
) -> tuple[Tensor, Tensor]:
    """Send each image's symbols at its own SNR; gradients pass as far as the channel lets them.

    The draws follow from the seed, the step and an image's place in the global batch, so that one
    process and several meet the same channel.

    Args:
        name: see `channel_named`.
        symbols: (B, k) complex64 of mean power 1.
        snr_db: (B,), the mean SNR of each image.
        seed: the run's seed.
        step: the training step.
        share: this process's part of the batch.

    Returns:
        the equalised symbols (B, k), 0 where erased, and their N0 (B, k), infinite there.

    Raises:
        UserError: there is no such channel, or it gives what no channel gives.
    """
    channel, count = channel_named(name), len(symbols)
    places = share.take(torch.arange(count * share.processes)).tolist()
    rows = []
    for one, snr, place in zip(symbols.split(1), snr_db.tolist(), places, strict=True):
        draws = Draws(seed, [place], FIRST_DRAW + step)
        rows.append(_equalised(*through_channel(channel, one, snr, draws)))
    heard, variance = zip(*rows, strict=True)
    return torch.cat(heard), torch.cat(variance)


def _equalised(received: Tensor, knowledge: ChannelKnowledge) -> tuple[Tensor, Tensor]:
    """Equalised symbols (1, k) and the N0 of each."""
    heard, variance = equalise(received, knowledge)
    return heard, variance.expand(heard.shape)


def try_channel(name: str) -> None:
    """Send random symbols, before hours of training through a channel.

    Raises:
        UserError: as of `pass_channel`; or no gradient passes.
    """
    draws = Draws(0, [0, 1], FIRST_DRAW)
    symbols = draws.complex_normal("trial", _TRIAL_SYMBOLS).requires_grad_()
    with torch.enable_grad():
        heard, _ = pass_channel(name, symbols, torch.tensor([10.0, 10.0]), 0, 0, Share())
        if not heard.requires_grad:
            raise UserError(
                f"the channel {printable(name)} cannot be trained through: no gradient passes, as "
                "where it has a detach(), no_grad() or NumPy's arithmetic"
            )
