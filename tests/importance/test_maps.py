import pytest
import torch
from torch import Tensor, nn

from semjscc.importance.gradient import ImportanceForm
from semjscc.importance.layer_maps import NoMapsError
from semjscc.importance.maps import importance_map, overlay, signed_map
from semjscc.perception.base import Perception, Preprocess


class KnownGradient(nn.Module):
    """Logit 0 is Σ weight · feature over 8 x 8 features (averages of 4 x 4 pixels); logit 1 is 0.

    So the gradient of logit 0 with respect to the features is the weight itself, whatever the
    image.
    """

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(4)
        self.register_buffer("weight", weight)
        self.weight: Tensor

    def forward(self, images: Tensor) -> Tensor:
        score = (self.pool(images) * self.weight).sum(dim=(1, 2, 3))
        return torch.stack([score, torch.zeros_like(score)], dim=1)


def perception(weight: Tensor, layers: tuple[str, ...] = ("pool",), size: int | None = None):
    plain = Preprocess(size, mean=(0, 0, 0), std=(1, 1, 1))
    return Perception(
        KnownGradient(weight), layers=layers, class_names=("yes", "no"), preprocess=plain
    )


@pytest.fixture
def spot() -> Tensor:
    """Weight 1 at row 2, column 5 of one channel, and nothing else."""
    weight = torch.zeros(3, 8, 8)
    weight[1, 2, 5] = 1
    return weight


def test_map_lies_where_the_gradient_is(spot: Tensor) -> None:
    images = torch.rand(4, 3, 32, 32)
    maps = importance_map(perception(spot), images)
    assert maps.shape == (4, 32, 32)
    assert maps.dtype == torch.float32
    torch.testing.assert_close(maps.amax(dim=(1, 2)), torch.ones(4))
    assert (maps >= 0).all()
    assert (maps[:, 8:12, 20:24] > 0.5).all()
    outside = maps.clone()
    outside[:, 4:16, 16:28] = 0  # bilinear interpolation reaches one feature further
    assert not outside.any()


def test_weights_of_two_places_keep_their_proportion() -> None:
    weight = torch.zeros(3, 8, 8)
    weight[0, 1, 1] = 0.5
    weight[2, 6, 6] = -0.25  # a sign does not matter
    images = torch.ones(1, 3, 32, 32)
    maps = importance_map(perception(weight), images)
    assert maps[0, 5, 5] / maps[0, 25, 25] == pytest.approx(2, rel=1e-5)


def test_zero_gradient_is_uniform_and_has_no_signs() -> None:
    images = torch.rand(2, 3, 32, 32)
    flat = perception(torch.zeros(3, 8, 8))
    torch.testing.assert_close(importance_map(flat, images), torch.ones(2, 32, 32))
    assert torch.equal(signed_map(flat, images, "pool"), torch.zeros(2, 32, 32))


def test_map_of_a_cropping_network_lies_on_the_central_square(spot: Tensor) -> None:
    maps = importance_map(perception(spot, size=32), torch.ones(1, 3, 32, 48))
    assert maps.shape == (1, 32, 48)
    assert (maps[:, 8:12, 28:32] > 0.5).all()
    assert not maps[..., :8].any()
    assert not maps[..., 40:].any()


def test_map_of_the_input_covers_the_whole_image() -> None:
    whole = perception(torch.ones(3, 8, 8), layers=("input",))
    torch.testing.assert_close(
        importance_map(whole, torch.rand(1, 3, 32, 32)), torch.ones(1, 32, 32)
    )


def test_default_layer_is_the_first_behind_the_input(spot: Tensor) -> None:
    images = torch.ones(1, 3, 32, 32)
    both = perception(spot, layers=("input", "pool"))
    expected = importance_map(both, images, layer="pool")
    assert torch.equal(importance_map(both, images), expected)
    assert not torch.equal(importance_map(both, images, layer="input"), expected)


def test_signed_map_is_gradient_times_feature() -> None:
    weight = torch.zeros(3, 8, 8)
    weight[0, 1, 1] = 2
    weight[0, 6, 6] = -1
    maps = signed_map(perception(weight), torch.ones(1, 3, 32, 32), "pool")
    assert maps.shape == (1, 32, 32)
    assert maps.max() == 1
    assert maps.min().item() == pytest.approx(-0.5, rel=1e-5)
    assert maps[0, 5, 5] > 0 > maps[0, 25, 25]


def test_label_form_scores_the_label(spot: Tensor) -> None:
    images = torch.ones(1, 3, 32, 32)
    form = ImportanceForm(target="label", temper=1.0)
    with pytest.raises(ValueError, match="target"):
        importance_map(perception(spot), images, form=form)
    # Class "no" has logit 0 whatever the features are.
    maps = importance_map(perception(spot), images, form=form, target=torch.tensor([1]))
    torch.testing.assert_close(maps, torch.ones(1, 32, 32))


@pytest.mark.parametrize(
    "form",
    [
        ImportanceForm(score="fisher"),
        ImportanceForm(unit="projection"),
        ImportanceForm(learned="alone"),
    ],
)
def test_forms_of_more_than_one_gradient_are_refused(spot: Tensor, form: ImportanceForm) -> None:
    with pytest.raises(ValueError, match="one score's gradient"):
        importance_map(perception(spot), torch.ones(1, 3, 32, 32), form=form)


def test_the_first_layer_with_maps_is_the_finest() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(4), nn.Flatten())
    looking = Perception(network, layers=("2", "1", "0"), class_names=[str(n) for n in range(32)])
    images = torch.rand(1, 3, 16, 16)
    assert torch.equal(importance_map(looking, images), importance_map(looking, images, layer="1"))


def test_layers_without_maps_are_refused() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2))
    flat = Perception(network, layers=("1",), class_names=("a", "b"))
    images = torch.rand(1, 3, 16, 16)
    with pytest.raises(NoMapsError, match=r"layer '1' of perception has no maps: .* \(1, 2\)"):
        importance_map(flat, images)
    with pytest.raises(NoMapsError, match="layer '1' of perception"):
        signed_map(flat, images, "1")
    with pytest.raises(ValueError, match="no layer"):
        importance_map(flat, images, layer="elsewhere")


class Tokens(nn.Module):
    """Patches of 4 x 4 pixels as tokens, between some for the whole image; one patch counts."""

    def __init__(self, extra: int, patch: int, behind: int = 0, merged: int = 1) -> None:
        super().__init__()
        self.tokens, self.extra, self.patch = nn.Identity(), extra, patch
        self.behind, self.merged = behind, merged

    def forward(self, images: Tensor) -> Tensor:
        side = 4 * self.merged
        patches = nn.functional.avg_pool2d(images, side).flatten(2).transpose(1, 2)
        whole, last = (patches[:, :1].expand(-1, count, -1) for count in (self.extra, self.behind))
        tokens = self.tokens(torch.cat([whole, patches, last], dim=1))
        return tokens[:, self.extra + self.patch, :2] + torch.tensor([9.0, 0.0])


@pytest.mark.parametrize("extra", [0, 1, 5])
@pytest.mark.parametrize("size", [(32, 32), (16, 40), (40, 24)])
def test_tokens_are_maps_row_by_row(extra: int, size: tuple[int, int]) -> None:
    rows, columns = size[0] // 4, size[1] // 4
    looking = Perception(
        Tokens(extra, 2 * columns + 3), layers=("tokens",), class_names=("yes", "no")
    )
    (found,) = importance_map(looking, torch.rand(1, 3, *size))
    assert found.shape == size
    peak = divmod(int(found.argmax()), size[1])
    assert (peak[0] // 4, peak[1] // 4) == (2, 3)
    assert found[-1, -1] == 0
    assert rows > 3


class SaidTokens(Tokens):
    """Says itself how its tokens lie."""

    patch_size: tuple[int, int] = (4, 4)

    @property
    def tokens_behind(self) -> int:
        return self.behind


@pytest.mark.parametrize("size", [(16, 16), (18, 27), (40, 24)])
@pytest.mark.parametrize(("extra", "behind"), [(1, 9), (0, 0), (5, 100)])
def test_a_network_that_says_how_tokens_lie_is_believed(
    size: tuple[int, int], extra: int, behind: int
) -> None:
    columns = size[1] // 4  # with 1 + 16 + 9 tokens, five by five would be a guess
    network = SaidTokens(extra, 2 * columns + 3, behind)
    looking = Perception(network, layers=("tokens",), class_names=("yes", "no"))
    (found,) = importance_map(looking, torch.rand(1, 3, *size))
    down, across = size[0] / (size[0] // 4), size[1] / columns
    peak = divmod(int(found.argmax()), size[1])
    assert (int(peak[0] / down), int(peak[1] / across)) == (2, 3)


def test_patches_may_have_been_merged() -> None:
    network = SaidTokens(0, 7, merged=4)
    looking = Perception(network, layers=("tokens",), class_names=("yes", "no"))
    (found,) = importance_map(looking, torch.rand(1, 3, 48, 80))  # three rows of five
    peak = divmod(int(found.argmax()), 80)
    assert (peak[0] // 16, peak[1] // 16) == (1, 2)


def test_tokens_that_are_not_of_the_patches_have_no_maps() -> None:
    network = SaidTokens(0, 0)
    network.patch = 0
    network.patch_size = (5, 5)
    looking = Perception(network, layers=("tokens",), class_names=("yes", "no"))
    with pytest.raises(NoMapsError, match=r"layer 'tokens' .* features are \(1, 48, 3\)"):
        importance_map(looking, torch.rand(1, 3, 32, 24))


def test_overlay_brightens_what_matters() -> None:
    images = torch.full((1, 3, 4, 4), 0.5)
    maps = torch.zeros(1, 4, 4)
    maps[0, 0, 0] = 1
    heat = overlay(images, maps)
    assert heat.shape == (1, 3, 4, 4)
    assert heat.min() >= 0
    assert heat.max() <= 1
    assert (heat[0, :, 0, 0] > heat[0, :, 1, 1]).all()
    # The dark end of the colours is nearly black, so that the grey image alone is left.
    assert heat[0, :, 1, 1].tolist() == pytest.approx([0.175] * 3, abs=0.02)
