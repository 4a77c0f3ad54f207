"""What is kept at a precision, and the review file of the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from swner.codec.calibration import Calibration, LabelCalibration, Thresholds
from swner.corpus import doccano
from swner.document import Document
from swner.errors import ConfigError, ModelError
from swner.evaluation.platt import Platt
from swner.evaluation.precision import Tally, Threshold
from swner.inference.annotator import Annotator
from swner.inference.review import (
    CautiousAnnotator,
    explain,
    set_doubtful_apart,
    thresholds_of,
    with_doubtful,
    write_review,
)
from swner.schema import SCHEMA

SURE, UNSURE = 0.9, 0.4


def cut_at(score: float | None, **others: float | None) -> Thresholds:
    """One threshold for all labels, but for the named ones."""

    def threshold(name: str) -> Threshold:
        return Threshold(others.get(name, score), 100, 99, 30, 30)

    return Thresholds(
        0.95,
        {label: threshold(label) for label in SCHEMA.labels},
        {label: threshold(label) for label in SCHEMA.relation_labels},
    )


@pytest.fixture
def doc(documents: list[Document]) -> Document:
    """周惠任民政部部长。 with its three entities and two relations, all sure."""
    return replace(
        documents[0],
        entities=tuple(replace(e, score=SURE, clean=e.surface) for e in documents[0].entities),
        relations=tuple(replace(r, score=SURE) for r in documents[0].relations),
    )


def unsure(doc: Document, *, entities: set[str] = frozenset(), relations: set[str] = frozenset()):
    return replace(
        doc,
        entities=tuple(
            replace(e, score=UNSURE) if e.label in entities else e for e in doc.entities
        ),
        relations=tuple(
            replace(r, score=UNSURE) if r.label in relations else r for r in doc.relations
        ),
    )


def shown(doc: Document) -> tuple[list[str], list[tuple[str, str, str]]]:
    ends = [e.surface for e in doc.entities]
    return ends, sorted((r.label, ends[r.head], ends[r.tail]) for r in doc.relations)


def test_what_is_sure_stays_as_it_is(doc: Document) -> None:
    assert set_doubtful_apart(doc, cut_at(0.5)) == doc


def test_a_doubtful_entity_takes_its_relations_with_it(doc: Document) -> None:
    found = set_doubtful_apart(unsure(doc, entities={"ORG"}), cut_at(0.5))
    assert shown(found) == (["周惠", "部长"], [("holds", "周惠", "部长")])
    apart = found.meta["doubtful"]
    assert [e["label"] for e in apart["entities"]] == ["ORG"]
    assert [r["type"] for r in apart["relations"]] == ["post_at"]


def test_a_doubtful_relation_leaves_its_ends(doc: Document) -> None:
    found = set_doubtful_apart(unsure(doc, relations={"holds"}), cut_at(0.5))
    assert shown(found) == (["周惠", "民政部", "部长"], [("post_at", "部长", "民政部")])
    assert found.meta["doubtful"]["entities"] == []


def test_a_label_without_a_threshold_is_doubtful_as_a_whole(doc: Document) -> None:
    found = set_doubtful_apart(doc, cut_at(0.5, PER=None))
    assert shown(found) == (["民政部", "部长"], [("post_at", "部长", "民政部")])
    lines = explain(cut_at(0.5, PER=None))
    assert len(lines) == len(SCHEMA.labels) + len(SCHEMA.relation_labels)
    (line,) = [line for line in lines if line.startswith("PER")]
    assert "all to review" in line
    assert "99 of 100" in line
    assert "ORG: kept from 0.5000 upwards" in lines[0]


@pytest.mark.parametrize(
    ("entities", "relations"),
    [
        ({"ORG"}, set()),
        (set(), {"holds", "post_at"}),
        ({"PER", "ORG", "POS"}, set()),
        ({"POS"}, {"holds"}),
    ],
)
def test_review_has_all_that_was_found(
    doc: Document, entities: set[str], relations: set[str]
) -> None:
    spoilt = unsure(doc, entities=entities, relations=relations)
    found = with_doubtful(set_doubtful_apart(spoilt, cut_at(0.5)))
    assert found.entities == spoilt.entities
    assert shown(found) == shown(spoilt)
    assert {r.label: r.score for r in found.relations} == {
        r.label: r.score for r in spoilt.relations
    }
    named = found.meta["doubtful"]
    assert {found.entities[n].label for n in named["entities"]} == entities
    n_touched = sum(
        r.label in relations or bool({doc.entities[n].label for n in (r.head, r.tail)} & entities)
        for r in doc.relations
    )
    assert len(named["relations"]) == n_touched
    assert found.meta["page"] == doc.meta["page"]


def test_the_review_file_is_training_data(doc: Document, tmp_path: Path) -> None:
    docs = [
        replace(doc, id="sure"),
        replace(unsure(doc, entities={"ORG"}), id="unsure"),
    ]
    doccano.write([set_doubtful_apart(d, cut_at(0.5)) for d in docs], tmp_path / "documents.jsonl")
    counts = write_review(tmp_path)
    assert (counts.n_documents, counts.n_entities, counts.n_relations) == (1, 1, 1)
    (found,) = doccano.read(tmp_path / "review.jsonl")
    assert (found.id, found.text) == ("unsure", doc.text)
    assert [e.key for e in found.entities] == [e.key for e in doc.entities]
    assert found.relation_keys() == doc.relation_keys()
    record = json.loads((tmp_path / "review.jsonl").read_text(encoding="utf-8"))
    (number,) = record["meta"]["doubtful"]["entities"]
    assert next(e for e in record["entities"] if e["id"] == number)["label"] == "ORG"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["documents.jsonl", "review.jsonl"]


def test_nothing_doubtful_is_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "documents.jsonl").write_bytes(b"")
    assert write_review(tmp_path).n_documents == 0
    assert (tmp_path / "review.jsonl").read_bytes() == b""


def test_texts_that_are_no_unicode_are_written(doc: Document, tmp_path: Path) -> None:
    """Half a surrogate pair in a path, say, is kept as the escape that JSON has for it."""
    odd = set_doubtful_apart(unsure(doc, entities={"ORG"}), cut_at(0.5)).with_meta(path="\udc80")
    line = doccano.to_line(odd).encode("utf-8", "backslashreplace")
    (tmp_path / "documents.jsonl").write_bytes(line)
    assert write_review(tmp_path).n_documents == 1


def test_a_cautious_annotator_finds_the_same(
    annotator: Annotator, documents: list[Document]
) -> None:
    """At any threshold, what is kept and what is doubtful together are what the model finds."""
    texts = [doc.text for doc in documents]
    plain = list(annotator.pipe(texts))
    scores = sorted(e.score or 0.0 for doc in plain for e in doc.entities)
    cautious = CautiousAnnotator(annotator.backend, cut_at(scores[len(scores) // 2]))
    found = list(cautious.pipe(texts))
    n_kept = sum(len(doc.entities) for doc in found)
    assert 0 < n_kept < len(scores)
    for one, other in zip(plain, found, strict=True):
        again = with_doubtful(other) if "doubtful" in other.meta else other
        assert [e.key for e in again.entities] == [e.key for e in one.entities]
        assert again.relation_keys() == one.relation_keys()


@pytest.mark.parametrize("precision", [0.0, 1.0, 95.0, -1.0])
def test_a_precision_is_a_share(annotator: Annotator, precision: float) -> None:
    with pytest.raises(ConfigError, match=r"--min-precision: found .*0\.95"):
        thresholds_of(annotator.backend, precision, model="model")


def test_a_model_without_calibration_cannot_vouch(annotator: Annotator) -> None:
    with pytest.raises(ModelError, match=r"no calibration.*swner calibrate"):
        thresholds_of(annotator.backend, 0.95, model="model")


def test_thresholds_come_from_the_calibration(
    annotator: Annotator, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = LabelCalibration(Platt(), (Tally(0.8, 100, 0, 0, 0), Tally(0.3, 50, 50, 0, 0)))
    calibration = Calibration(
        dict.fromkeys(SCHEMA.labels, known), dict.fromkeys(SCHEMA.relation_labels, known)
    )
    monkeypatch.setattr(annotator.backend, "calibration", calibration)
    found = thresholds_of(annotator.backend, 0.95, model="model")
    assert {t.score for t in (*found.entities.values(), *found.relations.values())} == {0.8}
