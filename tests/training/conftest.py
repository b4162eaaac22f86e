"""What several tests of training begin with."""

import shutil
from pathlib import Path

import pytest

from semjscc.training.recipe import load_recipe
from semjscc.training.train import train
from small_training import CODEC, PERCEPTION, QUIET, recipe_file, two_classes


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_classes(tmp_path_factory.mktemp("two-classes"), ["dark", "bright"])


@pytest.fixture(scope="session")
def perception(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("perception")
    recipe = load_recipe(recipe_file(folder, source, PERCEPTION))
    return train(recipe, folder / "run", QUIET)[0]


@pytest.fixture(scope="session")
def whole(source: Path, perception: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `codec_recipe` comes to at a stretch, in its run's folder; nothing may change either."""
    folder = tmp_path_factory.mktemp("whole")
    recipe = load_recipe(recipe_file(folder, source, CODEC.format(perception=perception)))
    return train(recipe, folder / "run", QUIET)[0]


@pytest.fixture
def finished(whole: Path, tmp_path: Path) -> Path:
    """The finished run of `codec_recipe`, which a test may change."""
    return Path(shutil.copytree(whole.parent, tmp_path / "run"))


@pytest.fixture
def codec_recipe(source: Path, perception: Path, tmp_path: Path) -> Path:
    return recipe_file(tmp_path, source, CODEC.format(perception=perception))
