"""Candidate pairs: the one place that says which two entities a relation may join.

A pair is a head, a tail and the relation that their labels allow (two labels allow one relation
at most, which `candidates` relies on), both in one paragraph. Beside its two spans a pair has a
few small integers that say how the two stand to each other; both training and every backend take
them from here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swner.codec.windows import paragraphs
from swner.document import Entity, Relation
from swner.schema import Schema

FEATURE_SIZES = {"signature": 16, "distance": 24, "heads_between": 6, "tails_between": 6, "mark": 6}
"""Number of values of each pair feature, in the order of the columns."""

_MARKS = ("、", "，,", "：:", "；;", "。！？!?")  # from the weakest to the strongest
_STRENGTH_OF = np.zeros(0x110000, np.uint8)  # of each character: 1 for the weakest mark, 0 for none
for _strength, _marks in enumerate(_MARKS, start=1):
    _STRENGTH_OF[[ord(mark) for mark in _marks]] = _strength


@dataclass(frozen=True, slots=True)
class Pair:
    """A candidate relation between `entities[head]` and `entities[tail]`."""

    head: int
    tail: int
    label: str


@dataclass(frozen=True)
class PairBatch:
    """Pairs as arrays.

    Attributes:
        spans: int64, shape (pairs, 4): head start, head end, tail start, tail end.
        features: int64, shape (pairs, len(FEATURE_SIZES)).
    """

    spans: npt.NDArray[np.int64]
    features: npt.NDArray[np.int64]


def signatures(schema: Schema) -> dict[tuple[str, str], tuple[int, str]]:
    """(head label, tail label) -> (number of the signature, relation label)."""
    rows = [(pair, label) for label, allowed in schema.signatures.items() for pair in allowed]
    return {pair: (number, label) for number, (pair, label) in enumerate(rows)}


def candidates(text: str, entities: Sequence[Entity], *, schema: Schema) -> list[Pair]:
    """All pairs that the schema allows inside one paragraph; entities must be sorted by start."""
    table = signatures(schema)
    pairs: list[Pair] = []
    starts = [e.start for e in entities]
    for start, end in paragraphs(text):
        inside = range(bisect_left(starts, start), bisect_left(starts, end))
        for head in inside:
            for tail in inside:
                found = table.get((entities[head].label, entities[tail].label))
                if head != tail and found is not None:
                    pairs.append(Pair(head, tail, found[1]))
    return pairs


def to_batch(
    text: str, entities: Sequence[Entity], pairs: Sequence[Pair], *, schema: Schema, offset: int = 0
) -> PairBatch:
    """Arrays for `pairs`; spans are shifted by `-offset` (a window's start)."""
    table = signatures(schema)
    counter = _Counter(text, entities)
    spans = np.zeros((len(pairs), 4), np.int64)
    features = np.zeros((len(pairs), len(FEATURE_SIZES)), np.int64)
    for row, pair in enumerate(pairs):
        head, tail = entities[pair.head], entities[pair.tail]
        spans[row] = (head.start, head.end, tail.start, tail.end)
        first, second = sorted((pair.head, pair.tail))
        features[row] = (
            table[head.label, tail.label][0],
            _distance_bucket(head, tail),
            min(counter.between(head.label, first, second), 5),
            min(counter.between(tail.label, first, second), 5),
            counter.strongest_mark(entities[first].end, entities[second].start),
        )
    return PairBatch(spans - offset, features)


def _distance_bucket(head: Entity, tail: Entity) -> int:
    """Characters between the two on a log scale: 0 to 11 if the tail follows, 12 to 23 if not."""
    follows = tail.start >= head.end
    gap = tail.start - head.end if follows else head.start - tail.end
    bucket = gap if gap < 4 else min(11, 2 + int(2 * np.log2(gap / 2)))
    return bucket if follows else 12 + bucket


class _Counter:
    """Counts over stretches of a text by running sums."""

    def __init__(self, text: str, entities: Sequence[Entity]) -> None:
        self._entities = {
            label: np.cumsum([0, *(e.label == label for e in entities)])
            for label in {e.label for e in entities}
        }
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        strengths = _STRENGTH_OF[codes]
        self._marks = [
            np.concatenate([[0], (strengths == strength).cumsum()])
            for strength in range(1, len(_MARKS) + 1)
        ]

    def between(self, label: str, first: int, second: int) -> int:
        """Entities of a label strictly between two entities, by index."""
        sums = self._entities[label]
        return int(sums[second] - sums[first + 1])

    def strongest_mark(self, start: int, end: int) -> int:
        """0 for none, else 1 plus the strongest punctuation mark in the stretch."""
        for strength in range(len(_MARKS) - 1, -1, -1):
            if self._marks[strength][max(start, end)] > self._marks[strength][start]:
                return strength + 1
        return 0


def gold_of(pairs: Sequence[Pair], relations: Sequence[Relation]) -> npt.NDArray[np.float32]:
    """1.0 where a pair is among the relations, shape (pairs,)."""
    known = {(r.head, r.tail, r.label) for r in relations}
    return np.array([(p.head, p.tail, p.label) in known for p in pairs], np.float32)
