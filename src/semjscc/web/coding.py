"""Separate coding fast enough to wait for: the search remembers each image, in memory only.

What people upload must not stay on the disk, so the page does not use the cache that evaluations
keep.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from torch import Tensor

from semjscc.images import to_uint8
from semjscc.links.separate_coding.source import Payload, SourceStage
from semjscc.runtime.processes import cores
from semjscc.separation.sources import CODERS
from semjscc.separation.sources.base import Accounting, Pixels
from semjscc.separation.sources.search.search import Encoded, Search
from semjscc.separation.sources.search.trials import Trials, image_key

REMEMBERED = 32
"""Pairs of an image and a coder whose trials are kept; those of a photograph take up to 2 MB."""

_ACCOUNTING: Accounting = "compact"


class PageStage(SourceStage):
    """A source stage that forgets what it coded when the process ends.

    Args:
        family: of shipped weights.
    """

    def __init__(self, family: str) -> None:
        super().__init__(family, None, _ACCOUNTING)
        self._trials: OrderedDict[bytes, Trials] = OrderedDict()
        self._lock = threading.Lock()

    def encode(self, images: Tensor, budget: int, coders: Sequence[str]) -> list[Payload | None]:
        """The best of each image (B, 3, H, W) within ``budget`` bytes, None where nothing fits."""
        pixels = to_uint8(images).permute(0, 2, 3, 1).cpu().numpy()
        return [self._best(np.ascontiguousarray(image), budget, coders) for image in pixels]

    def _best(self, image: Pixels, budget: int, coders: Sequence[str]) -> Payload | None:
        jobs = [(name, variant) for name in coders for variant in range(len(CODERS[name].variants))]
        # The slow ones are libraries that run beside the interpreter: threads are enough.
        with ThreadPoolExecutor(cores()) as pool:
            found = pool.map(lambda job: self._search(job[0], job[1], image, budget), jobs)
            fitting = [
                Payload(name, one) for (name, _), one in zip(jobs, found, strict=True) if one
            ]
        return max(fitting, key=lambda payload: payload.encoded.psnr_db, default=None)

    def _search(self, name: str, variant: int, image: Pixels, budget: int) -> Encoded | None:
        coder = CODERS[name]
        key = image_key(image, coder, _ACCOUNTING)
        with self._lock:
            known = self._trials.get(key, {})
        search = Search(coder, image, _ACCOUNTING, known, variant=variant)
        encoded = search.best(budget)
        with self._lock:
            self._trials[key] = {**self._trials.get(key, {}), **search.fresh(image.nbytes)}
            self._trials.move_to_end(key)
            while len(self._trials) > REMEMBERED:
                self._trials.popitem(last=False)
        return encoded
