"""The documents of a recipe, and `swner check --recipe`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from swner.cli.app import main
from swner.config import TrainConfig, load_config
from swner.corpus import doccano
from swner.corpus.recipe import dev_documents, stage_data, training_documents
from swner.document import Document


@pytest.fixture
def recipe_path(documents: list[Document], tmp_path: Path) -> Path:
    """Three copies of the eight documents in a first stage, the eight in a second."""
    copies = [replace(d, id=f"{d.id}-{n}") for n in range(3) for d in documents]
    doccano.write(copies, tmp_path / "copies.jsonl")
    doccano.write(documents, tmp_path / "own.jsonl")
    values = {
        "encoder": "none",
        "output": "none",
        "dev_share": 0.3,
        "stages": [
            {"name": "one", "train": [str(tmp_path / "copies.jsonl")]},
            {
                "name": "two",
                "train": [str(tmp_path / "own.jsonl")],
                "replay": [str(tmp_path / "copies.jsonl")],
                "replay_share": 0.5,
            },
        ],
    }
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


@pytest.fixture
def config(recipe_path: Path) -> TrainConfig:
    return load_config(recipe_path)


def test_nothing_held_out_is_learnt_from(config: TrainConfig) -> None:
    dev, training = dev_documents(config), training_documents(config)
    held, learnt = {d.id for d in dev}, [d.id for d in training]
    assert 0 < len(held) < 24
    assert len(set(learnt)) == len(learnt)
    assert held.isdisjoint(learnt)
    assert (
        held | set(learnt)
        == {d.id for stage in config.stages for d in stage_data(config, stage)} | held
    )


def test_replay_is_a_share(config: TrainConfig) -> None:
    docs = stage_data(config, config.stages[1])
    assert 8 < len(docs) < 8 + 24
    assert docs == stage_data(config, config.stages[1])


def test_check_names_the_people_in_both(
    recipe_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["swner", "check", str(tmp_path / "own.jsonl")]
    for arguments, is_shown in ((command, False), ([*command, "--recipe", recipe_path], True)):
        monkeypatch.setattr(sys, "argv", [str(a) for a in arguments])
        with pytest.raises(SystemExit) as raised:
            main()
        assert not raised.value.code
        shown = capsys.readouterr().out
        assert ("names of people in training and dev" in shown) == is_shown
        assert ("name in training and dev: 李明" in shown) == is_shown


def test_replayed_documents_are_others_than_those_held_out(config: TrainConfig) -> None:
    held = {d.id for d in dev_documents(config)}
    own = {f"doc-{n}" for n in range(8)}
    replayed = {d.id for d in stage_data(config, config.stages[1])} - own
    assert replayed
    assert replayed.isdisjoint(held)
