"""Self-labelling with a tiny model: what is kept is sure, new and outside the repository; then the recipe."""

from __future__ import annotations

import importlib.util
import lzma
import shutil
import sys
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from swner.codec.calibration import (
    Calibration,
    LabelCalibration,
    read_calibration,
    write_calibration,
)
from swner.codec.collate import pad
from swner.codec.tags import OUTSIDE
from swner.config import load_config
from swner.corpus import doccano
from swner.corpus.load import load
from swner.corpus.recipe import SELF_LABELLED, dev_documents
from swner.document import Document, Entity
from swner.evaluation.platt import Platt
from swner.evaluation.precision import Tally
from swner.inference.choose import load_backend
from swner.schema import SCHEMA
from swner.training.train import train

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "self_label.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("self_label", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["self_label"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def model_dir(
    tiny_encoder: Path, data_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A model that has learnt the eight documents by heart, not calibrated."""
    folder = tmp_path_factory.mktemp("taught")
    places = [f"encoder={tiny_encoder}", f"output={folder / 'model'}", f"work={folder / 'runs'}"]
    sizes = ["windows={max_pieces: 62, context: 8}", "model.dropout=0", "model.relation_width=32"]
    recipe = folder / "recipe.yaml"
    recipe.write_text(
        "{training: {batch_pieces: 128, bf16: 'no', head_learning_rate_factor: 3}, dev_share: 0,"
        f" model: {{}}, stages: [{{name: only, train: [{data_path}], epochs: 50, learning_rate: 4.e-3}}]}}",
        encoding="utf-8",
    )
    train(load_config(recipe, [*places, *sizes]))
    return folder / "model"


@pytest.fixture
def text_path(documents: list[Document], tmp_path: Path) -> Path:
    """The sentences, of which the first two stand in annotated data and one comes twice."""
    lines = [d.text for d in documents] + [documents[3].text, "。"]
    path = tmp_path / "text" / "plain.xz"
    path.parent.mkdir()
    with lzma.open(path, "wt", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
    doccano.write(documents[:2], tmp_path / "known.jsonl")
    return path


def arguments(text: Path, model: Path, output: Path, *more: str) -> list[str]:
    known = text.parents[1] / "known.jsonl"
    required = [str(text), "--model", str(model), "--output", str(output), "--unlike", str(known)]
    return [*required, "--backend", "torch", "--max-chars", "60", "--min-chars", "5", *more]


def calibrated(model_dir: Path, tmp_path: Path, least: dict[str, float]) -> Path:
    """A copy whose labels are sure from a score on (by default all), and never where it is above 1."""
    copy = tmp_path / "calibrated"
    shutil.copytree(model_dir, copy)

    def known(label: str) -> LabelCalibration:
        score = least.get(label, 0.0)
        return LabelCalibration(Platt(1.0, 0.0), (Tally(score, 1000, 0, 0, 0),) * (score <= 1))

    write_calibration(
        Calibration(
            {label: known(label) for label in SCHEMA.labels},
            {label: known(label) for label in SCHEMA.relation_labels},
        ),
        copy,
    )
    assert read_calibration(copy, SCHEMA) is not None
    return copy


def test_sure_paragraphs_are_kept_once_and_known_ones_never(
    script: ModuleType, model_dir: Path, text_path: Path, documents: list[Document], tmp_path: Path
) -> None:
    output = tmp_path / "kept" / "kept.jsonl"
    args = arguments(text_path, model_dir, output, "--min-score", "0.5", "--min-outside", "0.5")
    assert script.main(args) == 0
    kept = load([output])
    assert [d.text for d in kept] == [d.text for d in documents[2:]]
    for doc, gold in zip(kept, documents[2:], strict=True):
        assert [e.key for e in doc.entities] == [e.key for e in gold.entities]
        assert doc.relation_keys() == gold.relation_keys()
        assert doc.meta["kind"] == SELF_LABELLED
        assert doc.meta["source"].startswith("plain.xz:")
        assert doc.meta["model"]
    assert not list(output.parent.glob("*.part"))


def test_the_thresholds_of_the_calibration_decide(
    script: ModuleType,
    model_dir: Path,
    text_path: Path,
    documents: list[Document],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = calibrated(model_dir, tmp_path, {"POLICY": 2.0})
    output = tmp_path / "kept.jsonl"
    assert script.main(arguments(text_path, model, output, "--min-outside", "0.3")) == 0
    assert "POLICY     none is" in capsys.readouterr().out
    assert [d.text for d in load([output])] == [d.text for d in documents[2:6]]


def test_the_outside_is_measured_by_the_sum_over_all_paths(
    script: ModuleType, model_dir: Path
) -> None:
    backend = load_backend(model_dir, "torch")
    doc = Document("d", "今年,", (Entity(0, 1, "DATE", "今"),))
    (encoded,) = backend.encode(pad([backend.pieces.ids(doc.text)], pieces=backend.pieces))
    scores, steps = encoded.emissions.astype(np.float64), backend.transitions
    weights = np.zeros((3, 2))  # position; outside, in an entity
    for path in product(range(scores.shape[1]), repeat=3):
        score = steps.start[path[0]] + steps.end[path[2]]
        score += sum(scores[i, tag] for i, tag in enumerate(path))
        score += steps.step[path[0], path[1]] + steps.step[path[1], path[2]]
        for i, tag in enumerate(path):
            weights[i, int(tag != OUTSIDE)] += np.exp(score)
    probs = weights[:, 0] / weights.sum(axis=1)
    (least,) = script.least_outside(backend, [doc])
    assert least == pytest.approx(probs[1:].min(), rel=1e-6)
    (bare,) = script.least_outside(backend, [Document("d", "今年,")])
    assert bare == pytest.approx(probs.min(), rel=1e-6)


def test_nothing_is_written_where_nothing_is_sure(
    script: ModuleType,
    model_dir: Path,
    text_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "kept.jsonl"
    args = arguments(text_path, model_dir, output, "--min-score", "1", "--empty-share", "0")
    assert script.main(args) == 3
    assert "--min-score" in capsys.readouterr().err
    assert not output.exists()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--min-precision", "1"], 2, "--min-precision: found 1.0"),
        (["--empty-share", "2"], 2, "--empty-share: found 2.0"),
        (["--max-chars", "400"], 2, "--max-chars: found 400"),
        (["--output", str(ROOT / "data" / "kept.jsonl")], 2, "lies in the repository"),
        (["--unlike", "none.jsonl"], 3, "none.jsonl"),
        (["--model", "none"], 4, "none"),
    ],
)
def test_what_cannot_work_is_refused(
    script: ModuleType,
    model_dir: Path,
    text_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    code: int,
    said: str,
) -> None:
    output = tmp_path / "kept.jsonl"
    assert script.main(arguments(text_path, model_dir, output, *more)) == code
    assert said in capsys.readouterr().err
    assert not output.exists()


def test_empty_paragraphs_are_kept_up_to_their_share(script: ModuleType) -> None:
    person = (Entity(0, 2, "PER", "甲乙"),)
    docs = [Document(str(n), "甲乙丙丁", person if n % 3 == 0 else ()) for n in range(60)]
    counts = script.Counts()
    kept = list(script.with_few_empty(docs, empty_share=0.25, limit=None, counts=counts))
    assert counts.n_kept == len(kept)
    assert sum(not d.entities for d in kept) == counts.n_empty == 6
    assert sum(bool(d.entities) for d in kept) == 20
    few = list(script.with_few_empty(docs, empty_share=0, limit=5, counts=script.Counts()))
    assert [d.id for d in few] == ["0", "3", "6", "9", "12"]


def test_the_recipe_trains_on_what_was_kept(
    script: ModuleType,
    model_dir: Path,
    text_path: Path,
    data_path: Path,
    tiny_encoder: Path,
    documents: list[Document],
    tmp_path: Path,
) -> None:
    output = tmp_path / "kept.jsonl"
    assert (
        script.main(
            arguments(text_path, model_dir, output, "--min-score", "0.5", "--min-outside", "0.5")
        )
        == 0
    )
    overrides = [
        f"encoder={tiny_encoder}", f"output={tmp_path / 'student'}", f"work={tmp_path / 'runs'}",
        "dev_share=0.5", f"gold={data_path}", "windows={max_pieces: 62, context: 8}",
        "model.relation_width=32", "training.bf16='no'",
        f"stages.0.train=[{data_path}, {output}]", f"stages.1.train=[{data_path}]",
        f"stages.2.train=[{data_path}]", "stages.2.replay=[]", "stages.0.epochs=1", "stages.1.epochs=1",
    ]  # fmt: skip
    config = load_config(ROOT / "configs" / "selftrain.yaml", overrides)
    assert len(config.stages) == 3
    dev = {d.id for d in dev_documents(config)}
    assert 0 < len(dev) < len(documents)
    assert dev <= {d.id for d in documents}, "a self-labelled paragraph was held out to measure on"
    result = train(config)
    assert result.dev_scores is not None
    assert result.dev_scores.n_docs == len(dev)
