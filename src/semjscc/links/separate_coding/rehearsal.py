"""Which scheme suits a channel that says nothing of itself: found out by sending through it.

A block code does not see a channel's gains one by one, and what it makes of them no formula says
for every channel. So schemes are tried with random payloads: how many arrive, and what that is
worth. The draws are the sender's own, never those that an image meets.
"""

import numpy as np
import torch

from semjscc.channels.base import Channel
from semjscc.channels.equaliser import equalise
from semjscc.channels.passing import through_channel
from semjscc.randomness import Draws, generator
from semjscc.separation.choice import Worth
from semjscc.separation.modes import Mode
from semjscc.separation.table import choose_mode, read_table, thresholds_for
from semjscc.separation.transport import decode, encode

TRIALS = 64
TRIAL_SYMBOLS = 1 << 19
"""Long transmissions are tried less often, since each of them meets more of the channel."""
FEWEST_TRIALS = 12
_SEED, _DRAW = 0, 1 << 20
"""No evaluation has so many draws."""

_known: dict[tuple[object, ...], tuple[Channel, float]] = {}
"""By what was asked, with the channel, whose id would else be given to another."""


def rehearsed_snr(channel: Channel, k: int, mean_snr_db: float, worth: Worth) -> float:
    """The SNR in dB to design for: that of the scheme with the best expected worth.

    Args:
        channel: any; of the same arguments it must always give the same.
        k: complex symbols.
        mean_snr_db: the mean SNR that the sender believes in.
        worth: of an image, by the SNR that its scheme was made for.
    """
    asked = id(channel), k, mean_snr_db, worth.scores.tobytes(), worth.lost
    if asked not in _known:
        _known[asked] = channel, _rehearse(channel, k, mean_snr_db, worth)
    return _known[asked][1]


def _rehearse(channel: Channel, k: int, mean_snr_db: float, worth: Worth) -> float:
    modes: dict[Mode, float] = {}
    for snr_db in sorted(thresholds_for(k, read_table()).values(), reverse=True):
        mode = choose_mode(k, snr_db)
        if mode is not None:
            modes[mode] = snr_db  # the lowest SNR at which it is chosen
    count = min(TRIALS, max(FEWEST_TRIALS, TRIAL_SYMBOLS // k))
    trials = Draws(_SEED, range(count), _DRAW)
    carried = _carried_bits(channel, k, mean_snr_db, trials)
    most = {
        mode: worth.expected(snr_db, float(np.mean(carried >= mode.payload_bits)))
        for mode, snr_db in modes.items()
    }
    best, found = worth.lost, mean_snr_db
    for mode in sorted(most, key=lambda mode: most[mode], reverse=True):
        if most[mode] <= best:
            break
        arrives = _arrived_share(channel, mode, k, mean_snr_db, trials)
        expected = worth.expected(modes[mode], arrives)
        if expected > best:
            best, found = expected, modes[mode]
    return found


def _carried_bits(channel: Channel, k: int, snr_db: float, trials: Draws) -> np.ndarray:
    """What an ideal code could carry in each trial, as the receiver sees the channel: (trials,)."""
    symbols = torch.ones(len(trials.indices), k, dtype=torch.complex64)
    _, variance = equalise(*through_channel(channel, symbols, snr_db, trials))
    return torch.log2(1 + 1 / variance.double()).expand(-1, k).sum(dim=1).cpu().numpy()


def _arrived_share(channel: Channel, mode: Mode, k: int, snr_db: float, trials: Draws) -> float:
    """The share of random payloads that come out right."""
    bits = [
        generator(_SEED, "rehearsal", trial).integers(0, 2, mode.payload_bits, np.uint8)
        for trial in trials.indices
    ]
    payload = torch.from_numpy(np.stack(bits)).float()
    received, knowledge = through_channel(channel, encode(payload, mode, k), snr_db, trials)
    equalised, variance = equalise(received.cpu(), knowledge)
    back, intact = decode(equalised, variance, mode, k)
    return float(((back == payload).all(dim=1) & intact).float().mean())
