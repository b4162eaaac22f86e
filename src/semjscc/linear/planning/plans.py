"""One picture's plan, as the sender makes it and as the receiver finds it out.

    k symbols:   block that tells of regions │ the picture's numbers, two a symbol

What the receiver must be told beside the symbols is an announcement: how high the water stands, and
how the block is sent. Where the block is lost, it knows the overview alone: its spectrum is fixed.
Where none is sent, since that promises less error, the whole spectrum is.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from semjscc.channels.power import normalise_power
from semjscc.linear.planning.announcement import NO_BLOCK, Announcement
from semjscc.linear.planning.description import Known, understand
from semjscc.linear.planning.drafts import best_draft
from semjscc.linear.planning.logs import lost_logs, untold_logs
from semjscc.linear.planning.repetition import gather, spread
from semjscc.linear.planning.selection import Sending, Water, plan
from semjscc.linear.planning.side_block import receive_block, send_block
from semjscc.linear.symbols import from_complex, to_complex


@dataclass(frozen=True)
class Plan:
    """What is sent of a picture of gain 1 with h x w blocks, and how strong.

    Attributes:
        known: what it is taken for.
        water: how high the water stands.
        noise: N of each number, as the sender believes.
        k: symbols in all.
        uses: symbols of the block that tells of regions, which come first.
        whole: whether all is known that the sender knew.
        sending: the coefficients and their amplitudes, which follow from the rest.
    """

    known: Known
    water: Water
    noise: float
    k: int
    uses: int
    whole: bool = True
    sending: Sending = field(init=False)

    def __post_init__(self) -> None:
        """Let both ends conclude the same."""
        numbers = 2 * (self.k - self.uses)
        sending = plan(self.known.logs, self.water, self.noise, numbers, self.known.log_weights)
        object.__setattr__(self, "sending", sending)


def plan_to_send(
    unit: Tensor,
    k: int,
    snr_db: float,
    noise: float,
    weights: Tensor | None = None,
    *,
    blind: bool = False,
) -> tuple[Plan, Announcement, Tensor]:
    """The plan with the least promised error, its announcement, and the block's symbols.

    Args:
        unit: the coefficients of a picture of gain 1, (768, h, w), the overview among them.
        k: symbols.
        snr_db: what the sender believes in.
        noise: N of each number, that the power is allotted for.
        weights: how much each block's error counts, (h, w) ≥ 0; None where all count alike.
        blind: take every region to be as strong as the fixed spectrum says, so that weights alone
            make a difference between regions.
    """
    draft, block = best_draft(unit, k, snr_db, noise, weights, blind=blind)
    size = unit.shape[1], unit.shape[2]
    known, digital = Known(untold_logs(size)), torch.zeros(0, dtype=torch.complex64)
    if block != NO_BLOCK:
        understood = understand(draft.payload, draft.water, noise, size)
        assert understood is not None, "a sender understands itself"
        known, digital = understood, send_block(draft.payload, block, k)
    made = Plan(known, draft.water, noise, k, len(digital))
    return made, Announcement(draft.water, block), digital


def plan_received(
    symbols: Tensor,
    variance: Tensor,
    announced: Announcement,
    size: tuple[int, int],
    noise: float,
) -> Plan:
    """The plan as far as the receiver can tell.

    Args:
        symbols: (k,) complex64, equalised.
        variance: N0 of each.
        announced: by the sender.
        size: h x w.
        noise: N of each number, as the sender believed.
    """
    k, block = len(symbols), announced.block
    if block != NO_BLOCK:
        uses = block.uses(k)
        # Better than the sender believed no symbol of the block need be taken to be: where a
        # transmitter clips, a few are far worse than the receiver knows.
        payload = receive_block(symbols[:uses], variance[:uses].clamp_min(noise), block, k)
        if payload is not None:
            understood = understand(payload, announced.water, noise, size)
            if understood is not None:
                return Plan(understood, announced.water, noise, k, uses)
    return plan_without_block(k, announced, size, noise)


def plan_without_block(
    k: int, announced: Announcement, size: tuple[int, int], noise: float
) -> Plan:
    """The plan as far as the receiver can tell before the block is there, or where it is lost.

    Args:
        k: symbols.
        announced: by the sender; all is known where it announces no block.
        size: h x w.
        noise: N of each number, as the sender believed.
    """
    whole = announced.block == NO_BLOCK
    known = Known(untold_logs(size) if whole else lost_logs(size))
    return Plan(known, announced.water, noise, k, announced.block.uses(k), whole=whole)


def to_channel(numbers: Tensor, plan: Plan, digital: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """A picture's symbols of mean power 1.

    Args:
        numbers: (M,) as `Sending.pack` gives them, with their amplitudes: one may take several.
        plan: what they were planned by.
        digital: (uses,) complex64, the block's symbols; None leaves their place empty, and the
            others have power 1.

    Returns:
        (k,) complex64, and by how much the numbers shrank, a scalar.
    """
    room = 2 * (plan.k - plan.uses)
    spread_out = spread(numbers, plan.sending.times.to(numbers.device))
    filled = torch.cat([spread_out, numbers.new_zeros(room - len(spread_out))])
    power = 1.0
    if digital is None:
        digital = torch.zeros(plan.uses, dtype=torch.complex64)
    else:
        # The block's constellation has power 1 in the mean only; the picture takes what it leaves.
        power = (plan.k - float(digital.abs().square().sum())) / (plan.k - plan.uses)
    analogue = normalise_power(to_complex(filled[None]))[0] * power**0.5
    # The least keeps the gradient finite where a picture has nothing to send.
    scale = filled.square().mean().clamp(min=1e-24).sqrt() / power**0.5
    return torch.cat([digital.to(analogue.device), analogue]), scale


def from_channel(symbols: Tensor, variance: Tensor, plan: Plan) -> tuple[Tensor, Tensor]:
    """The inverse of `to_channel`, but for how much the numbers shrank, and the noise of each.

    Args:
        symbols: (k,) complex64, equalised.
        variance: N0 of each, infinite where it was erased.
        plan: as the receiver knows it.

    Returns:
        twice (M,), in the order of `Sending.pack`.
    """
    times = plan.sending.times.to(symbols.device)
    count = int(times.sum())
    numbers = from_complex(symbols[plan.uses :])[:count]
    return gather(numbers, variance[plan.uses :].repeat_interleave(2)[:count], times)
