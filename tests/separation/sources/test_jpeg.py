"""JPEG without what size and setting say."""

import numpy as np
import pytest

from coder_checks import picture
from semjscc.separation.sources.jpeg import Jpeg

CODER = Jpeg()


@pytest.mark.parametrize(("variant", "bits"), [(0, 4 * 32), (1, 16 * 14)])
def test_payload_of_mid_grey_is_what_the_standard_tables_say(variant: int, bits: int) -> None:
    # T.81, tables K.3 to K.6: a zero DC difference takes 2 bits, an end of block 4 in luma and 2 in
    # chroma. 32 x 32 in 4:2:0 is 4 units of 4 + 1 + 1 blocks, in 4:4:4 16 units of 1 + 1 + 1.
    grey = np.full((32, 32, 3), 128, np.uint8)
    file = CODER.compress(grey, variant, 9)
    assert len(CODER.strip(file, (32, 32), variant, 9)) == bits // 8


def test_tables_for_the_image_pay_on_large_photographs() -> None:
    image, quality = picture("photograph", 256, 256), 4
    files = [CODER.compress(image, variant, quality) for variant in range(4)]
    lengths = [len(CODER.strip(file, (256, 256), i, quality)) for i, file in enumerate(files)]
    assert lengths[2] < lengths[0]
    assert lengths[3] < lengths[1]
    assert list(CODER.useful_variants((256, 256), "compact")) == [0, 1, 2, 3]


def test_tables_for_the_image_pay_at_32_pixels_only_where_headers_count() -> None:
    assert list(CODER.useful_variants((32, 32), "compact")) == [0, 1]
    assert list(CODER.useful_variants((32, 32), "file")) == [2, 3]
    image = picture("photograph", 32, 32)
    files = [CODER.compress(image, variant, 16) for variant in range(4)]
    payloads = [CODER.strip(file, (32, 32), variant, 16) for variant, file in enumerate(files)]
    for standard in (0, 1):
        assert len(files[standard + 2]) < len(files[standard])
        assert len(payloads[standard + 2]) > len(payloads[standard])


def test_scan_with_the_byte_255_comes_back() -> None:
    image = picture("noise", 64, 64)
    file = CODER.compress(image, 1, 31)
    assert b"\xff\x00" in file
    assert CODER.restore(CODER.strip(file, (64, 64), 1, 31), (64, 64), 1, 31) == file
