"""`swner predict --min-precision`, from pages to a review file that `swner train` reads."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import swner
from swner.cli.app import main
from swner.codec.calibration import Calibration, LabelCalibration, write_calibration
from swner.config import load_config
from swner.corpus import doccano
from swner.document import Document
from swner.evaluation.platt import Platt
from swner.evaluation.precision import Tally
from swner.schema import SCHEMA
from swner.training.train import train

Call = Callable[..., tuple[int, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["swner", *map(str, arguments)])
        with pytest.raises(SystemExit) as raised:
            main()
        shown = capsys.readouterr()
        return int(raised.value.code or 0), shown.out + shown.err

    return run


@pytest.fixture
def inputs(documents: list[Document], tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    rows = (
        {"id": f"r{n}", "text": "\ufeff" + "\n".join(d.text for d in documents[n:] + documents[:n])}
        for n in range(4)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def model(tiny_model: Path, inputs: Path, tmp_path: Path) -> Path:
    """Half of its entities are above the threshold, and no POLICY at all is trusted."""
    path = Path(shutil.copytree(tiny_model, tmp_path / "calibrated"))
    texts = [json.loads(line)["text"] for line in inputs.read_text("utf-8").splitlines()]
    scores = sorted(e.score or 0.0 for d in swner.load(path).pipe(texts) for e in d.entities)
    middle = round(scores[len(scores) // 2], 4)
    trusted = LabelCalibration(Platt(), (Tally(middle, 200, 0, 50, 0),))
    untrusted = LabelCalibration(Platt(), (Tally(0.2, 20, 20, 5, 5),))
    calibration = Calibration(
        {label: untrusted if label == "POLICY" else trusted for label in SCHEMA.labels},
        dict.fromkeys(SCHEMA.relation_labels, trusted),
    )
    write_calibration(calibration, path)
    return path


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_sure_and_doubtful_together_are_all_that_is_found(
    call: Call, inputs: Path, model: Path, tmp_path: Path
) -> None:
    plain, out = tmp_path / "plain", tmp_path / "out"
    assert call("predict", inputs, "--output", plain, "--model", model)[0] == 0
    command = ("predict", inputs, "--output", out, "--model", model, "--min-precision")
    code, shown = call(*command, 0.9)
    assert code == 0, shown
    assert "POLICY: all to review" in shown
    assert "ORG: kept from" in shown
    everything = {r["id"]: r for r in records(plain / "documents.jsonl")}
    kept = {r["id"]: r for r in records(out / "documents.jsonl")}
    review = {r["id"]: r for r in records(out / "review.jsonl")}
    assert list(kept) == list(everything)
    assert {label for r in kept.values() for label in {e["label"] for e in r["entities"]}}
    assert not [e for r in kept.values() for e in r["entities"] if e["label"] == "POLICY"]
    n_doubtful = 0
    for id_, record in everything.items():
        assert len(kept[id_]["entities"]) < len(record["entities"])
        assert review[id_]["text"] == record["text"]
        assert review[id_]["entities"] == record["entities"]
        n_doubtful += len(review[id_]["meta"]["doubtful"]["entities"])
        assert len(kept[id_]["entities"]) + len(review[id_]["meta"]["doubtful"]["entities"]) == len(
            record["entities"]
        )
    assert f"{n_doubtful} entities" in shown


def test_the_review_file_trains_a_model(
    call: Call, inputs: Path, model: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call("predict", inputs, "--output", out, "--model", model, "--min-precision", 0.9)
    recipe = {
        "encoder": str(tiny_encoder), "output": str(tmp_path / "next"),
        "work": str(tmp_path / "runs"), "dev_share": 0.0,
        "windows": {"max_pieces": 64, "context": 8}, "model": {"relation_width": 32},
        "stages": [{"name": "review", "train": [str(out / "review.jsonl")], "epochs": 1}],
    }  # fmt: skip
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(recipe), encoding="utf-8")
    result = train(load_config(path))
    assert result.dev_scores is None
    assert (tmp_path / "next" / "model.safetensors").is_file()


def test_a_resumed_run_has_the_same_files(
    call: Call, inputs: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ("predict", inputs, "--output", out, "--model", model, "--min-precision")
    call(*command, 0.9)
    names = ("documents.jsonl", "review.jsonl")
    whole = [(out / name).read_bytes() for name in names]
    assert all(whole)
    (out / "review.jsonl").unlink()
    (out / "ledger.jsonl").write_bytes(b"")
    assert call(*command, 0.9, "--resume")[0] == 0
    assert [(out / name).read_bytes() for name in names] == whole
    code, shown = call(*command, 0.8, "--resume")
    assert code == 3
    assert "min_precision = 0.9" in shown
    assert call(*command[:-1], "--overwrite")[0] == 0
    assert not (out / "review.jsonl").exists()


def test_corrected_records_without_extra_fields_are_read(
    call: Call, inputs: Path, model: Path, tmp_path: Path
) -> None:
    """Annotation tools give back text, entities and relations, and may drop all else."""
    out = tmp_path / "out"
    call("predict", inputs, "--output", out, "--model", model, "--min-precision", 0.9)
    plain = [
        {
            "id": number,
            "text": r["text"],
            "entities": [
                {k: e[k] for k in ("id", "label", "start_offset", "end_offset")}
                for e in r["entities"]
            ],
            "relations": [
                {k: x[k] for k in ("id", "from_id", "to_id", "type")} for x in r["relations"]
            ],
        }
        for number, r in enumerate(records(out / "review.jsonl"))
    ]
    path = tmp_path / "corrected.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in plain), encoding="utf-8")
    back, review = list(doccano.read(path)), list(doccano.read(out / "review.jsonl"))
    for one, other in zip(back, review, strict=True):
        assert [e.key for e in one.entities] == [e.key for e in other.entities]
        assert one.relation_keys() == other.relation_keys()


def test_what_cannot_be_done_is_said(
    call: Call, inputs: Path, model: Path, tiny_model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, shown = call("predict", inputs, "--output", out, "--model", model, "--min-precision", 95)
    assert code == 2
    assert "found 95" in shown
    command = ("predict", inputs, "--output", out, "--min-precision", 0.95)
    code, shown = call(*command, "--model", tiny_model)
    assert code == 4
    assert "swner calibrate" in shown
    code, shown = call(*command, "--model", model, "--engine", "ray")
    assert code == 2
    assert "--engine local" in shown
    assert not out.exists()
