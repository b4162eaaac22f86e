"""Records and comparisons as rows of text, for the report's tables."""

from collections.abc import Sequence

from semjscc.codecs.bandwidth import parse_ratio
from semjscc.report.figures.heatmap import signed
from semjscc.results.records import Record
from semjscc.statistics.comparison import Comparison
from semjscc.statistics.equal_psnr import FrontGap, Gap
from semjscc.statistics.seeds import Spread

NOTHING = "–"
PLACE = ("R", "SNR dB", "assumed SNR dB")
USES = "channel uses"

RECORD_HEAD = (
    *("link", "codec", "channel", "judged by", "metric", *PLACE, "% (95 % interval)"),
    *("PSNR dB", "exact", "SSIM", "k/n", "channel uses k", "control bits", "payload bits"),
    *("delivered %", "images", "draws", "seed"),
)
RECORD_WORDS = 5


def record_row(record: Record) -> tuple[str, ...]:
    """The cells under `RECORD_HEAD`, of which `RECORD_WORDS` hold words."""
    return (
        record.link,
        record.codec or NOTHING,
        record.channel,
        record.perception,
        record.metric,
        *_place(record),
        f"{100 * record.value:.1f} ({100 * record.ci_low:.1f} to {100 * record.ci_high:.1f})",
        psnr_text(record, 2),
        NOTHING if record.exact is None else str(record.exact),
        _number(record.ssim, ".3f"),
        _number(record.ratio_measured, ".4f"),
        _count(record.channel_uses),
        _count(record.control_bits),
        NOTHING if record.payload_bits is None else _count(record.payload_bits),
        f"{100 * record.delivered:.1f}",
        str(record.images),
        str(record.draws),
        str(record.seed),
    )


def psnr_text(record: Record, digits: int) -> str:
    """The mean PSNR in dB, or why there is none: all images exact, or no images."""
    if record.psnr_db is not None:
        return f"{record.psnr_db:.{digits}f}"
    if record.exact == record.images * record.draws:
        return "exact"
    # An earlier version said nothing of the others where a single image was exact.
    return "no image" if record.ssim is None else NOTHING


def left_out(record: Record) -> str:
    """How many images the mean PSNR leaves out since they are exact; "" for none, or for all."""
    return f"{record.exact} exact" if record.exact and record.psnr_db is not None else ""


def comparison_rows(
    found: Sequence[Comparison], candidate: str, reference: str
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows.

    Columns of training seeds only where there are several, and one of the candidate's channel uses
    only where it has another number of them than the reference.
    """
    unlike = any(one.more_uses is not None for one in found)
    seeds = max((len(one.spread.gains) for one in found), default=0) > 1
    head = (
        *(*PLACE, *([USES] if unlike else [])),
        *(f"{reference} %", f"{candidate} %", "points", "95 % interval"),
        *("relative change %", "p", "p (Holm)", "verdict", f"{reference} delivers %", "images"),
    )
    more = ("seeds", "mean points", "spread (s.d.)", "95 % of the mean") if seeds else ()
    rows = [
        (
            *_place(one.candidate),
            *([more_uses(one) or "equal"] if unlike else []),
            f"{100 * one.reference.value:.1f}",
            f"{100 * one.candidate.value:.1f}",
            signed(one.points, 1),
            interval(one.interval),
            NOTHING if one.relative is None else signed(one.relative, 1),
            p_value(one.p),
            p_value(one.p_adjusted),
            one.verdict or NOTHING,
            f"{100 * one.reference.delivered:.1f}",
            str(one.candidate.images),
            *(_spread(one.spread) if seeds else ()),
        )
        for one in sorted(found, key=lambda one: order(one.candidate))
    ]
    return (*head, *more), rows


def front_gap_rows(found: Sequence[FrontGap]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows: the gap of each loss over each rival, on the whole and at each weight."""
    weights = sorted({point.weight for one in found for point, _ in one.at})
    head = ("R", "loss", "over", "mean", *(f"at weight {weight:g}" for weight in weights))
    rows = [
        (
            *(one.ratio, one.ours, one.theirs, gap_text(one.mean)),
            *(_gaps_at(one, weight) for weight in weights),
        )
        for one in found
    ]
    return head, rows


def _gaps_at(one: FrontGap, weight: float) -> str:
    return ", ".join(gap_text(gap) for point, gap in one.at if point.weight == weight) or NOTHING


def gap_text(gap: Gap | None) -> str:
    """Points, and in brackets their interval where there is one."""
    if gap is None:
        return NOTHING
    ends = "" if gap.interval is None else f" ({interval(gap.interval)})"
    return f"{signed(gap.points, 1)}{ends}"


def _spread(spread: Spread) -> tuple[str, ...]:
    return (
        str(len(spread.gains)),
        signed(spread.mean, 1),
        _number(spread.deviation, ".2f"),
        interval(spread.interval),
    )


def interval(ends: tuple[float, float] | None) -> str:
    """Two ends in points."""
    return NOTHING if ends is None else f"{signed(ends[0], 1)} to {signed(ends[1], 1)}"


def p_value(p: float | None) -> str:
    """To three digits behind the point, or the power of ten below."""
    if p is None:
        return NOTHING
    return f"{p:.3f}" if p >= 0.001 else f"{max(p, 1e-99):.0e}"


def where(one: Comparison) -> str:
    """The point of a comparison in words."""
    snr_db = one.candidate.snr_db
    uses = more_uses(one)
    at = [
        f"R = {one.candidate.ratio}",
        "" if snr_db is None else f"{snr_db:g} dB",
        f"{uses} {USES}" if uses else "",
    ]
    return ", ".join(part for part in at if part)


def more_uses(one: Comparison) -> str:
    """How many more channel uses the candidate has, such as "29 % more"; "" for as many."""
    share = one.more_uses
    if share is None:
        return ""
    digits = 0 if abs(share) >= 1 else 1
    return f"{abs(share):.{digits}f} % {'more' if share > 0 else 'fewer'}"


def uses_note(found: Sequence[Comparison], candidate: str, reference: str) -> str:
    """That two links did not send as much, and where; "" where they did."""
    unlike = sorted(
        (one for one in found if one.more_uses is not None), key=lambda one: one.more_uses or 0.0
    )
    if not unlike:
        return ""
    ends = dict.fromkeys([more_uses(unlike[0]), more_uses(unlike[-1])])
    at = "every point" if len(unlike) == len(found) else f"{len(unlike)} of {len(found)} points"
    return (
        f"not at equal {USES}: {candidate} has {' to '.join(ends)} of them (measured k/n) than "
        f"{reference} at {at}"
    )


def order(record: Record) -> tuple[float, str, float]:
    """By ratio, link and SNR; what met no channel first."""
    ratio = 0.0 if record.ratio is None else float(parse_ratio(record.ratio))
    return ratio, record.link, float("-inf") if record.snr_db is None else record.snr_db


def _place(record: Record) -> tuple[str, str, str]:
    assumed = record.snr_db if record.assumed_snr_db is None else record.assumed_snr_db
    return record.ratio or NOTHING, _number(record.snr_db, "g"), _number(assumed, "g")


def _number(value: float | None, form: str) -> str:
    return NOTHING if value is None else format(value, form)


def _count(value: int | float) -> str:
    """Whole, or the mean over images of different sizes."""
    return str(value) if isinstance(value, int) else f"{value:.1f}"
