"""Bins, their error, and what counts as right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swner.document import Document
from swner.evaluation.reliability import of_entities, of_relations, reliability


def test_bins_and_their_error() -> None:
    table = reliability([(0.95, True), (0.85, True), (0.85, False), (1.0, True), (None, False)])
    filled = {b.low: (b.n, b.mean_score, b.share_right) for b in table.bins if b.n}
    assert filled == {0.8: (2, 0.85, 0.5), 0.9: (2, 0.975, 1.0)}
    assert table.ece == pytest.approx((2 * 0.35 + 2 * 0.025) / 4)
    assert (table.n, table.n_unscored) == (4, 1)
    assert [b["n"] for b in table.to_json()["bins"]] == [2, 2]


def test_calibrated_scores_have_no_error() -> None:
    table = reliability([(0.75, n % 4 != 0) for n in range(400)])
    assert table.ece == 0
    (only,) = (b for b in table.bins if b.n)
    assert only.interval.low < 0.75 < only.interval.high
    # scipy.stats.binomtest(300, 400).proportion_ci(method="wilson")
    assert only.interval.low == pytest.approx(0.7053228670693259, abs=1e-6)
    assert only.interval.high == pytest.approx(0.7899209857635259, abs=1e-6)


def test_nothing_scored() -> None:
    table = reliability([])
    assert (table.n, table.ece) == (0, 0)
    assert table.bins[0].interval.to_json() == [0, 1]


def test_right_is_strict(documents: list[Document]) -> None:
    gold = documents[0]
    entities = tuple(replace(e, score=0.9) for e in gold.entities)
    wrong = replace(entities[0], label="ORG")
    pred = replace(
        gold,
        entities=(wrong, *entities[1:]),
        relations=tuple(replace(r, score=0.7) for r in gold.relations),
    )
    found = of_entities([(gold, pred)])
    assert (found.n, sum(b.n_right for b in found.bins)) == (len(entities), len(entities) - 1)
    links = of_relations([(gold, pred)])
    n_broken = sum(0 in (r.head, r.tail) for r in gold.relations)
    assert (links.n, sum(b.n_right for b in links.bins)) == (
        len(gold.relations),
        len(gold.relations) - n_broken,
    )
