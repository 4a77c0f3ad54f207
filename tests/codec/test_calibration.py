"""What calibration does to a document, and its file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from swner.codec.calibration import (
    FILE,
    Calibration,
    LabelCalibration,
    joint_score,
    read_calibration,
    write_calibration,
)
from swner.document import Document
from swner.errors import ModelError
from swner.evaluation.platt import Platt
from swner.evaluation.precision import Tally
from swner.schema import SCHEMA


@pytest.fixture
def calibration() -> Calibration:
    rows = (Tally(0.97, 90, 1, 20, 0), Tally(0.41, 3, 5, 1, 2))
    return Calibration(
        {label: LabelCalibration(Platt(0.5, -0.2), rows) for label in SCHEMA.labels},
        {label: LabelCalibration(Platt(0.8, 0.1)) for label in SCHEMA.relation_labels},
    )


@pytest.fixture
def scored(documents: list[Document]) -> Document:
    doc = documents[0]
    return replace(
        doc,
        entities=tuple(replace(e, score=0.9) for e in doc.entities),
        relations=tuple(replace(r, score=0.8) for r in doc.relations),
    )


def test_scores_change_and_nothing_else_does(calibration: Calibration, scored: Document) -> None:
    found = calibration.apply(scored)
    assert [replace(e, score=0.9) for e in found.entities] == list(scored.entities)
    assert [replace(r, score=0.8) for r in found.relations] == list(scored.relations)
    assert scored.relations
    assert {e.score for e in found.entities} == {Platt(0.5, -0.2)(0.9)}
    assert {r.score for r in found.relations} == {Platt(0.8, 0.1)(0.9 * 0.9 * 0.8)}


def test_a_relation_is_no_surer_than_its_ends(scored: Document) -> None:
    relation = scored.relations[0]
    assert joint_score(relation, scored.entities) == pytest.approx(0.9 * 0.9 * 0.8)
    unsure = [replace(e, score=0.3) for e in scored.entities]
    assert joint_score(relation, unsure) < 0.3


def test_gold_has_no_scores_to_change(calibration: Calibration, documents: list[Document]) -> None:
    found = calibration.apply(documents[0])
    assert found.entities == documents[0].entities


def test_the_file_is_read_back(calibration: Calibration, tmp_path: Path) -> None:
    assert read_calibration(tmp_path, SCHEMA) is None
    path = write_calibration(calibration, tmp_path)
    assert path.name == FILE
    assert read_calibration(tmp_path, SCHEMA) == calibration
    assert '\n  "ORG": {' in path.read_text(encoding="utf-8")


def test_thresholds_come_from_the_counts(calibration: Calibration) -> None:
    found = calibration.thresholds(0.9)
    assert found.entities["ORG"].score == 0.97
    assert found.relations["holds"].score is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: record["entities"].pop("ORG"),
        lambda record: record["relations"]["holds"].pop("slope"),
        lambda record: record["entities"]["ORG"].update(slope=-1),
        lambda record: record["entities"]["ORG"].update(held_out=[[0.9, 1]]),
        lambda record: record.update(relations=[]),
        lambda record: record.update(format=9),
    ],
)
def test_a_damaged_file_is_named(calibration: Calibration, tmp_path: Path, spoil: object) -> None:
    path = write_calibration(calibration, tmp_path)
    record = json.loads(path.read_text(encoding="utf-8"))
    spoil(record)  # type: ignore[operator]
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ModelError, match=r"calibration\.json: (damaged|format 9).*swner calibrate"):
        read_calibration(tmp_path, SCHEMA)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        read_calibration(tmp_path, SCHEMA)
