"""The modem's clip in training, so that a codec learns to live with lower peaks.

symbols ─► scramble ─► OFDM carriers ─► clip-and-filter ─► back ─► mean power 1
"""

import torch
from torch import Tensor

from semjscc.channels.peaks import clip_and_filter
from semjscc.channels.power import normalise_power
from semjscc.randomness import generator

FFT = 64
CARRIERS = tuple(number for number in range(-26, 27) if number)
"""The grid of the modem's ``sdr`` waveform. Clipping does the same to the 40 carriers of ``audio``:
sums of so many symbols are nearly Gaussian."""


def clip_peaks(symbols: Tensor, clip_db: float, seed: int, step: int) -> Tensor:
    """What the modem's transmitter makes of symbols before they meet the channel.

    They are laid out as on the air: in a random order with random quarter turns, what is left of
    the last OFDM symbol filled with QPSK. In their own order neighbouring latents, which are alike,
    would make peaks that the modem never sends, and a clip that does 10 dB and more of harm too
    much. The order need not be the modem's, which depends on the image's size: drawn anew for each
    step, it shows a codec what peaks do, not where one size of image has them. Pilots are left out:
    they have the power of data, and a sum of carriers does not tell one from the other. The
    gradient is that of the clip and the filter themselves.

    Args:
        symbols: (B, k) complex, mean power 1 for each image.
        clip_db: limit on the envelope above its root mean square.
        seed: the run's seed.
        step: the training step; all processes clip alike.

    Returns:
        (B, k) complex of mean power 1 for each image.
    """
    count, uses = symbols.shape
    spare = -uses % len(CARRIERS)
    rng = generator(seed, "clip", step)
    order = torch.from_numpy(rng.permutation(uses)).to(symbols.device)
    quarters = torch.tensor([1, 1j, -1, -1j]).to(symbols)
    turns = quarters[torch.from_numpy(rng.integers(0, 4, uses + spare))]
    laid = torch.cat([symbols[:, order], symbols.new_ones(count, spare)], dim=1) * turns
    grid = clip_and_filter(laid.reshape(-1, len(CARRIERS)), CARRIERS, FFT, clip_db)
    clipped = grid.reshape(count, -1) * turns.conj()
    return normalise_power(clipped[:, order.argsort()])
