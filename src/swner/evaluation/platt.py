"""Scores that mean what they say: Platt's curve through held-out scores, shared by the labels.

    P(right) = sigmoid(slope * logit(score) + offset of the label)

after Platt, Probabilistic Outputs for Support Vector Machines (1999), on the log odds. All labels
share the slope; their offsets are drawn towards a common one by a normal prior whose width
(`spread`) is chosen by the log loss on held-out articles, so that a label with few items takes
nearly the common curve. Items of synthetic articles help to find slope and offsets; how much easier
they are than real ones is a parameter of its own and is left out of the curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MARGIN = 1e-4
"""Scores nearer to 0 or 1 than this count as if they were this far away."""

SPREADS = (0.0, 0.25, 0.5, 1.0)
"""Widths of the prior on the labels' offsets that are tried, in log odds."""

N_FOLDS = 10
_SLOPE_SPREAD, _OFFSET_SPREAD, _KIND_SPREAD = 1.0, 10.0, 3.0
_MIN_SLOPE = 0.05  # a higher score never means less
_N_COMMON = 3  # slope, offset, how much easier synthetic articles are


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """A predicted entity or relation of a held-out article.

    Attributes:
        label: Its label.
        score: The model's, 0 to 1.
        right: Whether gold has it.
        real: Whether the article is a real one.
        source: What stays together when items are held out: the page, or the article.
    """

    label: str
    score: float
    right: bool
    real: bool
    source: str


@dataclass(frozen=True, slots=True)
class Platt:
    """A curve from raw to calibrated scores; `Platt()` leaves them (nearly) as they are."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, score: float) -> float:
        """The calibrated score of a raw one, both 0 to 1."""
        return 1 / (1 + exp(-(self.slope * logit(score) + self.offset)))


def logit(score: float) -> float:
    """Log odds, finite for 0 and 1 too."""
    inside = min(max(score, MARGIN), 1 - MARGIN)
    return log(inside / (1 - inside))


def fit(
    items: Sequence[ScoredItem], labels: Sequence[str], *, spread: float
) -> Mapping[str, Platt]:
    """The curve of each label; of a label without items the common one.

    Args:
        items: Of held-out articles.
        labels: Those to make curves for.
        spread: Width of the prior on the labels' offsets; 0 gives all labels one curve.
    """
    x = np.array([logit(item.score) for item in items])
    own = np.array([[item.label == label for label in labels] for item in items], np.float64)
    synthetic = [not item.real for item in items]
    columns = np.zeros((len(items), _N_COMMON + len(labels)))
    if items:
        columns[:, 0], columns[:, 1], columns[:, 2] = x, 1.0, synthetic
        columns[:, _N_COMMON:] = own
    right = np.array([item.right for item in items], np.float64)
    mean = np.zeros(columns.shape[1])
    mean[0] = 1.0
    width = np.array([_SLOPE_SPREAD, _OFFSET_SPREAD, _KIND_SPREAD, *(len(labels) * [spread])])
    if all(synthetic):
        width[2] = 0.0
    found = _most_probable(columns, right, mean=mean, width=width)
    if found[0] < _MIN_SLOPE:
        mean[0], width[0] = _MIN_SLOPE, 0.0
        found = _most_probable(columns, right, mean=mean, width=width)
    slope, common = float(found[0]), float(found[1])
    offsets = found[_N_COMMON:].tolist()
    return {
        label: Platt(round(slope, 4), round(common + offset, 4))
        for label, offset in zip(labels, offsets, strict=True)
    }


def _most_probable(columns: Floats, right: Floats, *, mean: Floats, width: Floats) -> Floats:
    """Weights of a logistic regression under normal priors, by Newton's method with halved steps.

    Args:
        columns: Shape (items, weights).
        right: 1 or 0, shape (items,).
        mean: Of the priors, shape (weights,).
        width: Standard deviations; a weight of width 0 stays at its mean.

    Returns:
        Shape (weights,).
    """
    free = width > 0
    columns_free, weights = columns[:, free], mean.copy()
    precision = 1 / width[free] ** 2

    def loss(free_weights: Floats) -> float:
        scores = columns_free @ free_weights + rest
        fit_loss = np.logaddexp(0, scores) - right * scores
        return float(fit_loss.sum() + 0.5 * (precision * (free_weights - mean[free]) ** 2).sum())

    rest = columns[:, ~free] @ mean[~free]
    now = mean[free].copy()
    for _ in range(100):
        share = 1 / (1 + np.exp(-(columns_free @ now + rest)))
        gradient = columns_free.T @ (share - right) + precision * (now - mean[free])
        curvature = (columns_free * (share * (1 - share))[:, None]).T @ columns_free
        step = np.linalg.solve(curvature + np.diag(precision), gradient)
        size = 1.0
        while size > 1e-6 and loss(now - size * step) > loss(now):
            size /= 2
        now = now - size * step
        if np.abs(size * step).max(initial=0.0) < 1e-9:
            break
    weights[free] = now
    return weights


def choose_spread(items: Sequence[ScoredItem], labels: Sequence[str]) -> float:
    """The width of `SPREADS` with the smallest held-out log loss, the narrower one of equals."""
    if len({item.source for item in items}) < 2:
        return 0.0
    losses = {spread: log_loss(cross_fitted(items, labels, spread=spread)) for spread in SPREADS}
    return min(losses, key=lambda spread: (losses[spread], spread))


def cross_fitted(
    items: Sequence[ScoredItem], labels: Sequence[str], *, spread: float
) -> list[tuple[float, bool]]:
    """Calibrated scores of items, each by curves fitted without its source, and whether they are right.

    Only real items where there are any: it is for them that the curves are made.

    Args:
        items: Of held-out articles from two sources or more.
        labels: All labels.
        spread: See `fit`.
    """
    wanted = [item for item in items if item.real] or list(items)
    sources = sorted({item.source for item in wanted})
    n_folds = min(N_FOLDS, len(sources))
    fold_of = {source: number % n_folds for number, source in enumerate(sources)}
    pairs = []
    for fold in range(n_folds):
        rest = [item for item in items if fold_of.get(item.source) != fold]
        curves = fit(rest, labels, spread=spread)
        pairs += [(curves[i.label](i.score), i.right) for i in wanted if fold_of[i.source] == fold]
    return pairs


def log_loss(pairs: Sequence[tuple[float, bool]]) -> float:
    """Mean negative log likelihood in nats; 0 for no items."""
    losses = (-log(min(max(score if right else 1 - score, MARGIN), 1.0)) for score, right in pairs)
    return sum(losses) / len(pairs) if pairs else 0.0
