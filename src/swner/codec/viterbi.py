"""The best legal path through a document's emissions, and the probability of each span on it.

A linear-chain CRF (Lafferty et al., ICML 2001): score of a path = sum of emissions and transitions.
Illegal transitions carry `FORBIDDEN`, so a decoded path never breaks BIO. The probability of a span
is exact under the CRF, by the forward and backward recursions: that its first position is B, the
others I, and the one after it not I.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swner.codec.tags import FORBIDDEN, TagSet
from swner.document import Span

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Transitions:
    """Scores of a path's steps.

    Attributes:
        start: Shape (tags,): score of opening with a tag.
        step: Shape (tags, tags) as (from, to).
        end: Shape (tags,): score of closing with a tag.
    """

    start: Floats
    step: Floats
    end: Floats

    @classmethod
    def legal_only(cls, tags: TagSet) -> Transitions:
        """Zero for what BIO allows, FORBIDDEN for the rest."""
        return cls(
            np.where(tags.legal_starts(), 0.0, FORBIDDEN),
            np.where(tags.legal(), 0.0, FORBIDDEN),
            np.zeros(len(tags)),
        )


def best_path(emissions: Floats, transitions: Transitions) -> npt.NDArray[np.int64]:
    """The highest-scoring path. Emissions of shape (length, tags); returns shape (length,)."""
    length = len(emissions)
    if length == 0:
        return np.zeros(0, np.int64)
    back = np.zeros(emissions.shape, np.int64)
    score = transitions.start + emissions[0]
    for t in range(1, length):
        candidates = score[:, None] + transitions.step
        back[t] = candidates.argmax(axis=0)
        score = candidates.max(axis=0) + emissions[t]
    path = np.zeros(length, np.int64)
    path[-1] = (score + transitions.end).argmax()
    for t in range(length - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


@dataclass(frozen=True)
class Lattice:
    """Forward and backward log-sums of a sequence, both of shape (length, tags)."""

    emissions: Floats
    transitions: Transitions
    forward: Floats
    backward: Floats

    @property
    def log_partition(self) -> float:
        """Log of the summed scores of all paths."""
        return float(_log_sum(self.forward[-1] + self.transitions.end, axis=0))


def make_lattice(emissions: Floats, transitions: Transitions) -> Lattice:
    """Run both recursions. Emissions of shape (length, tags), length at least 1."""
    length = len(emissions)
    forward, backward = np.empty_like(emissions), np.empty_like(emissions)
    forward[0] = transitions.start + emissions[0]
    for t in range(1, length):
        forward[t] = _log_sum(forward[t - 1][:, None] + transitions.step, axis=0) + emissions[t]
    backward[-1] = transitions.end
    for t in range(length - 2, -1, -1):
        backward[t] = _log_sum(
            transitions.step + (emissions[t + 1] + backward[t + 1])[None], axis=1
        )
    return Lattice(emissions, transitions, forward, backward)


def span_probability(lattice: Lattice, span: Span, label: str, tags: TagSet) -> float:
    """Probability that exactly this span with this label is on the path, 0 to 1."""
    begin = tags.begin(label)
    inside, step = begin + 1, lattice.transitions.step
    score = lattice.forward[span.start, begin]
    if len(span) > 1:
        within = lattice.emissions[span.start + 1 : span.end, inside].sum()
        score += step[begin, inside] + within + (len(span) - 2) * step[inside, inside]
    last = begin if len(span) == 1 else inside
    if span.end == len(lattice.emissions):
        score += lattice.transitions.end[last]
    else:
        after = step[last] + lattice.emissions[span.end] + lattice.backward[span.end]
        score += _log_sum(np.delete(after, inside), axis=0)
    return float(np.exp(min(0.0, score - lattice.log_partition)))


def _log_sum(values: Floats, axis: int) -> Floats:
    top = values.max(axis=axis, keepdims=True)
    total = np.log(np.exp(values - top).sum(axis=axis)) + np.squeeze(top, axis)
    return np.asarray(total)
