"""Calibration from cross-validation to the model directory, and `swner calibrate`, on a tiny BERT."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import swner
from swner.cli.app import main
from swner.codec.calibration import read_calibration
from swner.config import TrainConfig, load_config
from swner.corpus import doccano
from swner.document import Document
from swner.schema import SCHEMA
from swner.training.calibrate import HELD_OUT, held_out_items, read_held_out, write_held_out
from swner.training.cross_validate import cross_validate
from swner.training.train import train

PICTURE = b"\x89PNG\r\n"


@pytest.fixture(scope="module")
def run_config(
    tiny_encoder: Path, documents: list[Document], tmp_path_factory: pytest.TempPathFactory
) -> TrainConfig:
    """A recipe that was cross-validated, and then trained.

    The first stage learns synthetic articles, a part of which is held out; the second the gold ones.
    """
    folder = tmp_path_factory.mktemp("calibrated")
    synthetic = [
        replace(doc, id=f"synthetic-{n}-{doc.id}", meta={"kind": "synthetic"})
        for n in range(3)
        for doc in documents
    ]
    doccano.write(documents, folder / "gold.jsonl")
    doccano.write(synthetic, folder / "synthetic.jsonl")
    values = {
        "encoder": str(tiny_encoder),
        "output": str(folder / "model"),
        "work": str(folder / "runs"),
        "gold": str(folder / "gold.jsonl"),
        "dev_share": 0.3,
        "windows": {"max_pieces": 64, "context": 8},
        "model": {"dropout": 0.0, "relation_width": 32},
        "training": {"batch_pieces": 128, "bf16": "no", "head_learning_rate_factor": 3.0},
        "stages": [
            {
                "name": "synthetic", "train": [str(folder / "synthetic.jsonl")], "epochs": 25,
                "learning_rate": 4e-3,
            },
            {
                "name": "gold", "train": [str(folder / "gold.jsonl")], "epochs": 1,
                "learning_rate": 1e-4,
            },
        ],
    }  # fmt: skip
    path = folder / "recipe.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    config = load_config(path)
    cross_validate(config)
    train(config, resume=True)
    return config


@pytest.fixture
def model_dir(run_config: TrainConfig, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(run_config.output, tmp_path / "model"))


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["swner", *map(str, arguments)])
        with pytest.raises(SystemExit) as raised:
            main()
        shown = capsys.readouterr()
        return int(raised.value.code or 0), shown.out + shown.err

    return run


def metrics_of(model: Path) -> dict[str, Any]:
    return json.loads((model / "metrics.json").read_text(encoding="utf-8"))


def test_folds_keep_what_they_found_in_pages_and_dev_articles(
    run_config: TrainConfig, documents: list[Document]
) -> None:
    held_out, _ = read_held_out(Path(run_config.work) / "model" / HELD_OUT)
    assert held_out.entities
    assert held_out.relations
    real = {item.scored.source for item in held_out.entities if item.scored.real}
    assert real <= {doc.meta["page"] for doc in documents}
    synthetic = {item.scored.source for item in held_out.entities if not item.scored.real}
    assert synthetic
    assert all(source.startswith("synthetic-") for source in synthetic)


def test_training_takes_its_calibration_from_the_folds(run_config: TrainConfig) -> None:
    model = Path(run_config.output)
    calibration = read_calibration(model, SCHEMA)
    assert calibration is not None
    assert set(calibration.entities) == set(SCHEMA.labels)
    quality = metrics_of(model)["calibration"]
    assert metrics_of(model)["crossval"]["n_documents"] == 8
    for part in ("entities", "relations"):
        assert sum(b["n"] for b in quality[part]["after"]["bins"]) == quality[part]["after"]["n"]
    card = (model / "README.md").read_text(encoding="utf-8")
    for name in ("curves.png", "reliability.png"):
        assert (model / name).read_bytes().startswith(PICTURE)
        assert f"({name})" in card
    assert f"{quality['entities']['after']['ece']:.3f} after it" in card
    assert "not calibrated" not in card


def test_every_stage_is_measured_after_each_epoch(run_config: TrainConfig) -> None:
    record = json.loads((Path(run_config.output) / "train.json").read_text(encoding="utf-8"))
    for stage, n_epochs in (("0-synthetic", 25), ("1-gold", 1)):
        rows = [row for row in record["stages"][stage] if "eval_core_f1" in row]
        assert len(rows) == n_epochs


def test_prediction_gives_calibrated_scores_and_finds_the_same(
    model_dir: Path, documents: list[Document]
) -> None:
    texts = [doc.text for doc in documents]
    calibration = read_calibration(model_dir, SCHEMA)
    assert calibration is not None
    calibrated = list(swner.load(model_dir).pipe(texts))
    (model_dir / "calibration.json").unlink()
    raw = list(swner.load(model_dir).pipe(texts))
    assert calibrated == [calibration.apply(doc) for doc in raw]
    assert calibrated != raw
    assert [[e.key for e in d.entities] for d in calibrated] == [
        [e.key for e in d.entities] for d in raw
    ]


def test_another_recipes_folds_are_not_taken(run_config: TrainConfig, tmp_path: Path) -> None:
    work = Path(run_config.work)
    changed = run_config.model_copy(update={"seed": 14, "work": str(tmp_path / "runs")})
    shutil.copytree(work, tmp_path / "runs")
    shutil.copytree(run_config.output, tmp_path / "model")
    changed = changed.model_copy(update={"output": str(tmp_path / "model")})
    train(changed)
    assert read_calibration(tmp_path / "model", SCHEMA) is None
    assert not (tmp_path / "model" / "reliability.png").exists()
    assert "crossval" not in metrics_of(tmp_path / "model")
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "not calibrated" in card


def test_calibrate_makes_again_what_training_made(
    model_dir: Path, call: Callable[..., tuple[int, str]]
) -> None:
    before = (model_dir / "calibration.json").read_bytes()
    (model_dir / "calibration.json").unlink()
    code, shown = call("calibrate", model_dir)
    assert code == 0
    assert "calibration error" in shown
    assert (model_dir / "calibration.json").read_bytes() == before


def test_calibrate_on_documents_of_ones_own(
    model_dir: Path,
    documents: list[Document],
    tmp_path: Path,
    call: Callable[..., tuple[int, str]],
) -> None:
    own = [Document(f"own-{d.id}", d.text, d.entities, d.relations) for d in documents]
    doccano.write(own, tmp_path / "own.jsonl")
    before = read_calibration(model_dir, SCHEMA)
    code, shown = call("calibrate", model_dir, tmp_path / "own.jsonl")
    assert code == 0, shown
    after = read_calibration(model_dir, SCHEMA)
    assert after is not None
    assert after != before
    found = swner.load(model_dir).pipe(d.text for d in own)
    n_found = sum(len(doc.entities) for doc in found)
    assert sum(t.n for k in after.entities.values() for t in k.held_out) == n_found
    code, _ = call("calibrate", model_dir, tmp_path / "own.jsonl")
    assert read_calibration(model_dir, SCHEMA) == after, "fitted to raw scores, not to its own"


def test_calibrate_refuses_what_the_model_was_trained_on(
    run_config: TrainConfig, model_dir: Path, call: Callable[..., tuple[int, str]]
) -> None:
    before = (model_dir / "calibration.json").read_bytes()
    code, shown = call("calibrate", model_dir, run_config.gold)
    assert code == 3
    assert "was trained on it" in shown
    assert (model_dir / "calibration.json").read_bytes() == before


def test_calibrate_refuses_folds_of_another_recipe(
    run_config: TrainConfig, model_dir: Path, tmp_path: Path, call: Callable[..., tuple[int, str]]
) -> None:
    held_out, recipe = read_held_out(Path(run_config.work) / "model" / HELD_OUT)
    recipe["config"]["seed"] = 99
    write_held_out(held_out, tmp_path / HELD_OUT, recipe=recipe)
    code, shown = call("calibrate", model_dir, "--folds", tmp_path)
    assert code == 2
    assert "another recipe" in shown
    code, shown = call("calibrate", model_dir, "--folds", tmp_path / "none")
    assert code == 3
    assert "swner crossval" in shown
    (tmp_path / HELD_OUT).write_text("{}", encoding="utf-8")
    assert call("calibrate", model_dir, "--folds", tmp_path)[0] == 3


def test_calibrate_needs_to_know_what_a_model_was_trained_on(
    model_dir: Path, call: Callable[..., tuple[int, str]]
) -> None:
    (model_dir / "train.json").unlink()
    code, shown = call("calibrate", model_dir)
    assert code == 4
    assert "train.json" in shown


def test_held_out_items_are_right_if_gold_has_them(documents: list[Document]) -> None:
    gold = documents[0]
    entities = tuple(replace(e, score=0.9) for e in gold.entities)
    relations = tuple(replace(r, score=0.8) for r in gold.relations)
    wrong = replace(entities[0], label="ORG")
    pred = replace(gold, entities=(wrong, *entities[1:]), relations=relations)
    found = held_out_items([(gold, pred)])
    assert [item.scored.right for item in found.entities] == [False, True, True]
    assert {item.scored.source for item in found.entities} == {gold.meta["page"]}
    for item, relation in zip(found.relations, relations, strict=True):
        assert item.scored.right == (0 not in (relation.head, relation.tail))
        assert item.raw == 0.8
        assert item.scored.score == pytest.approx(0.8 * 0.9 * 0.9)


def test_held_out_items_are_read_back(documents: list[Document], tmp_path: Path) -> None:
    doc = documents[0]
    pred = replace(doc, entities=tuple(replace(e, score=0.123456) for e in doc.entities))
    held_out = held_out_items([(doc, pred)])
    write_held_out(held_out, tmp_path / HELD_OUT, recipe={"a": 1})
    assert read_held_out(tmp_path / HELD_OUT) == (held_out, {"a": 1})
