"""Whether scores mean what they say: of the items scored 0.9, are nine in ten right?

Bins of equal width and the expected calibration error follow Guo et al., On Calibration of Modern
Neural Networks, ICML 2017. Only predicted items are looked at: what was missed has no score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from swner.evaluation.bootstrap import Interval
from swner.evaluation.errors import Pairs

N_BINS = 10
_Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Bin:
    """Items with scores from `low` (inclusive) to `high` (exclusive, but for the last bin).

    Attributes:
        low: Lower border.
        high: Upper border.
        n: Items.
        mean_score: Mean of their scores; 0 without items.
        n_right: How many of them gold has.
    """

    low: float
    high: float
    n: int
    mean_score: float
    n_right: int

    @property
    def share_right(self) -> float:
        """Share that gold has, 0 to 1; 0 without items."""
        return self.n_right / self.n if self.n else 0.0

    @property
    def interval(self) -> Interval:
        """95 % interval of the share right, by Wilson's score method (JASA 22, 1927)."""
        if not self.n:
            return Interval(0.0, 1.0)
        share, spread = self.share_right, _Z * _Z / self.n
        middle = (share + spread / 2) / (1 + spread)
        half = sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
        return Interval(max(0.0, middle - half), min(1.0, middle + half))


@dataclass(frozen=True)
class Reliability:
    """Attributes:
    bins: From the lowest scores to the highest, empty ones too.
    n_unscored: Predicted items that carry no score.
    """

    bins: tuple[Bin, ...]
    n_unscored: int = 0

    @property
    def n(self) -> int:
        """Scored items."""
        return sum(b.n for b in self.bins)

    @property
    def ece(self) -> float:
        """Expected calibration error, 0 to 1: the bins' gaps weighted by their items."""
        gaps = sum(b.n * abs(b.share_right - b.mean_score) for b in self.bins)
        return gaps / self.n if self.n else 0.0

    def to_json(self) -> dict[str, Any]:
        """Error, counts and the bins that hold items."""
        return {
            "ece": round(self.ece, 4),
            "n": self.n,
            "n_unscored": self.n_unscored,
            "bins": [
                {
                    "low": round(b.low, 4),
                    "high": round(b.high, 4),
                    "n": b.n,
                    "mean_score": round(b.mean_score, 4),
                    "share_right": round(b.share_right, 4),
                    "interval": b.interval.to_json(),
                }
                for b in self.bins
                if b.n
            ],
        }


def reliability(items: Iterable[tuple[float | None, bool]], *, n_bins: int = N_BINS) -> Reliability:
    """The table of scored items.

    Args:
        items: Score (0 to 1, None where there is none) and whether the item is right.
        n_bins: Bins of equal width.
    """
    binned: list[list[tuple[float, bool]]] = [[] for _ in range(n_bins)]
    n_unscored = 0
    for score, right in items:
        if score is None:
            n_unscored += 1
        else:
            binned[min(int(score * n_bins), n_bins - 1)].append((score, right))
    return Reliability(
        tuple(
            _bin(index / n_bins, (index + 1) / n_bins, part) for index, part in enumerate(binned)
        ),
        n_unscored,
    )


def of_entities(pairs: Pairs, *, n_bins: int = N_BINS) -> Reliability:
    """The table of predicted entities; right is strict: both boundaries and the label."""
    items: list[tuple[float | None, bool]] = []
    for gold, pred in pairs:
        keys = {e.key for e in gold.entities}
        items += [(e.score, e.key in keys) for e in pred.entities]
    return reliability(items, n_bins=n_bins)


def of_relations(pairs: Pairs, *, n_bins: int = N_BINS) -> Reliability:
    """The table of predicted relations; right is end to end: both ends exact, with labels."""
    items: list[tuple[float | None, bool]] = []
    for gold, pred in pairs:
        keys = gold.relation_keys()
        ends = [e.key for e in pred.entities]
        items += [(r.score, (ends[r.head], r.label, ends[r.tail]) in keys) for r in pred.relations]
    return reliability(items, n_bins=n_bins)


def _bin(low: float, high: float, items: Sequence[tuple[float, bool]]) -> Bin:
    n = len(items)
    mean_score = sum(score for score, _ in items) / n if n else 0.0
    return Bin(low, high, n, mean_score, sum(right for _, right in items))
