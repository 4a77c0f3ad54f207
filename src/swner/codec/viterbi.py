"""The best legal path through a document's emissions, and the probability of each span on it.

A linear-chain CRF (Lafferty et al., ICML 2001): score of a path = sum of emissions and transitions.
Illegal transitions carry `FORBIDDEN`, so a decoded path never breaks BIO. The probability of a span
is exact under the CRF, by the forward and backward recursions: that its first position is B, the
others I, and the one after it not I.

Many sequences step together, one numpy operation a position for all that reach it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from swner.codec.tags import FORBIDDEN, TagSet
from swner.document import Span

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LOG_TINY = -700.0  # exp of it is still above zero; a forbidden step has this weight in the sums


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


@dataclass(frozen=True)
class _Packed:
    """Sequences laid out position by position: all first positions, then all second ones, ...

    Rows are the sequences from the longest to the shortest, so those that reach a position are a
    prefix of them, and nothing is padded.

    Attributes:
        bounds: Where each position's rows begin, shape (longest length + 1,).
        places: For each sequence as given, where its positions lie, each of shape (length,).
    """

    bounds: Ints
    places: list[Ints]

    @classmethod
    def of(cls, lengths: Sequence[int]) -> _Packed:
        order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
        longest = max(lengths, default=0)
        n_ending = np.bincount(np.asarray(lengths, np.int64), minlength=longest + 1)
        n_running = len(lengths) - np.cumsum(n_ending)[:longest]
        bounds = np.concatenate([[0], np.cumsum(n_running)]).astype(np.int64)
        row = {index: row for row, index in enumerate(order)}
        return cls(bounds, [bounds[:n] + row[i] for i, n in enumerate(lengths)])

    def pack(self, sequences: Sequence[Floats]) -> Floats:
        """Arrays of shape (length, tags) as one of shape (positions of all, tags)."""
        packed = np.empty((int(self.bounds[-1]), sequences[0].shape[1]))
        for places, sequence in zip(self.places, sequences, strict=True):
            packed[places] = sequence
        return packed

    def positions(self) -> list[tuple[int, int, int]]:
        """For each position: where its rows begin and end, and how many of them go on."""
        bounds = [*self.bounds.tolist(), int(self.bounds[-1])]
        return [
            (low, high, after - high)
            for low, high, after in zip(bounds, bounds[1:], bounds[2:], strict=False)
        ]


def best_path(emissions: Floats, transitions: Transitions) -> Ints:
    """The highest-scoring path. Emissions of shape (length, tags); returns shape (length,)."""
    return best_paths([emissions], transitions)[0]


def best_paths(sequences: Sequence[Floats], transitions: Transitions) -> list[Ints]:
    """The highest-scoring path of each sequence.

    Args:
        sequences: Emissions, each of shape (length, tags); lengths may differ, and be 0.
        transitions: Of all of them.

    Returns:
        Tags, each of shape (length,).
    """
    if not sequences:
        return []
    packing = _Packed.of([len(s) for s in sequences])
    emissions = packing.pack(sequences)
    back = np.zeros(emissions.shape, np.int64)
    tag = np.zeros(len(sequences), np.int64)  # of each row, at the position that is looked at
    score = np.zeros((len(sequences), emissions.shape[1]))
    for low, high, n_on in packing.positions():
        if low == 0:
            score = transitions.start + emissions[:high]
        else:
            # shape: (rows, from, to)
            candidates = score[: high - low, :, None] + transitions.step
            back[low:high] = candidates.argmax(axis=1)
            score = candidates.max(axis=1) + emissions[low:high]
        tag[n_on : high - low] = (score[n_on:] + transitions.end).argmax(axis=1)
    path = np.zeros(len(emissions), np.int64)
    for low, high, _ in reversed(packing.positions()):
        path[low:high] = tag[: high - low]
        tag[: high - low] = back[np.arange(low, high), path[low:high]]
    return [path[places] for places in packing.places]


@dataclass(frozen=True)
class Lattice:
    """Forward and backward log-sums of a sequence, both of shape (length, tags)."""

    emissions: Floats
    transitions: Transitions
    forward: Floats
    backward: Floats

    @cached_property
    def log_partition(self) -> float:
        """Log of the summed scores of all paths."""
        return float(np.logaddexp.reduce(self.forward[-1] + self.transitions.end))


def make_lattice(emissions: Floats, transitions: Transitions) -> Lattice:
    """Run both recursions. Emissions of shape (length, tags), length at least 1."""
    return make_lattices([emissions], transitions)[0]


def make_lattices(sequences: Sequence[Floats], transitions: Transitions) -> list[Lattice]:
    """Run both recursions over each sequence.

    Args:
        sequences: Emissions, each of shape (length, tags), length at least 1.
        transitions: Of all of them.
    """
    if not sequences:
        return []
    packing = _Packed.of([len(s) for s in sequences])
    emissions = packing.pack(sequences)
    weights = np.exp(np.maximum(transitions.step, _LOG_TINY))
    forward, backward = np.empty_like(emissions), np.empty_like(emissions)
    before = 0
    for low, high, _ in packing.positions():
        if low == 0:
            forward[:high] = transitions.start + emissions[:high]
        else:
            reached = _log_product(forward[before : before + high - low], weights)
            forward[low:high] = reached + emissions[low:high]
        before = low
    for low, high, n_on in reversed(packing.positions()):
        backward[low + n_on : high] = transitions.end
        following = emissions[high : high + n_on] + backward[high : high + n_on]
        backward[low : low + n_on] = _log_product(following, weights.T)
    return [
        Lattice(sequence, transitions, forward[places], backward[places])
        for sequence, places in zip(sequences, packing.places, strict=True)
    ]


def _log_product(logs: Floats, weights: Floats) -> Floats:
    """log(exp(logs) @ weights), of shape (rows, tags), without overflow; weights are above zero."""
    top = logs.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.exp(logs - top) @ weights) + top)


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
        after[inside] = -np.inf
        score += np.logaddexp.reduce(after)
    return float(np.exp(min(0.0, score - lattice.log_partition)))
