"""One image compressed with one setting after another, each at most once."""

import math
from dataclasses import replace

from semjscc.separation.sources.base import Accounting, Pixels, Setting, SourceCoder
from semjscc.separation.sources.search.scaling import psnr_of, reconstruct, resize, scaled_size
from semjscc.separation.sources.search.trials import Trial, Trials

_NEVER = 2**62
"""The length of what a coder cannot code: longer than any budget."""


class Attempts:
    """Lengths, payloads and PSNRs of one image, made when first asked for.

    Args:
        coder: any.
        image: (H, W, 3) uint8.
        accounting: what the payload is, see `reconstruct`.
        known: trials of this very image.
    """

    def __init__(
        self, coder: SourceCoder, image: Pixels, accounting: Accounting, known: Trials
    ) -> None:
        self._coder = coder
        self._image = image
        self._size = (image.shape[0], image.shape[1])
        self._accounting: Accounting = accounting
        self._trials = dict(known)
        self._known = dict(known)
        self._shrunk: dict[int, Pixels] = {}
        self._ceilings: dict[int, float] = {}

    def length(self, setting: Setting) -> int:
        """Bytes of the payload."""
        if setting not in self._trials:
            self._compress(setting)
        return self._trials[setting].length

    def payload(self, setting: Setting) -> bytes:
        """Of a setting whose length has been asked for."""
        payload = self._trials[setting].payload
        return self._compress(setting) if payload is None else payload

    def psnr_db(self, setting: Setting) -> float:
        """Of the image that comes back; of a setting whose length has been asked for."""
        known = self._trials[setting].psnr_db
        if known is not None:
            return known
        try:
            back = reconstruct(
                self._coder, self.payload(setting), setting, self._size, self._accounting
            )
            psnr_db = psnr_of(self._image, back)
        except ValueError:  # the coder cannot read its own file: no use to anybody
            psnr_db = -math.inf
        self._trials[setting] = replace(self._trials[setting], psnr_db=psnr_db)
        return psnr_db

    def ceiling(self, scale: int) -> float:
        """The PSNR in dB of shrinking and enlarging alone."""
        if scale not in self._ceilings:
            back = resize(self._shrink(scale), self._size)
            self._ceilings[scale] = psnr_of(self._image, back)
        return self._ceilings[scale]

    def fresh(self, longest: int) -> Trials:
        """The trials that are new, with the payloads of at most ``longest`` bytes."""
        return {
            at: trial if trial.length <= longest else replace(trial, payload=None)
            for at, trial in self._trials.items()
            if self._known.get(at) != trial
        }

    def _compress(self, setting: Setting) -> bytes:
        image = self._shrink(setting.scale)
        size, variant, quality = image.shape[:2], setting.variant, setting.quality
        try:
            payload = self._coder.compress(image, variant, quality)
            if self._accounting == "compact":
                payload = self._coder.strip(payload, (size[0], size[1]), variant, quality)
        except ValueError:
            self._trials[setting] = Trial(_NEVER, None, None)
            return b""
        old = self._trials.get(setting)
        self._trials[setting] = Trial(len(payload), old and old.psnr_db, payload)
        return payload

    def _shrink(self, scale: int) -> Pixels:
        if scale not in self._shrunk:
            self._shrunk[scale] = resize(self._image, scaled_size(self._size, scale))
        return self._shrunk[scale]
