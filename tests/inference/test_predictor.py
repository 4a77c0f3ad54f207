"""Prediction in groups: order, equality with one by one, long documents, bounded look-ahead."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from inference_helpers import make_text

from swner.codec.collate import Batch
from swner.codec.windows import make_windows
from swner.document import Document
from swner.inference.annotator import Annotator
from swner.inference.backend import Encoded
from swner.inference.predictor import (
    GROUP_ITEMS,
    LONGEST_PARAGRAPH,
    SECTION_CHARS,
    Predictor,
    grouped,
    section_ends,
)
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import load_model


def documents(n: int, longest: int = 400) -> list[Document]:
    source = random.Random(n)
    return [Document(str(i), make_text(i, source.randint(0, longest))) for i in range(n)]


def keys(doc: Document) -> tuple[object, ...]:
    return ([e.key for e in doc.entities], sorted(map(str, doc.relation_keys())))


@pytest.mark.parametrize("limit", [1, 100, 1000])
def test_groups_are_cut_by_the_items_after_the_last_cut(limit: int) -> None:
    items = [random.Random(5).choice([0, 3, 40, 400]) + i % 7 for i in range(300)]
    groups = list(grouped(items, n_chars=int, limit=limit))
    assert [n for group in groups for n in group] == items
    assert all(sum(group) <= limit or len(group) == 1 for group in groups)
    assert all(sum(a) + b[0] > limit for a, b in itertools.pairwise(groups))  # no cut without need
    n_before = sum(map(len, groups[:2]))
    assert list(grouped(items[n_before:], n_chars=int, limit=limit)) == groups[2:]


def test_a_group_of_empty_items_ends_too() -> None:
    sizes = [len(group) for group in grouped([""] * 2500, n_chars=len)]
    assert sizes == [GROUP_ITEMS, GROUP_ITEMS, 500]


def test_in_groups_as_one_by_one(annotator: Annotator) -> None:
    docs = documents(60)
    predictor = Predictor(annotator.backend, batch_pieces=512, group_chars=1500)
    together = list(predictor.annotate(docs))
    assert [d.id for d in together] == [d.id for d in docs]
    assert sum(len(d.entities) for d in together) > 200
    assert sum(len(d.relations) for d in together) > 20
    for doc, found in zip(docs, together, strict=True):
        (alone,) = Predictor(annotator.backend).annotate([doc])
        assert found.text == doc.text
        assert keys(found) == keys(alone)
        assert [e.score for e in found.entities] == pytest.approx(
            [e.score for e in alone.entities], abs=1e-4
        )
        for e in found.entities:
            assert doc.text[e.start : e.end] == e.surface


@pytest.mark.parametrize("n_callers", [2, 5])
def test_several_callers_find_the_same(tiny_model: Path, n_callers: int) -> None:
    backend = TorchBackend(load_model(tiny_model))
    docs = [*documents(30), Document("one", make_text(8, 900))]
    alone = list(Predictor(backend, group_chars=1500).annotate(docs))
    backend.n_callers = n_callers
    together = list(Predictor(backend, group_chars=1500).annotate(docs))
    assert [keys(d) for d in together] == [keys(d) for d in alone]


def test_scores_depend_on_the_group_and_on_nothing_else(quantising: Annotator) -> None:
    docs = documents(40)
    groups = list(grouped(docs, n_chars=lambda d: len(d.text), limit=2000))
    predictor = Predictor(quantising.backend, batch_pieces=1024)
    whole = list(predictor.annotate_groups(groups))
    later = list(predictor.annotate_groups(groups[2:]))
    assert whole[2:] == later
    alone = [next(Predictor(quantising.backend).annotate([d])) for d in groups[2]]
    assert whole[2] != alone  # the backend is what it is meant to be


def test_a_document_longer_than_a_group_is_decoded_in_sections(
    annotator: Annotator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As entities lie inside paragraphs, sections of whole paragraphs change nothing."""
    text = make_text(1, 3 * SECTION_CHARS)
    doc = Document("long", text)
    (found,) = Predictor(annotator.backend, group_chars=1000).annotate([doc])
    windows = make_windows(text, max_pieces=64, context=8)
    assert sum(section_ends(text, windows)) >= 2
    monkeypatch.setattr("swner.inference.predictor.SECTION_CHARS", 10**9)
    assert sum(section_ends(text, windows)) == 1
    (whole,) = Predictor(annotator.backend, group_chars=10**9).annotate([doc])
    assert [e.key for e in found.entities] == [e.key for e in whole.entities]
    assert len(found.entities) > 500
    # The classifier takes running sums over a section, whose last digits differ with its length.
    both = found.relation_keys() & whole.relation_keys()
    assert len(both) > 0.98 * len(whole.relation_keys()) > 50
    assert len(both) > 0.98 * len(found.relation_keys())


def test_sections_end_with_paragraphs_unless_one_is_too_long() -> None:
    text = make_text(2, 4 * SECTION_CHARS) + make_text(3, 3 * LONGEST_PARAGRAPH, line=10**9)
    windows = make_windows(text, max_pieces=64, context=8)
    ends = section_ends(text, windows)
    cuts = [w.own_end for w, is_end in zip(windows, ends, strict=True) if is_end]
    assert cuts[-1] == len(text)
    assert all(text[at - 1] == "\n" for at in cuts if at < 4 * SECTION_CHARS)
    sizes = [b - a for a, b in zip([0, *cuts], cuts, strict=False)]
    assert max(sizes) < SECTION_CHARS + LONGEST_PARAGRAPH
    short = make_text(4, LONGEST_PARAGRAPH - 100, line=10**9)
    windows = make_windows(short, max_pieces=64, context=8)
    assert sum(section_ends(short, windows)) == 1


def test_a_stream_is_read_no_further_than_needed(annotator: Annotator) -> None:
    n_read = 0

    def stream() -> Iterator[Document]:
        nonlocal n_read
        for number in range(1000):
            n_read += 1
            yield Document(str(number), make_text(number, 200))

    predictor = Predictor(annotator.backend, group_chars=1000, batch_pieces=600)
    found = predictor.annotate(stream())
    next(found)
    assert n_read < 60
    found.close()  # ends the threads
    assert not [t for t in threading.enumerate() if t.name.startswith("network")]


def test_an_error_stays_with_its_group(tiny_model: Path) -> None:
    class Failing(TorchBackend):
        """Fails on windows that hold a certain character."""

        def encode(self, batch: Batch) -> Sequence[Encoded]:
            if (batch.input_ids == self.pieces.ids("惠")[0]).any():
                raise FloatingPointError("not a number")
            return super().encode(batch)

    predictor = Predictor(Failing(load_model(tiny_model)))
    docs = [Document(str(i), "周惠任部长。" if i == 25 else "李明任厅长。") for i in range(50)]
    groups = [docs[i : i + 10] for i in range(0, 50, 10)]
    found = list(predictor.annotate_groups(groups))
    assert [isinstance(one, Exception) for one in found] == [False, False, True, False, False]
    with pytest.raises(FloatingPointError):
        list(predictor.annotate(docs))


def test_pipe_keeps_order_and_texts(annotator: Annotator) -> None:
    texts = [make_text(i, 50 * (i % 9)) for i in range(40)]
    found = list(annotator.pipe(iter(texts)))
    assert [d.text for d in found] == texts
    assert [d.id for d in found] == [str(i) for i in range(40)]
