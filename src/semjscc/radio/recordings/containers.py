"""Files that are more than raw samples, by their first bytes."""

from semjscc.errors import UserError
from semjscc.radio.recordings.kinds import PIPE
from semjscc.radio.sampling.passband import AUDIO_RATE

HEAD = 12
"""Bytes that tell a container."""
_WAV = (b"RIFF", b"RF64", b"BW64")
_OTHERS = {
    b"RIFF": "RIFF of another kind",
    b"RIFX": "big-endian WAV (RIFX)",
    b"riff": "Wave64",
    b"fLaC": "FLAC",
    b"OggS": "Ogg",
    b"ID3": "MP3",
    b"FORM": "AIFF",
    b".snd": "AU",
    b"caff": "CAF",
}
"""Sound files by their beginning."""
CONVERT = f"convert it with `ffmpeg -i IN -ar {AUDIO_RATE} -ac 1 -c:a pcm_s16le OUT.wav`"


def is_wav(head: bytes) -> bool:
    """Whether these first `HEAD` bytes are those of a WAV file that can be read."""
    return head[:4] in _WAV and head[8:HEAD] == b"WAVE"


def check_wav(head: bytes, name: str) -> None:
    """Refuse what does not begin as a WAV file.

    Raises:
        UserError: so it is.
    """
    if is_wav(head):
        return
    advice = ""
    if other := _other(head):
        advice = f", but {other}: {CONVERT}"
    elif name == PIPE:
        advice = ": if it holds raw samples, state --format cf32"
    raise UserError(f"{name} is not a WAV file{advice}")


def check_raw(head: bytes, name: str, datatype: str) -> None:
    """Refuse a container where samples of a datatype, such as "cf32", are to be read.

    Raises:
        UserError: it is one.
    """
    if is_wav(head):
        advice = "state --format wav" if name == PIPE else "give it the ending .wav"
        raise UserError(f"{name} is a WAV file, not {datatype}: {advice}")
    if other := _other(head):
        raise UserError(f"{name} is {other}, not {datatype}: {CONVERT}")


def _other(head: bytes) -> str | None:
    return next((kind for start, kind in _OTHERS.items() if head.startswith(start)), None)
