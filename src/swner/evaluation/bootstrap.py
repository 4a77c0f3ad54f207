"""Bootstrap over documents: intervals of scores, and the paired comparison of two models.

A resample draws as many documents as there are, with replacement, and adds their counts; scores are
derived from the sums. Intervals are percentile intervals (Efron and Tibshirani, An Introduction to
the Bootstrap, 1993, chapter 13). Two models are compared on the same resamples (Koehn, Statistical
Significance Tests for Machine Translation Evaluation, EMNLP 2004). Documents are taken as
independent: where several come from one page, or where there are few, the true spread is wider.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swner.evaluation.counts import Counts
from swner.evaluation.scores import Row, Scores

N_RESAMPLES = 2000
LEVEL = 0.95
SEED = 0
_MAX_WEIGHTS = 4_000_000  # document weights held at once: 32 MB

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends of an interval, inclusive."""

    low: float
    high: float

    def to_json(self) -> list[float]:
        """Low and high end."""
        return [round(self.low, 4), round(self.high, 4)]


@dataclass(frozen=True, slots=True)
class RowIntervals:
    """Intervals of one row of the score table.

    An interval is None where the score is not defined (nothing predicted, no gold) or where all that
    it rests on is in one document, which leaves nothing to resample.
    """

    precision: Interval | None
    recall: Interval | None
    f1: Interval | None

    def to_json(self) -> dict[str, list[float] | None]:
        """The intervals by the name of the score."""
        named = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {name: None if v is None else v.to_json() for name, v in named.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """F1 of one row for two models on the same documents.

    Attributes:
        f1_a: F1 of the first model.
        f1_b: F1 of the second.
        interval: Of the difference, second minus first; None where it is not defined.
        p: Two-sided p-value of "no difference"; None where the interval is.
    """

    f1_a: float
    f1_b: float
    interval: Interval | None
    p: float | None

    @property
    def difference(self) -> float:
        """Second minus first: above 0 where the second model is better."""
        return self.f1_b - self.f1_a

    def to_json(self) -> dict[str, Any]:
        """All fields and the difference."""
        return {
            "f1_a": round(self.f1_a, 4),
            "f1_b": round(self.f1_b, 4),
            "difference": round(self.difference, 4),
            "interval": None if self.interval is None else self.interval.to_json(),
            "p": None if self.p is None else round(self.p, 4),
        }


def intervals(
    documents: Sequence[Scores],
    *,
    n_resamples: int = N_RESAMPLES,
    level: float = LEVEL,
    seed: int = SEED,
) -> dict[Row, RowIntervals]:
    """Percentile intervals of precision, recall and F1 of every row.

    A resample in which a score is not defined (none of the few documents with a rare label was
    drawn) says nothing of that score and is left out.

    Args:
        documents: Scores of each document.
        n_resamples: How many times to resample.
        level: Share of resamples inside the interval, 0 to 1.
        seed: The same seed gives the same intervals.
    """
    rows = list(_rows(documents))
    if not rows:
        return {}
    matrix = _matrix(documents)
    (sums,) = _resample([matrix], n_resamples=n_resamples, seed=seed)
    drawn = _ratios(sums)
    drawn[:, ~_spread_out(matrix)] = np.nan
    return {
        row: RowIntervals(*(_percentiles(drawn[:, index, k], level=level) for k in range(3)))
        for index, row in enumerate(rows)
    }


def compare(
    first: Sequence[Scores],
    second: Sequence[Scores],
    *,
    n_resamples: int = N_RESAMPLES,
    level: float = LEVEL,
    seed: int = SEED,
) -> dict[Row, Difference]:
    """Paired bootstrap of the F1 of two models, every resample drawn for both alike.

    The p-value is twice the share of resamples on the less favoured side of no difference, ties
    counted in, with one added above and below so that it is never 0.

    Args:
        first: Scores of each document by the first model.
        second: Those by the second model, of the same documents in the same order.
        n_resamples: How many times to resample.
        level: Share of resamples inside the interval, 0 to 1.
        seed: The same seed gives the same result.

    Raises:
        ValueError: The two are not of equally many documents.
    """
    if len(first) != len(second):
        raise ValueError(f"scores of {len(first)} and of {len(second)} documents are not paired")
    rows_a, rows_b = _rows(first), _rows(second)
    if not rows_a:
        return {}
    matrices = [_matrix(first), _matrix(second)]
    sums = _resample(matrices, n_resamples=n_resamples, seed=seed)
    f1_a, f1_b = (_ratios(s)[:, :, 2] for s in sums)
    drawn = f1_b - f1_a
    drawn[:, ~_spread_out(matrices[0] + matrices[1])] = np.nan
    return {
        row: Difference(
            counts.f1,
            rows_b[row].f1,
            _percentiles(drawn[:, index], level=level),
            _two_sided(drawn[:, index]),
        )
        for index, (row, counts) in enumerate(rows_a.items())
    }


def _rows(documents: Sequence[Scores]) -> dict[Row, Counts]:
    """Rows of all documents together; none without documents."""
    return reduce(add, documents).rows() if documents else {}


def _matrix(documents: Sequence[Scores]) -> Floats:
    """Counts by document, row of the table, and right, spurious, missed."""

    def numbers(counts: Counts) -> tuple[int, int, int]:
        return counts.n_right, counts.n_spurious, counts.n_missed

    return np.array([[numbers(c) for c in d.rows().values()] for d in documents], dtype=np.float64)


def _spread_out(matrix: Floats) -> NDArray[np.bool_]:
    """For each row, whether two documents or more hold items of it."""
    return np.asarray((matrix.sum(axis=2) > 0).sum(axis=0) > 1)


def _resample(matrices: Sequence[Floats], *, n_resamples: int, seed: int) -> list[Floats]:
    """Summed counts of every resample (resample, row, count), one array a matrix, same draws."""
    random = np.random.default_rng(seed)
    n_docs = len(matrices[0])
    share = np.full(n_docs, 1 / n_docs)
    parts: list[list[Floats]] = [[] for _ in matrices]
    for size in _chunks(n_resamples, max(1, _MAX_WEIGHTS // n_docs)):
        weights = random.multinomial(n_docs, share, size=size).astype(np.float64)
        for part, matrix in zip(parts, matrices, strict=True):
            sums = weights @ matrix.reshape(n_docs, -1)
            part.append(sums.reshape(size, *matrix.shape[1:]))
    return [np.concatenate(part) for part in parts]


def _chunks(n: int, size: int) -> Iterator[int]:
    """Sizes that add up to `n`, each at most `size`."""
    while n > 0:
        yield min(n, size)
        n -= size


def _ratios(counts: Floats) -> Floats:
    """Precision, recall and F1 (last axis) of counts, NaN where there is nothing to divide by."""
    right, spurious, missed = np.moveaxis(counts, -1, 0)
    with np.errstate(invalid="ignore"):
        return np.stack(
            [
                right / (right + spurious),
                right / (right + missed),
                2 * right / (2 * right + spurious + missed),
            ],
            axis=-1,
        )


def _percentiles(drawn: Floats, *, level: float) -> Interval | None:
    defined = drawn[~np.isnan(drawn)]
    if not defined.size:
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def _two_sided(drawn: Floats) -> float | None:
    defined = drawn[~np.isnan(drawn)]
    if not defined.size:
        return None
    fewer = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return min(1.0, 2 * (fewer + 1) / (defined.size + 1))
