"""One front above another at equal PSNR: against what can be worked out by hand."""

import numpy as np
import pytest

from front_records import LINKS, RECORDS, facts, points
from semjscc.report.rows import front_gap_rows
from semjscc.results.records import Record, Results
from semjscc.statistics.analysis import front_gaps, gap_over_seeds
from semjscc.statistics.equal_psnr import Gap, front_gap
from semjscc.statistics.fronts import FrontPoint


def line(*points: tuple[float, float]) -> list[FrontPoint]:
    return [FrontPoint("x", 1.0 + i, *point) for i, point in enumerate(points)]


def test_mean_gap_is_that_between_lines() -> None:
    def mean(ours: list[FrontPoint], theirs: list[FrontPoint]) -> Gap | None:
        return front_gap("1/24", ("a", "b"), ours, theirs).mean

    # Over 20 to 22 dB the gaps are 10, 0 and 10 points, linear in between.
    ours = line((22, 30), (21, 10), (18, 0), (20, 20))
    gap = mean(ours, line((20, 10), (21, 10), (22, 20)))
    assert gap is not None
    assert gap.points == pytest.approx(5)
    assert gap.interval is None
    assert mean(ours, line((10, 0), (17, 0))) is None
    level = mean(ours, ours)
    assert level is not None
    assert level.points == pytest.approx(0)


def test_gap_at_a_weight_is_over_the_other_line_at_its_psnr() -> None:
    found = front_gap("1/24", ("a", "b"), line((20.5, 40), (19, 60)), line((21, 10), (20, 20)))
    # At 20.5 dB the other stands at 15; it does not reach 19 dB.
    ((point, gap),) = found.at
    assert point.psnr_db == 20.5
    assert gap.points == pytest.approx(25)


def test_nothing_is_said_between_the_plain_codec_and_the_first_weight() -> None:
    plain = FrontPoint("plain", 0.0, 22, 0)
    found = front_gap("1/24", ("a", "b"), [plain, *line((21, 50))], [plain, *line((20, 60))])
    assert found.at == ()
    assert found.mean is None
    assert front_gap("1/24", ("a", "b"), [plain], [plain]).mean is None


def test_leads_are_over_each_rival() -> None:
    more = facts("uniform-0.2", weight=0.2, term="features", importance=None)
    meta = {"data": {"name": "signs"}, "links": [*LINKS, more]}
    results = Results(meta, [*RECORDS, *points("uniform-0.2", 24.5, 0.65)])
    found = {one.theirs: one for one in front_gaps(results) if one.ours == "semantic"}
    assert set(found) == {"feature", "task-loss", "distill"}
    # At 25 dB the gap is 10 points, at 24.5 dB 75 - 65.
    assert found["feature"].mean is not None
    assert found["feature"].mean.points == pytest.approx(10)
    ((point, gap),) = found["feature"].at
    assert (point.link, gap.points) == ("semantic-0.1", pytest.approx(10))
    head, rows = front_gap_rows(front_gaps(results))
    assert head[3:] == ("mean", "at weight 0.1")
    assert rows[0] == ("1/24", "semantic", "feature", "+10.0", "+10.0")


def test_interval_is_of_the_same_sum_over_images() -> None:
    rng = np.random.default_rng(1)

    def point(psnr_db: float, share: float) -> FrontPoint:
        outcomes = 100.0 * (rng.random(4000) < share)
        return FrontPoint("x", 1.0, psnr_db, float(outcomes.mean()), outcomes)

    ours, theirs = [point(20, 0.8)], [point(19, 0.8), point(21, 0.6)]
    ((_, gap),) = front_gap("1/24", ("a", "b"), ours, theirs).at
    assert gap.interval is not None
    low, high = gap.interval
    # Independent outcomes: the variance of each share, of which the rival's count half.
    deviation = 100 * np.sqrt((0.16 + 0.25 * (0.16 + 0.24)) / 4000)
    assert low < gap.points < high
    assert high - low == pytest.approx(2 * 1.96 * deviation, rel=0.1)
    assert gap.points == pytest.approx(
        ours[0].accuracy - (theirs[0].accuracy + theirs[1].accuracy) / 2
    )


def test_a_gap_over_seeds_has_a_gap_for_each_training() -> None:
    def trained(seed: str, ours: float, light: float, heavy: float) -> list[Record]:
        return [
            *points(f"semantic-0.1{seed}", 25, ours),
            *points(f"feature-0.1{seed}", 26, light),
            *points(f"feature-0.2{seed}", 24, heavy),
        ]

    form = {"unit": "element"}
    links = [
        facts(f"{name}{seed}", weight=weight, term="features", importance=importance)
        for seed in ("", "#2", "#3")
        for name, weight, importance in (
            ("semantic-0.1", 0.1, form), ("feature-0.1", 0.1, None), ("feature-0.2", 0.2, None),
        )
    ]  # fmt: skip
    records = [
        *trained("", 0.70, 0.40, 0.60),  # 70 over (40 + 60) / 2
        *trained("#2", 0.60, 0.40, 0.60),
        *trained("#3", 0.65, 0.50, 0.70),
    ]
    results = Results({"data": {"name": "signs"}, "links": links}, records)
    (spread,) = gap_over_seeds(results, "semantic-0.1", "feature").values()
    assert spread.gains == pytest.approx((20, 10, 5))
    (nothing,) = gap_over_seeds(results, "semantic-0.1", "distill").values()
    assert nothing.gains == ()
