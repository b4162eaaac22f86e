"""The scrambling sequence and the checksums' matrices of 5G NR, by squaring instead of bit by bit.

Over GF(2) the square of a recurrence has its lags doubled: x[i+n] = Σ x[i+l] gives x[i+2n] =
Σ x[i+2l], and so on. What is known can therefore be doubled in one array operation. Sionna's own
functions take a Python loop over the bits, which for a photograph is seconds; tests hold the two
against each other.
"""

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]

REGISTER = 31
"""Length of both shift registers of the Gold sequence (TS 38.211 section 5.2.1)."""
DISCARDED = 1600
"""Its first bits, which are thrown away (N_C)."""


def gold_sequence(length: int, initial: int) -> Bits:
    """(length,) of 0 and 1: the pseudo-random sequence of TS 38.211 section 5.2.1.

    Args:
        length: bits.
        initial: c_init, the second register's state, in 0 … 2³¹ − 1.
    """
    ones = np.zeros(REGISTER, np.uint8)
    ones[0] = 1
    state = np.array([initial >> place & 1 for place in range(REGISTER)], np.uint8)
    total = DISCARDED + length
    first = _recurrence(ones, (0, 3), total)
    return (first ^ _recurrence(state, (0, 1, 2, 3), total))[DISCARDED:]


def checksum_matrix(length: int, polynomial: NDArray[np.int64]) -> Bits:
    """(length, n): row i is the checksum (TS 38.212 section 5.1) of a message with bit i alone.

    Args:
        length: bits of the message.
        polynomial: (n + 1,) coefficients of the generator polynomial, the highest power first.
    """
    degree = len(polynomial) - 1
    feedback = np.asarray(polynomial[1:], np.uint8)
    rows = np.zeros((degree, degree), np.uint8)
    remainder = feedback  # of the division of x^n
    for row in rows:
        row[:] = remainder
        remainder = np.append(remainder[1:], 0).astype(np.uint8) ^ (feedback * remainder[0])
    # The remainders of x^n, x^(n+1), … obey the polynomial's own recurrence.
    lags = tuple(int(lag) for lag in range(degree) if feedback[degree - 1 - lag])
    return np.ascontiguousarray(_recurrence(rows, lags, length)[::-1])


def _recurrence(known: Bits, lags: tuple[int, ...], length: int) -> Bits:
    """(n, ...) -> (length, ...), continued by x[i + n] = Σ x[i + lag] over GF(2)."""
    order = len(known)
    x = np.zeros((max(length, order), *known.shape[1:]), np.uint8)
    x[:order] = known
    done = order
    while done < length:
        stretch = 1
        while 2 * stretch * order <= done:
            stretch *= 2
        # So many follow at once without looking at each other.
        count = min((order - max(lags)) * stretch, length - done)
        start = done - order * stretch
        for lag in lags:
            x[done : done + count] ^= x[start + lag * stretch : start + lag * stretch + count]
        done += count
    return x[:length]
