"""How long the rest of a plan takes, judged by what was carried out of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """How fast one kind of work goes; what an earlier call has done is no part of it.

    Attributes:
        kind: trainings, or evaluations.
        done: how much was carried out: steps, or images sent.
        seconds: how long that took.
    """

    kind: str
    done: int = 0
    seconds: float = 0.0

    def after(self, done: int, seconds: float) -> "Pace":
        """The pace with so much more carried out."""
        return Pace(self.kind, self.done + done, self.seconds + seconds) if done else self

    def describe(self, gone: float, left: int) -> str:
        """For people: ``(0:12:05 gone, about 1:20:00 left for trainings)``.

        Args:
            gone: seconds since the plan began.
            left: how much is still to do; as long as nothing was carried out, nobody can tell how
                long it takes.
        """
        words = f"{_clock(gone)} gone"
        if self.done:
            words += f", about {_clock(self.seconds * left / self.done)} left for {self.kind}"
        return f"({words})"


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds; days are hours too."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
