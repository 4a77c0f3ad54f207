from pathlib import Path

import pytest

from swner.config import load_config
from swner.errors import ConfigError

BASE = "encoder: e\noutput: o\nstages:\n  - {name: a, train: [x], epochs: 2}\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(Path("configs").glob("*.yaml")), ids=lambda p: p.name)
def test_every_recipe_in_configs_is_valid(path: Path) -> None:
    if path.name == "encoder.yaml":
        pytest.skip("read by scripts/build_encoder.py")
    assert load_config(path).stages


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("trainig: {}\n", ["trainig", "unknown key", "training"]),
        ("training: {batch_size: 3}\n", ["training.batch_size", "batch_pieces"]),
        ("windows: {max_pieces: big}\n", ["windows.max_pieces", "'big'", "integer"]),
        ("windows: {max_pieces: 600}\n", ["windows.max_pieces", "600", "510"]),
        ("model: {dropout: 1.5}\n", ["model.dropout", "1.5"]),
    ],
)
def test_a_wrong_field_is_named_with_value_and_what_is_allowed(
    extra: str, words: list[str], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(write(tmp_path, BASE + extra))
    for word in [*words, "c.yaml"]:
        assert word in str(error.value)


def test_unknown_key_of_a_stage_lists_the_stages_keys(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"stages\.0\.lr: unknown key; allowed are .*learning_rate"
    ):
        load_config(write(tmp_path, BASE.replace("epochs: 2", "lr: 2")))


@pytest.mark.parametrize("text", ["a: [", "- 1\n", "", "encoder: x\n"])
def test_no_yaml_or_no_mapping_or_missing_fields(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_config(write(tmp_path, text))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        load_config(tmp_path / "none.yaml")


def test_overrides_go_through_the_same_checks(tmp_path: Path) -> None:
    path = write(tmp_path, BASE)
    config = load_config(path, ["stages.0.epochs=7", "windows.context=3", "model.crf=false"])
    assert (config.stages[0].epochs, config.windows.context, config.model.crf) == (7, 3, False)
    for wrong in ("windows.contxt=3", "stages.4.epochs=1", "seed.a=1", "seed", "stages.0.epochs=x"):
        with pytest.raises(ConfigError):
            load_config(path, [wrong])
