"""The grid: numbers that depend on nothing but the images, the points and the seed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from semjscc.channels import CHANNELS
from semjscc.codecs.adaptive import Adaptive
from semjscc.codecs.bandwidth import channel_uses, measured_ratio
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.data.base import ImageSet, PerImage
from semjscc.errors import UserError
from semjscc.evaluation.evaluators import by_agreement
from semjscc.evaluation.grid import Grid, work
from semjscc.evaluation.measurement import evaluate
from semjscc.links import CodecLink, Link, NoChannel, Received, Situation, open_link
from semjscc.perception.base import Perception, predict
from semjscc.perception.built_in.networks import ResNet
from semjscc.randomness import Draws
from semjscc.results.outcomes import unpack
from semjscc.results.records import Record, Results, load_results, save_results
from semjscc.statistics.intervals import wilson
from semjscc.tasks import Classification
from semjscc.tasks.base import Kind, Rows

NAMES = ("circle", "square", "star")
RATIO = Fraction(1, 24)
GRID = Grid(ratios=(RATIO,), snrs_db=(0.0, 10.0), seed=5)


def image_set(sizes: list[tuple[int, int]]) -> ImageSet:
    random = torch.Generator().manual_seed(2)
    images = [torch.randint(256, (3, *size), generator=random).to(torch.uint8) for size in sizes]
    labels = torch.arange(len(sizes)) % len(NAMES)
    alike = len(set(sizes)) == 1
    return ImageSet("toy", "val", torch.stack(images) if alike else images, labels, NAMES, "", "f")


SQUARES = image_set([(16, 16)] * 10)
MIXED = image_set([(16, 16), (16, 16), (17, 30), (16, 16), (20, 24), (20, 24), (20, 24)])


@pytest.fixture(scope="module")
def codec_link() -> CodecLink:
    torch.manual_seed(0)
    return CodecLink("toy-codec", Adaptive(width=8))


@pytest.fixture(scope="module")
def perception() -> Perception:
    torch.manual_seed(1)
    network = ResNet(3, width=4).eval()
    with torch.no_grad():  # so that an untrained network, too, sees different classes
        network.head.bias -= network(SQUARES.batch(range(10)) * 4 - 2).mean(dim=0)
    return Perception(network, layers=["stage1"], class_names=NAMES, name="tiny")


class LabelLink(Link):
    """Sends the right label without an image, and says that those of odd places failed."""

    name = "label"

    def send(self, images: Tensor, situation: Situation) -> Received:
        place = torch.tensor(situation.draws.indices)
        outputs = torch.nn.functional.one_hot(place % len(NAMES), len(NAMES)).float()
        k = channel_uses(*images.shape[-2:], situation.ratio)
        return Received(None, outputs, place % 2 == 0, channel_uses=k, control_bits=1)


class OddLink(Link):
    """Gives the images exactly, but for something that no link may give."""

    name = "odd"

    def __init__(self, changes: Callable[[Received], dict[str, Any]]) -> None:
        self.changes = changes

    def send(self, images: Tensor, situation: Situation) -> Received:
        k = channel_uses(*images.shape[-2:], situation.ratio)
        received = replace(NoChannel().send(images, situation), channel_uses=k)
        return replace(received, **self.changes(received))


def outcomes(record: Record) -> np.ndarray:
    """(N, D)."""
    right = unpack(record)
    assert right is not None
    return right


def alike(one: list[Record], other: list[Record]) -> bool:
    """Whether all agree but for the last bits of floating-point numbers."""
    return [asdict(record) for record in one] == [
        {
            key: pytest.approx(value, abs=1e-4) if isinstance(value, float) else value
            for key, value in asdict(record).items()
        }
        for record in other
    ]


@pytest.mark.parametrize("data", [SQUARES, MIXED], ids=["squares", "mixed"])
@pytest.mark.parametrize("batch", [1, 3, 7])
def test_batch_size_changes_nothing(
    codec_link: CodecLink, perception: Perception, data: ImageSet, batch: int
) -> None:
    grid = replace(GRID, draws=2)
    together = evaluate([codec_link], data, perception, grid)
    assert alike(evaluate([codec_link], data, perception, grid, batch=batch), together)


def test_an_image_fares_alike_in_a_prefix(codec_link: CodecLink, perception: Perception) -> None:
    class Observer(Link):
        """Keeps what arrives over another link."""

        name = "observer"

        def __init__(self) -> None:
            self.seen: dict[tuple[float, int], Tensor] = {}

        def send(self, images: Tensor, situation: Situation) -> Received:
            received = codec_link.send(images, situation)
            assert received.images is not None
            for index, image in zip(situation.draws.indices, received.images, strict=True):
                self.seen[situation.snr_db, index] = image
            return received

    whole, first = Observer(), Observer()
    evaluate([whole], MIXED, perception, GRID)
    (record, _) = evaluate([first], MIXED.first(3), perception, GRID)
    assert record.images == 3
    assert len(first.seen) == 3 * len(GRID.snrs_db)
    for key, image in first.seen.items():
        torch.testing.assert_close(image, whole.seen[key])


def test_a_record_says_what_was_measured(codec_link: CodecLink, perception: Perception) -> None:
    records = evaluate([codec_link], SQUARES, perception, GRID)
    assert [(r.link, r.ratio, r.snr_db) for r in records] == [
        ("toy-codec", "1/24", 0.0),
        ("toy-codec", "1/24", 10.0),
    ]
    record = records[0]
    assert (record.codec, record.channel, record.perception) == ("adaptive", "awgn", "tiny")
    assert (record.data, record.split, record.metric) == ("toy", "val", "accuracy")
    assert (record.images, record.draws, record.seed) == (10, 1, 5)
    assert record.channel_uses == channel_uses(16, 16, RATIO)
    assert isinstance(record.channel_uses, int)
    assert record.ratio_measured == pytest.approx(float(RATIO))
    assert record.control_bits > 0
    assert record.delivered == 1.0
    assert (record.ci_low, record.ci_high) == wilson(round(record.value * 10), 10)
    assert outcomes(record).shape == (10, 1)
    assert outcomes(record).mean() == record.value
    assert record.psnr_db is not None
    assert record.ssim is not None


def test_links_and_snrs_share_their_noise(codec_link: CodecLink, perception: Perception) -> None:
    class Listener(Link):
        """Receives nothing but the noise, as a multiple of its standard deviation."""

        name = "listener"

        def __init__(self) -> None:
            self.heard: list[Tensor] = []

        def send(self, images: Tensor, situation: Situation) -> Received:
            noise, knowledge = situation.pass_symbols(
                torch.zeros(len(images), 8, dtype=torch.complex64)
            )
            self.heard.append(noise / knowledge.noise_variance.sqrt()[:, None])
            return OddLink(lambda _: {}).send(images, situation)

    one, other = Listener(), Listener()
    evaluate([one, codec_link, other], SQUARES, perception, GRID)
    assert len(one.heard) == len(GRID.snrs_db)
    for noise in (*one.heard, *other.heard):
        torch.testing.assert_close(noise, one.heard[0])


def test_sizes_that_differ_are_averaged(codec_link: CodecLink, perception: Perception) -> None:
    record = evaluate([codec_link], MIXED, perception, GRID)[0]
    uses = [channel_uses(*size, RATIO) for size in MIXED.sizes]
    shares = [measured_ratio(*size, RATIO) for size in MIXED.sizes]
    assert record.channel_uses == pytest.approx(sum(uses) / len(uses))
    assert record.ratio_measured == pytest.approx(sum(shares) / len(shares))
    assert isinstance(record.control_bits, int)


def test_what_is_sent_again_is_counted(perception: Perception) -> None:
    link = open_link("linear-adaptive+repeat@0.5", "")
    lossy = replace(GRID, channel="bursts@1", draws=2)
    record = evaluate([link], MIXED, perception, lossy)[0]
    # All is lost, and half of it asked for again, in vain.
    sent = [k + k // 2 for k in (channel_uses(*size, RATIO) for size in MIXED.sizes)]
    numbers = [3 * height * width for height, width in MIXED.sizes]
    assert record.channel_uses == pytest.approx(sum(sent) / len(sent))
    shares = [uses / number for uses, number in zip(sent, numbers, strict=True)]
    assert record.ratio_measured == pytest.approx(sum(shares) / len(shares))


def test_several_draws_are_resampled_by_image(
    codec_link: CodecLink, perception: Perception
) -> None:
    once, thrice = (
        evaluate([codec_link], SQUARES, perception, replace(GRID, draws=draws))[0]
        for draws in (1, 3)
    )
    assert thrice.draws == 3
    assert np.array_equal(outcomes(thrice)[:, :1], outcomes(once))
    assert thrice.ci_low <= thrice.value <= thrice.ci_high
    assert (thrice.ci_low, thrice.ci_high) != wilson(round(thrice.value * 30), 30)
    assert thrice.psnr_db != once.psnr_db


def test_a_wrong_belief_changes_what_arrives(codec_link: CodecLink, perception: Perception) -> None:
    truth = evaluate([codec_link], SQUARES, perception, GRID)
    wrong = evaluate([codec_link], SQUARES, perception, replace(GRID, assumed_snr_db=10.0))
    assert [record.assumed_snr_db for record in wrong] == [10.0, None]
    error = 10.0 - GRID.snrs_db[0]
    off = evaluate([codec_link], SQUARES, perception, replace(GRID, assumed_error_db=error))
    assert [record.assumed_snr_db for record in off] == [s + error for s in GRID.snrs_db]
    assert alike(off[:1], wrong[:1])
    assert wrong[0].psnr_db != truth[0].psnr_db
    assert alike(wrong[1:], truth[1:])


def test_the_link_without_channel_is_measured_once(perception: Perception) -> None:
    grid = replace(GRID, draws=4)
    (record,) = evaluate([NoChannel()], SQUARES, perception, grid)
    assert (record.snr_db, record.ratio, record.ratio_measured) == (None, None, None)
    assert (record.codec, record.channel, record.draws) == (None, "none", 1)
    assert (record.channel_uses, record.control_bits) == (0, 0)
    assert (record.psnr_db, record.exact) == (None, 10)
    assert record.ssim == pytest.approx(1.0)
    predicted = perception.task.predict(perception(SQUARES.batch(range(10))))
    assert len(predicted.unique()) > 1
    right = predicted == SQUARES.labels
    assert record.value == pytest.approx(float(right.float().mean()))
    assert outcomes(record)[:, 0].tolist() == right.tolist()


class TouchedLink(Link):
    """Delivers images exactly, but one pixel of those at some places is one step off."""

    name = "touched"

    def __init__(self, places: set[int]) -> None:
        self.places = places

    def send(self, images: Tensor, situation: Situation) -> Received:
        received = NoChannel().send(images, situation)
        assert received.images is not None
        arrived = received.images.clone()
        for row, place in enumerate(situation.draws.indices):
            if place in self.places:
                step = 1 if arrived[row, 0, 0, 0] < 0.5 else -1
                arrived[row, 0, 0, 0] += step / 255
        k = channel_uses(*images.shape[-2:], situation.ratio)
        return replace(received, images=arrived, channel_uses=k)


@pytest.mark.parametrize("touched", [0, 1, 9, 10])
def test_exact_images_are_counted_and_left_out_of_the_mean(
    perception: Perception, touched: int
) -> None:
    grid = replace(GRID, snrs_db=(0.0,), draws=2)
    (record,) = evaluate([TouchedLink(set(range(touched)))], SQUARES, perception, grid)
    # One value of 3·16·16 is off by one of 255 steps.
    off = 20 * math.log10(255) + 10 * math.log10(3 * 16 * 16)
    assert record.exact == 2 * (10 - touched)
    assert record.psnr_db == (pytest.approx(off, abs=1e-3) if touched else None)
    assert record.ssim is not None


def test_results_without_images_and_failed_deliveries_count(perception: Perception) -> None:
    record = evaluate([LabelLink()], SQUARES, perception, GRID, batch=4)[0]
    assert (record.psnr_db, record.exact, record.ssim, record.codec) == (None, None, None, None)
    k = channel_uses(16, 16, RATIO)
    assert (record.value, record.delivered, record.channel_uses) == (1.0, 0.5, k)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (lambda _: {"images": None}, "neither images nor outputs"),
        (lambda r: {"images": r.images[:, :, :8]}, r"shape \(10, 3, 8, 16\) for"),
        (lambda r: {"images": r.images + 0.1}, "8 bits"),
        (lambda r: {"images": r.images * 1.001}, "8 bits"),
        (lambda r: {"images": r.images * math.nan}, "8 bits"),
        (lambda r: {"images": None, "outputs": r.images[:3, 0, 0]}, "3 outputs of 10"),
        (lambda r: {"delivered": r.delivered[:1]}, "whether it was delivered"),
        (lambda r: {"delivered": r.delivered.tolist()}, "its delivered as list: .* a tensor"),
        (lambda r: {"images": r.images.numpy()}, "its images as ndarray: .* a tensor"),
        (lambda _: {"payload_bits": torch.zeros(1, dtype=torch.int64)}, "how many bits"),
        (lambda r: {"channel_uses": 2 * r.channel_uses}, "took 64 channel uses .* have 32"),
        (lambda _: {"channel_uses": 0}, "took 0 channel uses"),
        (lambda _: {"channel_uses": 32.0}, r"gave as channel_uses 32\.0: .* a whole number"),
        (lambda _: {"control_bits": -5}, "gave as control_bits -5: .* a whole number"),
        (lambda _: {"control_bits": math.nan}, "gave as control_bits nan"),
        (lambda _: {"control_bits": None}, "gave as control_bits None"),
        (lambda _: {"control_bits": 2**70}, "gave as control_bits 1180591620717411303424"),
        (lambda _: {"payload_bits": torch.full((10,), -1)}, "payload_bits .* whole numbers"),
        (lambda _: {"payload_bits": torch.full((10,), math.nan)}, "payload_bits .* whole numbers"),
        (lambda _: {"codec": ["a"]}, "gave as codec a list: it must be its name"),
        (lambda _: {"codec": 3}, "gave as codec an int"),
        (lambda r: {"delivered": r.delivered.float()}, r"delivered in torch\.float32"),
        (lambda _: {"images": None, "outputs": torch.tensor(1.0)}, "gave no outputs of 10"),
        (lambda _: {"images": None, "outputs": torch.zeros(10)}, r"outputs a number .*\(10,\)"),
        (lambda _: {"images": None, "outputs": torch.zeros(10, 4)}, r"outputs .*\(10, 4\)"),
        (lambda _: {"images": None, "outputs": torch.zeros(10, 3, 2)}, r"\(10, 3, 2\)"),
        (lambda _: {"images": None, "outputs": torch.full((10, 3), math.nan)}, "are nan"),
    ],
)
def test_what_no_link_may_give_is_refused(
    perception: Perception, changes: Callable[[Received], dict[str, Any]], message: str
) -> None:
    assert len(evaluate([OddLink(lambda _: {})], SQUARES, perception, GRID)) == 2
    with pytest.raises(UserError, match=f"link odd .*{message}"):
        evaluate([OddLink(changes)], SQUARES, perception, GRID)


def test_a_link_that_works_in_place_changes_nothing_but_its_own(perception: Perception) -> None:
    class Dimmed(Link):
        """Dims the images before it sends them."""

        name = "dimmed"

        def __init__(self, *, in_place: bool) -> None:
            self.in_place = in_place

        def send(self, images: Tensor, situation: Situation) -> Received:
            images = images.mul_(0.9) if self.in_place else images * 0.9
            return OddLink(lambda _: {}).send(images, situation)

    plain, other = (
        evaluate([Dimmed(in_place=in_place)], SQUARES, perception, GRID)
        for in_place in (False, True)
    )
    assert alike(other, plain)
    assert plain[0].psnr_db is not None


def test_a_channel_is_recorded_in_its_one_spelling() -> None:
    for name in ("bursts@0.5", "bursts@1/2", "bursts@.50"):
        assert replace(GRID, channel=name) == replace(GRID, channel="bursts@0.5")


def test_a_point_that_is_asked_for_twice_is_one(perception: Perception) -> None:
    grid = replace(GRID, ratios=(RATIO, Fraction(2, 48)), snrs_db=(0.0, 10.0, 0.0))
    records = evaluate([NoChannel(), LabelLink()], SQUARES, perception, grid)
    assert [(r.ratio, r.snr_db) for r in records] == [(None, None), ("1/24", 0.0), ("1/24", 10.0)]


def test_records_and_progress_are_told_as_they_come(
    codec_link: CodecLink, perception: Perception
) -> None:
    links, grid = [NoChannel(), codec_link], replace(GRID, draws=2)
    told: list[Record] = []
    done: list[int] = []
    seen_at: list[int] = []

    def keep(record: Record) -> None:
        told.append(record)
        seen_at.append(sum(done))

    records = evaluate(
        links, SQUARES, perception, grid, batch=4, on_record=keep, on_progress=done.append
    )
    assert told == records
    assert seen_at == [10, 30, 50]
    assert sum(done) == work(links, SQUARES, grid) == 50


def test_large_images_come_in_smaller_batches(
    perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semjscc.evaluation.batches._BATCH_PIXELS", 2 * 20 * 24)
    done: list[int] = []
    evaluate([NoChannel()], MIXED, perception, GRID, on_progress=done.append)
    assert done == [2, 1, 1, 2, 1]
    monkeypatch.setattr("semjscc.evaluation.batches._BATCH_PIXELS", 1)
    done.clear()
    evaluate([NoChannel()], MIXED, perception, GRID, on_progress=done.append)
    assert done == [1] * 7


def test_images_without_labels_are_judged_by_agreement(
    codec_link: CodecLink, perception: Perception
) -> None:
    bare = replace(SQUARES, labels=torch.full((10,), -1), class_names=())
    none, record, _ = evaluate([NoChannel(), codec_link], bare, perception, GRID, agreement=True)
    images = SQUARES.batch(range(10))
    received = codec_link.send(
        images, Situation(CHANNELS["awgn"], 0.0, RATIO, Draws(GRID.seed, range(10)))
    ).images
    assert received is not None
    stays = predict(perception, images) == predict(perception, received)
    assert (none.metric, none.value) == ("agreement", 1.0)
    assert (record.metric, record.value) == ("agreement", float(stays.double().mean()))
    assert 0 < record.value < 1
    with pytest.raises(UserError, match="no images"):
        by_agreement(bare.first(0), perception)


def test_labels_without_names_take_the_networks(perception: Perception) -> None:
    named = evaluate([NoChannel()], SQUARES, perception, GRID)[0]
    numbered = replace(SQUARES, class_names=("0", "1"), numbered=True)
    assert evaluate([NoChannel()], numbered, perception, GRID)[0].value == named.value
    more = replace(numbered, class_names=tuple("0123"))
    with pytest.raises(UserError, match="has 4"):
        evaluate([NoChannel()], more, perception, GRID)
    # Names that happen to be numbers.
    with pytest.raises(UserError, match="has the classes '0', '1', which tiny"):
        evaluate([NoChannel()], replace(numbered, numbered=False), perception, GRID)


def test_other_classes_are_refused(perception: Perception) -> None:
    for names, message in [
        (("circle", "stars", "square"), "toy has the class 'stars', .* and lacks the class 'star'"),
        ((*NAMES, "cross\x1b"), "'cross.', which tiny does not know: give the classes the same"),
    ]:
        with pytest.raises(UserError, match=message) as caught:
            evaluate([NoChannel()], replace(SQUARES, class_names=names), perception, GRID)
        assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("order", [("star", "circle", "square"), ("square", "star", "circle")])
def test_classes_in_another_order_are_matched_by_name(
    perception: Perception, order: tuple[str, ...]
) -> None:
    numbers = torch.tensor([order.index(NAMES[label]) for label in SQUARES.labels.tolist()])
    other = replace(SQUARES, class_names=order, labels=numbers)
    for agreement in (False, True):
        found, wanted = (
            evaluate([NoChannel(), LabelLink()], data, perception, GRID, agreement=agreement)
            for data in (other, SQUARES)
        )
        assert found == wanted
    kept = [index for index, label in enumerate(SQUARES.labels.tolist()) if label != 0]
    few = replace(
        SQUARES,
        images=SQUARES.images[kept],  # pyright: ignore[reportCallIssue, reportArgumentType]
        labels=SQUARES.labels[kept] - 1,
        class_names=NAMES[1:],
    )
    named = replace(few, labels=few.labels + 1, class_names=NAMES)
    assert evaluate([NoChannel()], few, perception, GRID) == evaluate(
        [NoChannel()], named, perception, GRID
    )


def test_no_images_are_refused(perception: Perception) -> None:
    with pytest.raises(UserError, match="no images"):
        evaluate([NoChannel()], SQUARES.first(0), perception, GRID)


def test_a_codec_refuses_an_snr_it_was_not_trained_for(perception: Perception) -> None:
    link = CodecLink("deepjscc", DeepJSCC("1/24", snr_db=10.0))
    told: list[Record] = []
    grid = replace(GRID, snrs_db=(10.0, 0.0))
    with pytest.raises(UserError, match="10 dB alone"):
        evaluate([link], SQUARES, perception, grid, on_record=told.append)
    assert [record.snr_db for record in told] == [10.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel": "string"}, "no channel 'string'; there are .*awgn"),
        ({"draws": 0}, "at least once"),
        ({"snrs_db": (float("nan"),)}, "between -100 and 100, not nan"),
        ({"snrs_db": (2000.0,)}, "between -100 and 100, not 2000"),
        ({"assumed_snr_db": float("inf")}, "between -100 and 100, not inf"),
        ({"assumed_error_db": float("nan")}, "between -100 and 100, not nan"),
        ({"assumed_snr_db": 3.0, "assumed_error_db": 5.0}, "not both"),
    ],
)
def test_points_that_make_no_sense_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Grid(**{"ratios": (RATIO,), "snrs_db": (0.0,), **changes})  # pyright: ignore


def test_records_survive_a_results_file(
    codec_link: CodecLink, perception: Perception, tmp_path: Path
) -> None:
    links = [NoChannel(), LabelLink(), codec_link]
    results = Results({}, evaluate(links, MIXED, perception, GRID))
    save_results(results, tmp_path / "results.json")
    assert load_results(tmp_path / "results.json") == results
    assert "NaN" not in (tmp_path / "results.json").read_text()


class Unwarned(Classification):
    """A task of one's own that cannot tell beforehand whether there is anything to measure."""

    metrics: ClassVar[Mapping[str, Kind]] = {"hits": "mean-ratio"}

    def evidence(self, results: PerImage, targets: PerImage, classes: int) -> dict[str, list[Rows]]:
        del results, classes
        return {"hits": [np.zeros((1, 2)) for _ in targets]}


def test_a_metric_of_nothing_is_refused_as_soon_as_it_is_known(perception: Perception) -> None:
    own = Perception(perception.network, layers=(), class_names=NAMES, task=Unwarned(), name="own")
    said = "^own has nothing to measure hits by in what arrives over none: leave that link out"
    with pytest.raises(UserError, match=said):
        evaluate([NoChannel()], SQUARES, own, GRID)
