from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from records import NO_CHANNEL
from semjscc.errors import UserError
from semjscc.report.figures.metric_curves import AGAINST_RATIO, accuracy_figure, psnr_figure
from semjscc.report.figures.panels import figure_bytes, save_figure
from semjscc.report.figures.style import link_style, metric_title
from semjscc.results.records import Record, Results

NO_CHANNEL = replace(
    NO_CHANNEL,
    images=100,
    split="test",
    value=0.98,
    ci_low=0.96,
    ci_high=0.99,
    perception="network",
)


def point(link: str, ratio: str, snr_db: float, value: float, psnr_db: float | None) -> Record:
    return replace(
        NO_CHANNEL,
        link=link,
        channel="awgn",
        ratio=ratio,
        snr_db=snr_db,
        value=value,
        ci_low=value - 0.1,
        ci_high=value + 0.05,
        psnr_db=psnr_db,
        ssim=None if psnr_db is None else 0.9,
        exact=None if psnr_db is None else 0,
    )


@pytest.fixture
def results() -> Results:
    records = [
        NO_CHANNEL,
        point("djscc", "1/12", 4.0, 0.5, 24.0),
        point("djscc", "1/12", -2.0, 0.25, 20.0),  # out of order
        point("label", "1/12", -2.0, 0.9, None),
        point("djscc", "1/24", -2.0, 0.2, 18.0),
    ]
    return Results({}, records)


def labels(figure: Figure) -> list[str]:
    inside = [axes.get_legend() for axes in figure.axes]
    legends = [*figure.legends, *(legend for legend in inside if legend)]
    return [text.get_text() for legend in legends for text in legend.get_texts()]


def lines(figure: Figure, panel: int) -> dict[str, tuple[list[float], list[float]]]:
    return {
        str(line.get_label()): (
            [float(x) for x in line.get_xdata()],
            [float(y) for y in line.get_ydata()],
        )
        for line in figure.axes[panel].lines
    }


def test_accuracy_has_a_panel_for_each_ratio_and_a_line_for_each_link(results: Results) -> None:
    figure = accuracy_figure(results)
    assert [axes.get_title() for axes in figure.axes] == ["R = 1/24", "R = 1/12"]
    assert labels(figure) == ["no channel", "djscc", "label"]
    wide = lines(figure, 1)
    assert wide["djscc"] == ([-2, 4], [25, 50])
    assert wide["label"] == ([-2], [90])
    assert wide["no channel"][1] == [98, 98]
    assert set(lines(figure, 0)) == {"no channel", "djscc"}


def test_the_interval_is_shaded(results: Results) -> None:
    band = accuracy_figure(results).axes[1].collections[0]
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(15)
    assert heights.max() == pytest.approx(55)


def test_psnr_leaves_out_links_without_images(results: Results) -> None:
    figure = psnr_figure(results)
    assert lines(figure, 1) == {"djscc": ([-2, 4], [20, 24])}
    assert labels(figure) == ["djscc"]


def test_psnr_shows_where_images_arrived_exactly(results: Results) -> None:
    some = replace(point("separate", "1/12", -2.0, 0.9, 30.0), exact=7)
    every = replace(point("separate", "1/12", 4.0, 0.9, None), exact=100)
    figure = psnr_figure(Results({}, [*results.records, some, every]))
    axes = figure.axes[1]
    marked = {
        line.get_marker(): (list(line.get_xdata()), list(line.get_ydata()))
        for line in axes.lines
        if line.get_color() == link_style("separate").color and len(line.get_xdata()) == 1
    }
    assert marked == {"o": ([-2], [30]), "^": ([4], [1])}
    assert "exactly" in axes.get_xlabel()
    assert "exactly" not in psnr_figure(results).axes[1].get_xlabel()


def test_figures_without_anything_to_show_are_drawn() -> None:
    assert labels(psnr_figure(Results({}, [NO_CHANNEL]))) == []
    assert labels(accuracy_figure(Results({}, [NO_CHANNEL]))) == ["no channel"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_no_panel_is_left_empty(count: int) -> None:
    records = [point("djscc", f"{place}/48", 1.0, 0.5, 20.0) for place in range(1, count + 1)]
    figure = accuracy_figure(Results({}, records))
    assert [len(axes.lines) for axes in figure.axes if axes.axison] == [1] * count
    assert labels(figure) == ["djscc"]


def test_against_the_ratio_there_is_a_panel_for_each_snr(results: Results) -> None:
    figure = accuracy_figure(results, AGAINST_RATIO)
    assert [axes.get_title() for axes in figure.axes] == ["SNR = -2 dB", "SNR = 4 dB"]
    first = lines(figure, 0)
    assert first["djscc"] == ([1 / 24, 1 / 12], [20, 25])
    assert first["no channel"][1] == [98, 98]
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks == ["1/24", "1/12"]


def test_on_a_phone_panels_stand_below_each_other(results: Results) -> None:
    flat, tall = accuracy_figure(results), accuracy_figure(results, columns=1)
    assert flat.get_figwidth() > flat.get_figheight()
    assert tall.get_figwidth() < tall.get_figheight()
    assert labels(tall) == labels(flat)


def test_legends_fit_within_the_figure() -> None:
    names = [f"a-rather-long-name-{number}" for number in range(9)]
    records = [point(name, ratio, 0.0, 0.5, 1.0) for name in names for ratio in ("1/6", "1/12")]
    figure = accuracy_figure(Results({}, records))
    figure_bytes(figure, "png")
    box = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1


def test_repeats_with_other_seeds_are_thin_lines_without_a_name() -> None:
    links = ["semantic", "semantic#1", "semantic#2"]
    records = [point(link, "1/6", snr, 0.5, 1.0) for link in links for snr in (0.0, 5.0)]
    figure = accuracy_figure(Results({}, records))
    assert labels(figure) == ["semantic"]
    widths = [line.get_linewidth() for line in figure.axes[0].lines]
    assert widths[0] > 2 * max(widths[1:])
    assert len({line.get_color() for line in figure.axes[0].lines}) == 1


def test_one_link_under_two_conditions_is_two_lines(results: Results) -> None:
    faded = [replace(r, channel="rayleigh") for r in results.records if r.snr_db is not None]
    figure = accuracy_figure(Results({}, [*results.records, *faded]))
    assert lines(figure, 0).keys() == {"no channel", "djscc, awgn", "djscc, rayleigh"}
    dashes = {line.get_linestyle() for line in figure.axes[0].lines[1:]}
    assert len(dashes) == 2


def test_a_name_is_never_a_formula(tmp_path: Path) -> None:
    figure = accuracy_figure(Results({}, [point(r"$\frac$", "1/24", 1.0, 0.5, None)]))
    save_figure(figure, tmp_path / "a.png")  # a formula would not parse
    assert labels(figure) == [r"$\frac$"]


def test_settings_of_others_stay_as_they_were(results: Results, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    save_figure(accuracy_figure(results), tmp_path / "a.png")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("PDF", b"%PDF")]
)
def test_saved_figures_are_the_same_every_time(tmp_path: Path, suffix: str, start: bytes) -> None:
    paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for path in paths:
        save_figure(accuracy_figure(Results({}, [point("djscc", "1/12", 4.0, 0.5, 24.0)])), path)
    first, second = (path.read_bytes() for path in paths)
    assert first.startswith(start)
    assert first == second


def test_other_suffixes_are_refused(results: Results, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.svg"):
        save_figure(accuracy_figure(results), tmp_path / "figure.gif")
    assert list(tmp_path.iterdir()) == []


def test_link_styles_are_told_apart() -> None:
    known = ["none", "djscc", "semantic", "feature", "task-loss", "distill", "separate"]
    known += ["capacity", "label", "deepjscc-q", "separate@10", "separate-jpeg"]
    known += ["hybrid", "hybrid+importance-energy", "hybrid+semantic", "separate+semantic"]
    known += ["separate-roi"]
    assert len({link_style(name) for name in known}) == len(known)
    assert link_style("mine") == link_style("mine") == link_style("mine#3")
    assert link_style("mine") not in {link_style(name) for name in known}
    assert link_style("separate-roi") == link_style("separate+importance-energy")


def test_metrics_are_written_as_the_field_writes_them() -> None:
    assert metric_title(["accuracy"]) == "Accuracy"
    assert metric_title(["map50"]) == "mAP50"
    assert metric_title(["miou agreement"]) == "mIoU agreement"
    assert metric_title(["accuracy", "agreement", "map"]) == "Accuracy/agreement/mAP"


def test_figures_of_a_given_width_have_fewer_panels_in_a_row(results: Results) -> None:
    for width, columns in ((7.2, 2), (4.5, 2), (3.5, 1), (2.0, 1)):
        figure = accuracy_figure(results, width=width)
        assert figure.get_figwidth() == pytest.approx(width)
        first, second, *_ = figure.axes
        figure.draw_without_rendering()
        beside = second.get_position().x0 > first.get_position().x1
        assert beside == (columns == 2)
    with_usual = accuracy_figure(results).get_figwidth()
    assert with_usual == pytest.approx(7.1)
