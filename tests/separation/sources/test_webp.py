"""WebP without what size and setting say."""

import pytest

from coder_checks import picture
from semjscc.separation.sources.webp import WebP

CODER = WebP()


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (1, 1)])
def test_payload_is_the_partitions_and_the_size_of_the_first(size: tuple[int, int]) -> None:
    file = CODER.compress(picture("photograph", *size), 0, 15)
    payload = CODER.strip(file, size, 0, 15)
    # RFC 6386, 9.1: 3 bytes of tag, 3 of start code, 4 of size; the first 20 bytes are RIFF's.
    frame = file[20 : 20 + int.from_bytes(file[16:20], "little")]
    first = int.from_bytes(frame[:3], "little") >> 5
    assert payload == (bytes([first]) if first < 128 else payload[:2]) + frame[10:]
    assert frame[3:6] == b"\x9d\x01\x2a"
    assert int.from_bytes(frame[6:8], "little") == size[1]
