"""Files that are more than raw samples, by their first bytes."""

from semjscc.errors import UserError
from semjscc.radio.recordings.kinds import PIPE
from semjscc.radio.sampling.passband import AUDIO_RATE

HEAD = 12
"""Bytes that tell a container."""
_WAV = (b"RIFF", b"RF64", b"BW64")
_COMPRESSED = {b"fLaC": "flac", b"OggS": "ogg"}
_NAMES = {"wav": "a WAV file", "flac": "a FLAC file", "ogg": "an Ogg file"}
_OTHERS = {
    b"RIFF": "RIFF of another kind",
    b"RIFX": "big-endian WAV (RIFX)",
    b"riff": "Wave64",
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


def kind_of_sound(head: bytes) -> str | None:
    """The kind of a sound file that can be read, by its first `HEAD` bytes."""
    return "wav" if is_wav(head) else _COMPRESSED.get(head[:4])


def check_wav(head: bytes, name: str) -> None:
    """Refuse what does not begin as a WAV file.

    Raises:
        UserError: so it is.
    """
    if is_wav(head):
        return
    advice = ""
    if kind := kind_of_sound(head):
        advice = f", but {_NAMES[kind]}: {_called_so(kind, name)}"
    elif other := _other(head):
        advice = f", but {other}: {CONVERT}"
    elif name == PIPE:
        advice = ": if it holds raw samples, state --format cf32"
    raise UserError(f"{name} is not a WAV file{advice}")


def check_raw(head: bytes, name: str, datatype: str) -> None:
    """Refuse a container where samples of a datatype, such as "cf32", are to be read.

    Raises:
        UserError: it is one.
    """
    if kind := kind_of_sound(head):
        advice = _called_so(kind, name)
        raise UserError(f"{name} is {_NAMES[kind]}, not {datatype}: {advice}")
    if other := _other(head):
        raise UserError(f"{name} is {other}, not {datatype}: {CONVERT}")


def _called_so(kind: str, name: str) -> str:
    """What to do so that a sound file is read as what it is."""
    return f"state --format {kind}" if name == PIPE else f"give it the ending .{kind}"


def _other(head: bytes) -> str | None:
    return next((kind for start, kind in _OTHERS.items() if head.startswith(start)), None)
