"""Entity scores against seqeval's strict mode, and the laws of the counts."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report, f1_score
from seqeval.scheme import IOB2

from swner.codec.tags import TagSet
from swner.document import Document, Entity, Relation
from swner.errors import DataError
from swner.evaluation.counts import Counts
from swner.evaluation.crossval import page_folds, summary
from swner.evaluation.scores import score_documents, total
from swner.schema import SCHEMA

TAGS = TagSet.of(SCHEMA)


def random_document(doc_id: str, random_: random.Random) -> Document:
    text = "民" * 60
    cuts = sorted(random_.sample(range(61), 14))
    entities = [
        Entity(a, b, random_.choice(SCHEMA.labels), text[a:b])
        for a, b in zip(cuts[::2], cuts[1::2], strict=True)
    ]
    return Document(doc_id, text, tuple(entities))


def noisy(doc: Document, random_: random.Random) -> Document:
    """Some entities gone, some relabelled, some cut by a character."""
    kept = []
    for e in doc.entities:
        dice = random_.random()
        if dice < 0.15:
            continue
        if dice < 0.3:
            e = replace(e, label=random_.choice(SCHEMA.labels))
        if dice > 0.85 and e.end - e.start > 1:
            e = replace(e, end=e.end - 1, surface=e.surface[:-1])
        kept.append(e)
    return replace(doc, entities=tuple(kept))


def tag_names(doc: Document) -> list[str]:
    tags = TAGS.encode([(e.span, e.label) for e in doc.entities], len(doc.text))
    return [TAGS.names[t] for t in tags]


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_seqeval_strict(seed: int) -> None:
    random_ = random.Random(seed)
    gold = [random_document(str(n), random_) for n in range(20)]
    pred = [noisy(d, random_) for d in gold]
    scores = total(score_documents(gold, pred))
    y_true, y_pred = [tag_names(d) for d in gold], [tag_names(d) for d in pred]
    assert scores.all.f1 == pytest.approx(f1_score(y_true, y_pred, mode="strict", scheme=IOB2))
    report = classification_report(
        y_true, y_pred, mode="strict", scheme=IOB2, output_dict=True, zero_division=0
    )
    for label in SCHEMA.labels:
        for ours, theirs in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            found = getattr(scores.entities[label], ours)
            assert found == pytest.approx(report.get(label, {theirs: 0.0})[theirs])


@given(st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20)))
def test_counts_of_sets(gold: set[int], pred: set[int]) -> None:
    counts = Counts.compare(gold, pred)
    assert counts.n_right + counts.n_missed == len(gold)
    assert counts.n_right + counts.n_spurious == len(pred)
    assert 0 <= counts.f1 <= 1
    assert (counts.f1 == 1) == (gold == pred and bool(gold))


def test_relations_need_both_ends_right(documents: list[Document]) -> None:
    gold = documents[:1]
    assert total(score_documents(gold, gold)).all_relations.f1 == 1
    broken = replace(
        gold[0],
        entities=(replace(gold[0].entities[0], end=1, surface="周"), *gold[0].entities[1:]),
    )
    scores = total(score_documents(gold, [broken]))
    assert scores.relations["holds"] == Counts(0, 1, 1)
    assert scores.relations["post_at"] == Counts(1, 0, 0)


def test_documents_are_matched_by_id_and_missing_ones_count_as_missed(
    documents: list[Document],
) -> None:
    shuffled = list(reversed(documents))
    assert total(score_documents(documents, shuffled)).all.f1 == 1
    one_gone = total(score_documents(documents, documents[1:]))
    assert one_gone.all.n_missed == len(documents[0].entities)


def test_another_text_under_the_same_id_is_refused(documents: list[Document]) -> None:
    with pytest.raises(DataError, match="doc-0"):
        score_documents(documents[:1], [Document("doc-0", "别的")])


def test_folds_leave_out_each_page_once(documents: list[Document]) -> None:
    folds = page_folds(documents)
    assert [d for f in folds for d in f.test] == documents
    for fold in folds:
        assert {d.meta["page"] for d in fold.test} == {fold.page}
        assert fold.page not in {d.meta["page"] for d in fold.rest}
    scores = {f.page: total(score_documents(f.test, f.test)) for f in folds}
    assert summary(scores)["mean"]["all"] == 1
    assert summary(scores)["spread"]["all"] == 0


def test_folds_need_pages(documents: list[Document]) -> None:
    with pytest.raises(DataError, match="meta has no page"):
        page_folds([replace(documents[0], meta={})])
    with pytest.raises(DataError, match="two"):
        page_folds(documents[:1])


def test_relation_type_is_part_of_the_comparison() -> None:
    text = "甲乙"
    entities = (Entity(0, 1, "ORG", "甲"), Entity(1, 2, "ORG", "乙"))
    gold = Document("a", text, entities, (Relation(0, 1, "alias_of"),))
    pred = Document("a", text, entities, (Relation(1, 0, "alias_of"),))
    assert total(score_documents([gold], [pred])).all_relations == Counts(0, 1, 1)
