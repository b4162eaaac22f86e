"""A link's symbols to a waveform.

    symbols ─► permute, turn ─► bursts: preamble, training, header, payload, end
    carriers ─► clip-and-filter ─► OFDM ─► mean power 1

Nothing is boosted: the whole has mean power 1, and so has every part. The payload of symbols in
order of their worth (`+progressive`) alone falls in power from the first burst to the last, as the
link sends it.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from semjscc.channels.peaks import CLIP_DB, clip_and_filter
from semjscc.codecs.bandwidth import channel_uses
from semjscc.errors import UserError
from semjscc.links.base import Control
from semjscc.radio.waveform.header import Header, header_bits
from semjscc.radio.waveform.layout import burst_count, burst_layout, burst_span
from semjscc.radio.waveform.ofdm import modulate
from semjscc.radio.waveform.profiles import TRAINING_SYMBOLS, Profile
from semjscc.radio.waveform.protection import protect
from semjscc.radio.waveform.sequences import (
    filling,
    known_symbol,
    order_on_air,
    pilot_signs,
    preamble,
    turns,
)


def modulate_image(
    symbols: NDArray[np.complexfloating],
    control: Control,
    profile: Profile,
    *,
    image: int = 0,
    clip_db: float | None = CLIP_DB,
) -> NDArray[np.complex64]:
    """One image's symbols as a waveform.

    Args:
        symbols: (k,) complex of mean power 1.
        control: what the link tells its receiver.
        profile: the waveform.
        image: a number that tells the images of a recording apart, modulo 256.
        clip_db: limit on the envelope above its root mean square; None leaves peaks alone.

    Returns:
        samples at ``profile.sample_rate``, complex baseband of mean power 1, preamble, pilots and
        all included.

    Raises:
        UserError: the control record does not belong to these symbols, or has no place in a header.
    """
    k = channel_uses(control.height, control.width, control.ratio)
    if symbols.shape != (k,):
        raise UserError(
            f"an image of {control.width} x {control.height} at ratio {control.ratio} has {k} "
            f"symbols, not {symbols.shape}: modulate one image at a time"
        )
    order = order_on_air(profile, k, in_order=control.in_order)
    sent = symbols[order] * turns(k)
    bursts = [
        _burst(
            sent[slice(*burst_span(profile, k, burst))],
            Header(control, image, burst),
            profile,
            clip_db,
        )
        for burst in range(burst_count(profile, k))
    ]
    samples = np.concatenate(bursts)
    return (samples / np.sqrt(np.mean(np.abs(samples) ** 2))).astype(np.complex64)


def header_grid(header: Header, profile: Profile) -> NDArray[np.complex128]:
    """The header's QPSK: (header symbols, D)."""
    count = profile.header_symbols
    coded = protect(header_bits(header), count * profile.data_carriers)
    return coded.reshape(count, profile.data_carriers)


def known_rows(profile: Profile, rows: int) -> NDArray[np.complex128]:
    """A burst's rows (rows, K) with nothing but what both ends know: no header, no payload."""
    grid = pilot_signs(profile, rows).astype(np.complex128)
    grid[:TRAINING_SYMBOLS] = known_symbol(profile, "training")
    grid[-1] = known_symbol(profile, "end")
    return grid


def _burst(
    carried: NDArray[np.complexfloating], header: Header, profile: Profile, clip_db: float | None
) -> NDArray[np.complex128]:
    layout = burst_layout(profile, len(carried))
    grid = known_rows(profile, layout.rows)
    data = np.flatnonzero(~profile.is_pilot)
    grid[np.ix_(layout.header, data)] = header_grid(header, profile)
    spare = len(layout.payload) * len(data) - len(carried)
    payload = np.concatenate([carried, filling(spare)]).reshape(-1, len(data))
    grid[np.ix_(layout.payload, data)] = payload
    if clip_db is not None:
        clipped = clip_and_filter(torch.from_numpy(grid), profile.carriers, profile.fft, clip_db)
        grid = clipped.numpy()
    return np.concatenate([preamble(profile), modulate(profile, grid)])
