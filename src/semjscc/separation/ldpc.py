"""Belief propagation for the quasi-cyclic LDPC codes of 5G NR, layer by layer and in batches.

Sionna makes the code (TS 38.212 section 5.3.2) and its parity checks; its decoder updates all
checks at once and always runs all iterations. Here one row of the base graph (Z checks that share
no bit) is updated after another, which needs half the iterations, blocks leave the batch once all
their checks hold, and the rows in memory are bits, so that every access is a copy of whole rows.
Tests hold the two decoders against each other.

Layered schedule: Hocevar 2004 (doi 10.1109/SIPS.2004.1363033). The check update is the exact one
(tanh rule): in this form min-sum would save no time, and it costs SNR.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.separation.nr import LDPC5GEncoder

ITERATIONS = 25
"""Layered; as good as twice as many of the flooding schedule."""
CERTAIN = 100.0
"""Log-likelihood ratio of the filler bits, which are known to be zero."""
NEAR_ONE = 1 - 2**-23
"""Largest tanh: atanh stays finite, at a log-likelihood ratio of 16.6."""
CHUNK = 128
"""Blocks decoded together: more do not fit a processor's cache."""


@dataclass(frozen=True)
class Graph:
    """The part of a code's graph that its rate leaves in use.

    Attributes:
        layers: for each row of the base graph (d, Z): the bits of its Z checks of degree d.
        bits: how many code bits appear, those that are not sent included.
        information: code bits before the parity, fillers included.
        fillers: how many of them are fillers, at their end.
        punctured: information bits at the start that are never sent (2Z).
    """

    layers: tuple[Tensor, ...]
    bits: int
    information: int
    fillers: int
    punctured: int


def graph_of(encoder: LDPC5GEncoder) -> Graph:
    """The graph of Sionna's encoder, without parity bits that are neither sent nor needed."""
    z, information, fillers = encoder.z, encoder.k_ldpc, encoder.k_filler
    last_sent = encoder.n + 2 * z + fillers
    # The first four checks are the core; each later one has a parity bit of its own.
    rows = max(4, -(-last_sent // z) - information // z)
    parity = encoder.pcm.tocsr()
    layers = []
    for row in range(rows):
        first = parity[row * z].indices
        columns, shifts = np.divmod(np.sort(first), z)
        bits = columns[:, None] * z + (shifts[:, None] + np.arange(z)) % z
        layers.append(torch.from_numpy(bits.astype(np.int64)))
    return Graph(tuple(layers), information + rows * z, information, fillers, 2 * z)


def decode_blocks(graph: Graph, llr: Tensor, iterations: int = ITERATIONS) -> Tensor:
    """The information bits' posteriors.

    Args:
        graph: of the code.
        llr: (B, n) log p(0)/p(1) of the sent bits, in the encoder's order, 0 for an erased one.
        iterations: at most.

    Returns:
        (B, K) log-likelihood ratios without fillers; below 0 stands for a one, and 0 means that
        nothing is known.
    """
    parts = [_decode(graph, part, iterations) for part in llr.split(CHUNK)]
    return torch.cat(parts)


def _decode(graph: Graph, llr: Tensor, iterations: int) -> Tensor:
    posterior = _spread(graph, llr.clamp(-CERTAIN, CERTAIN)).T.contiguous()  # (bits, B)
    result = torch.empty_like(posterior)
    here = torch.arange(llr.shape[0])
    messages = [torch.zeros(*layer.shape, llr.shape[0]) for layer in graph.layers]
    for iteration in range(iterations):
        for place, layer in enumerate(graph.layers):
            rows = layer.flatten()
            told = posterior.index_select(0, rows).view_as(messages[place]) - messages[place]
            messages[place] = _combine(told)
            posterior.index_copy_(0, rows, (told + messages[place]).flatten(0, 1))
        if iteration % 2:
            open_ = _unsatisfied(graph, posterior)
            # Dropping blocks copies all messages: worth it for many at once.
            if open_.sum() <= 0.75 * open_.numel():
                result[:, here[~open_]] = posterior[:, ~open_]
                here, posterior = here[open_], posterior[:, open_]
                messages = [message[..., open_] for message in messages]
                if not len(here):
                    break
    result[:, here] = posterior
    return result[: graph.information - graph.fillers].T


def _spread(graph: Graph, llr: Tensor) -> Tensor:
    """(B, n) of the sent bits -> (B, bits), with punctured and filler bits in their places."""
    systematic = graph.information - graph.fillers - graph.punctured
    fillers = llr.new_full((llr.shape[0], graph.fillers), CERTAIN)
    known = F.pad(llr[:, :systematic], (graph.punctured, 0))
    spread = torch.cat([known, fillers, llr[:, systematic:]], dim=1)
    return F.pad(spread, (0, graph.bits - spread.shape[1]))


def _unsatisfied(graph: Graph, posterior: Tensor) -> Tensor:
    """(bits, B) -> (B,), whether some check fails or touches a bit of which nothing is known."""
    ones = posterior < 0
    failing = (posterior == 0).any(dim=0)
    for layer in graph.layers:
        odd = reduce(torch.logical_xor, (ones.index_select(0, row) for row in layer))
        failing |= odd.any(dim=0)
    return failing


def _combine(told: Tensor) -> Tensor:
    """What each bit of a check hears from the others: (d, Z, B) -> (d, Z, B).

    2·atanh of the product of the others' tanh(L/2); an erased bit (L = 0) silences all the others.
    """
    soft = (told / 2).tanh_()
    degree = len(soft)
    others = torch.ones_like(soft)
    # The product of all before, times that of all after: no division, which zeros would break.
    before, after = soft[0].clone(), soft[-1].clone()
    for place in range(1, degree):
        others[place].mul_(before)
        others[degree - 1 - place].mul_(after)
        if place < degree - 1:
            before.mul_(soft[place])
            after.mul_(soft[degree - 1 - place])
    return others.clamp_(-NEAR_ONE, NEAR_ONE).atanh_().mul_(2)
