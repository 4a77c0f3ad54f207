"""Counts of right, spurious and missed items. Counts add; precision, recall and F1 are derived."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Counts:
    """Attributes:
    n_right: Predicted and gold.
    n_spurious: Predicted, not gold.
    n_missed: Gold, not predicted.
    """

    n_right: int = 0
    n_spurious: int = 0
    n_missed: int = 0

    @classmethod
    def compare(cls, gold: Set[Any], pred: Set[Any]) -> Counts:
        """Counts of two sets of hashable items."""
        n_right = len(gold & pred)
        return cls(n_right, len(pred) - n_right, len(gold) - n_right)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.n_right + other.n_right,
            self.n_spurious + other.n_spurious,
            self.n_missed + other.n_missed,
        )

    @property
    def precision(self) -> float:
        """Share of the predicted that is right, 0 to 1; 0 where nothing was predicted."""
        n_pred = self.n_right + self.n_spurious
        return self.n_right / n_pred if n_pred else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold that was found, 0 to 1; 0 where there is no gold."""
        n_gold = self.n_right + self.n_missed
        return self.n_right / n_gold if n_gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1."""
        both = 2 * self.n_right + self.n_spurious + self.n_missed
        return 2 * self.n_right / both if both else 0.0

    def to_json(self) -> dict[str, float]:
        """Counts and derived scores."""
        return {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "f1": round(self.f1, 4),
            "n_gold": self.n_right + self.n_missed,
            "n_pred": self.n_right + self.n_spurious,
            "n_right": self.n_right,
        }
