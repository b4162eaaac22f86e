"""How long one image is on the air, as a function of its k symbols; needs no torch.

The modem's seconds count all that `modulate_image` makes of the symbols: preamble, training,
header, pilots, payload and end marker. The silences around an image are not among them.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from semjscc.codecs.bandwidth import LARGEST_RATIO, channel_uses, largest_ratio
from semjscc.radio.waveform.layout import burst_count, image_samples
from semjscc.radio.waveform.profiles import Profile


@dataclass(frozen=True)
class Airtime:
    """What one image takes.

    Attributes:
        channel_uses: k, complex symbols of the link.
        packets: bursts they are sent in; None by a radio that is not the modem.
        seconds: on the air.
        payload_seconds: of these, the OFDM symbols that bear the image's own, with their cyclic
            prefix and the pilots among their carriers.
    """

    channel_uses: int
    packets: int | None
    seconds: float
    payload_seconds: float

    @property
    def images_per_minute(self) -> float:
        """One behind the other, without silence between them."""
        return 60 / self.seconds

    def energy(self, power: float) -> float:
        """Joules at a mean transmit power in watts while on the air."""
        return power * self.seconds


def modem_airtime(profile: Profile, k: int) -> Airtime:
    """Of an image of k symbols by one of the modem's waveforms."""
    payload = -(-k // profile.data_carriers) * profile.symbol
    samples = image_samples(profile, k)
    rate = profile.sample_rate
    return Airtime(k, burst_count(profile, k), samples / rate, payload / rate)


def symbol_airtime(symbol_rate: float, k: int) -> Airtime:
    """Of k symbols alone by a radio that sends so many a second: what it adds is not known."""
    return Airtime(k, None, k / symbol_rate, k / symbol_rate)


def most_symbols(airtime: Callable[[int], Airtime], seconds: float, most: int) -> int:
    """The largest k, at most ``most``, that fits into so many seconds; 0 where none does.

    Args:
        airtime: of an image of k symbols; more symbols never take less time.
        seconds: that there are.
        most: the largest k to think of.
    """
    return bisect_right(range(1, most + 1), seconds, key=lambda k: airtime(k).seconds)


def fitting_ratio(
    airtime: Callable[[int], Airtime], size: tuple[int, int], seconds: float
) -> Fraction | None:
    """The largest ratio of codecs at which an image fits; None where the smallest does not.

    Args:
        airtime: as for `most_symbols`.
        size: height and width in pixels.
        seconds: that there are.
    """
    most = channel_uses(*size, LARGEST_RATIO)
    return largest_ratio(*size, most_symbols(airtime, seconds, most))
