"""AVIF without what size and setting say."""

import numpy as np
import pytest

from coder_checks import check_round_trip, picture
from semjscc.separation.sources.avif import Avif

CODER = Avif()


@pytest.mark.parametrize("size", [(32, 32), (150, 200)])
@pytest.mark.parametrize("variant", [0, 1])
def test_payload_is_the_frame_obu(size: tuple[int, int], variant: int) -> None:
    file = CODER.compress(picture("photograph", *size), variant, 20)
    rest = file[file.index(b"mdat") + 4 :]
    found: list[tuple[int, bytes]] = []
    while rest:
        # AV1, 5.3: the type in bits 3 to 6, then the size in bytes of 7 bits, low bits first.
        digits = next(index for index in range(1, 9) if rest[index] < 128)
        length = sum((rest[1 + index] & 127) << 7 * index for index in range(digits))
        start = 1 + digits
        found.append((rest[0] >> 3 & 15, rest[start : start + length]))
        rest = rest[start + length :]
    assert [kind for kind, _ in found] == [2, 1, 6]  # temporal delimiter, sequence header, frame
    assert CODER.strip(file, size, variant, 20) == found[-1][1]


def test_text_like_pictures_have_the_same_headers() -> None:
    # libaom has tools for screens; whether a frame uses them must not show in the sequence header.
    dots = np.random.default_rng(0).random((64, 64, 1)) < 0.1
    image = np.where(dots, np.zeros(3, np.uint8), np.full(3, 255, np.uint8))
    for variant in (0, 1):
        check_round_trip(CODER, image, (variant, 12))
