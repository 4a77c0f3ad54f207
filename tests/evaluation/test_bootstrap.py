"""Intervals cover what they should, and a model never differs from itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from swner.document import Document
from swner.evaluation.bootstrap import compare, intervals
from swner.evaluation.counts import Counts
from swner.evaluation.scores import Scores, score_documents, total
from swner.schema import SCHEMA

CORE = ("core",)
ORG = ("by_label", "ORG")


def scores_of(orgs: Counts) -> Scores:
    none = {label: Counts() for label in SCHEMA.labels}
    links = {label: Counts() for label in SCHEMA.relation_labels}
    return Scores(none | {"ORG": orgs}, links, SCHEMA.core_labels, 1)


def population(n: int, random: np.random.Generator, *, skill: float = 0.8) -> list[Scores]:
    """Documents of different lengths, on which the model does differently well."""
    n_gold = random.integers(3, 30, size=n)
    right = random.binomial(n_gold, random.beta(10 * skill, 10 * (1 - skill), size=n))
    spurious = random.poisson(0.15 * n_gold)
    rows = zip(right, spurious, n_gold - right, strict=True)
    return [scores_of(Counts(int(r), int(s), int(m))) for r, s, m in rows]


def test_intervals_cover_the_scores_of_the_population() -> None:
    random = np.random.default_rng(3)
    everything = population(5000, random)
    truth = sum((d.entities["ORG"] for d in everything), Counts())
    covered = np.zeros(3)
    n_samples = 200
    for sample in range(n_samples):
        drawn = random.choice(len(everything), size=60, replace=False)
        found = intervals([everything[i] for i in drawn], n_resamples=300, seed=sample)[ORG]
        for k, name in enumerate(("precision", "recall", "f1")):
            interval = getattr(found, name)
            covered[k] += interval.low <= getattr(truth, name) <= interval.high
    assert np.all(covered / n_samples > 0.89)
    assert np.all(covered / n_samples < 0.99)


def test_the_interval_holds_the_score_and_the_seed_decides_it() -> None:
    docs = population(40, np.random.default_rng(0))
    found = intervals(docs)[CORE].f1
    assert found is not None
    assert found.low < total(docs).core.f1 < found.high
    assert intervals(docs) == intervals(docs)
    assert intervals(docs, seed=1) != intervals(docs)


def test_memory_chunks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    docs = population(40, np.random.default_rng(0))
    whole = intervals(docs, n_resamples=100)
    monkeypatch.setattr("swner.evaluation.bootstrap._MAX_WEIGHTS", 41)
    assert intervals(docs, n_resamples=100) == whole


def test_no_interval_without_anything_to_resample() -> None:
    docs = [scores_of(Counts(3, 1, 1)), scores_of(Counts()), scores_of(Counts())]
    assert intervals(docs)[ORG].f1 is None
    assert intervals(docs[:1])[ORG].f1 is None
    assert intervals(docs)["by_label", "PER"].f1 is None
    assert intervals([]) == {}
    only_missed = intervals([scores_of(Counts(0, 0, 2)), scores_of(Counts(0, 0, 3))])[ORG]
    assert only_missed.precision is None
    assert only_missed.recall is not None


def test_a_model_does_not_differ_from_itself(
    articles: list[Document], spoil: Callable[[Document, int], Document]
) -> None:
    scores = score_documents(articles, [spoil(d, 1) for d in articles])
    for found in compare(scores, scores).values():
        assert found.difference == 0
        if found.interval:
            assert (found.interval.low, found.interval.high) == (0, 0)
            assert found.p == 1


def test_comparison_is_signed_and_symmetric() -> None:
    random = np.random.default_rng(5)
    worse, better = population(80, random, skill=0.6), population(80, random, skill=0.9)
    there, back = compare(worse, better)[ORG], compare(better, worse)[ORG]
    assert there.interval is not None
    assert back.interval is not None
    assert there.interval.low > 0
    assert there.p == back.p
    assert there.p is not None
    assert there.p < 0.01
    assert there.difference == -back.difference
    assert there.interval.low == pytest.approx(-back.interval.high)


def test_p_is_seldom_small_without_a_difference() -> None:
    random = np.random.default_rng(11)
    found = [
        compare(population(50, random), population(50, random), n_resamples=300, seed=n)[ORG].p
        for n in range(200)
    ]
    assert np.mean([p is not None and p < 0.05 for p in found]) < 0.12


def test_pairs_must_match() -> None:
    docs = population(3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="3 and of 2"):
        compare(docs, docs[:2])


def test_rows_are_paths_into_the_json() -> None:
    scores = total(population(5, np.random.default_rng(0)))
    for row, counts in scores.rows().items():
        place = scores.to_json()
        for name in row:
            place = place[name]
        assert place == counts.to_json()
