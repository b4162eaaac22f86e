"""Signals to stop, where something must not be left half done: held back, or noted."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Nothing inside is interrupted by Ctrl-C or SIGTERM; what came meanwhile counts at the end.

    A process that is started inside is deaf to them all its life.
    """
    heard: list[int] = []
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # no other can set a handler
        before = {number: signal.getsignal(number) for number in STOPS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: heard.append(number))
    # Other threads may still get them, so that to block them here is not enough.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in heard[:1]:
            signal.raise_signal(number)


@contextmanager
def stops_noted() -> Iterator[list[int]]:
    """What is inside looks by itself whether it is to stop, at places where it can.

    Gives a list that holds the number of a signal to stop as soon as one has come. A second signal
    does what it would have done without this.
    """
    heard: list[int] = []
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        found = {number: signal.getsignal(number) for number in STOPS}
        before = {number: one for number, one in found.items() if one is not signal.SIG_IGN}

    def note(number: int, _: object) -> None:
        heard.append(number)
        for one, handler in before.items():
            signal.signal(one, handler)

    for number in before:
        signal.signal(number, note)
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
