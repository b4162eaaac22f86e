"""What every standard coder must do; each has a file of its own for what only it does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder_checks import KINDS, check_round_trip, picture, pictures, psnr_db, size_of
from semjscc.separation.sources.avif import Avif
from semjscc.separation.sources.base import Pixels, SourceCoder
from semjscc.separation.sources.jpeg import Jpeg
from semjscc.separation.sources.jpeg2000 import Jpeg2000
from semjscc.separation.sources.webp import WebP

STANDARD = (Jpeg(), Jpeg2000(), WebP(), Avif())

pytestmark = pytest.mark.parametrize("coder", STANDARD, ids=[coder.name for coder in STANDARD])


def draw_setting(data: st.DataObject, coder: SourceCoder) -> tuple[int, int]:
    """Places of a variant and a quality."""
    last_variant, last_quality = len(coder.variants) - 1, len(coder.qualities) - 1
    return data.draw(st.tuples(st.integers(0, last_variant), st.integers(0, last_quality)))


@settings(max_examples=60)
@given(pictures(), st.data())
def test_strip_and_restore_are_byte_exact(
    coder: SourceCoder, image: Pixels, data: st.DataObject
) -> None:
    check_round_trip(coder, image, draw_setting(data, coder))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (32, 32), (200, 150)])
def test_odd_sizes_come_back(coder: SourceCoder, kind: str, size: tuple[int, int]) -> None:
    for variant in range(len(coder.variants)):
        for quality in (0, 31):
            check_round_trip(coder, picture(kind, *size), (variant, quality))


def test_finer_qualities_are_better_and_longer(coder: SourceCoder) -> None:
    image = picture("photograph", 64, 64)
    for variant in coder.useful_variants((64, 64), "compact"):
        files = [coder.compress(image, variant, quality) for quality in range(0, 32, 4)]
        lengths = [len(file) for file in files]
        quality_db = [psnr_db(image, coder.decompress(file, (64, 64))) for file in files]
        assert lengths == sorted(set(lengths))
        assert quality_db == sorted(set(quality_db))
        assert quality_db[-1] > 30


@settings(max_examples=60)
@given(st.binary(max_size=200), st.data())
def test_garbage_is_an_image_of_the_announced_size_or_refused(
    coder: SourceCoder, garbage: bytes, data: st.DataObject
) -> None:
    setting = draw_setting(data, coder)
    for make in (lambda: coder.restore(garbage, (9, 20), *setting), lambda: garbage):
        try:
            back = coder.decompress(make(), (9, 20))
        except ValueError:
            continue
        assert back.shape == (9, 20, 3)


@settings(max_examples=60)
@given(pictures(longest=32), st.data(), st.integers(0, 2**16))
def test_payload_with_a_wrong_byte_or_cut_short_is_an_image_or_refused(
    coder: SourceCoder, image: Pixels, data: st.DataObject, at: int
) -> None:
    setting = draw_setting(data, coder)
    payload = coder.strip(coder.compress(image, *setting), size_of(image), *setting)
    at %= len(payload)
    wrong = payload[:at] + bytes([payload[at] ^ 0x55]) + payload[at + 1 :]
    for damaged in (wrong, payload[:at]):
        try:
            file = coder.restore(damaged, size_of(image), *setting)
            back = coder.decompress(file, size_of(image))
        except ValueError:
            continue
        assert back.shape == image.shape


def test_files_of_another_size_setting_or_format_are_refused(coder: SourceCoder) -> None:
    file = coder.compress(picture("photograph", 20, 24), 0, 9)
    with pytest.raises(ValueError, match="20 x 24"):
        coder.decompress(file, (24, 20))
    for stranger in (b"", file[:10], file + b"\0\0", b"\x89PNG\r\n\x1a\n" + file):
        with pytest.raises(ValueError, match=r"."):
            coder.strip(stranger, (20, 24), 0, 9)
    with pytest.raises(ValueError, match=r"."):
        coder.strip(file, (24, 20), 0, 9)


def test_coder_is_there(coder: SourceCoder) -> None:
    assert coder.missing() is None
    assert "None" not in coder.version()
