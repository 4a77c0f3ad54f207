"""Emissions and pair scores to a document: the one decoder of every backend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from swner.codec.pairs import Pair
from swner.codec.tags import TagSet
from swner.codec.viterbi import Floats, Transitions, best_path, make_lattice, span_probability
from swner.codec.windows import paragraphs
from swner.document import Entity, Relation, Span
from swner.schema import Schema

RELATION_THRESHOLD = 0.5


def decode_entities(
    text: str, emissions: Floats, *, transitions: Transitions, tags: TagSet
) -> list[Entity]:
    """The entities of a clean text, paragraph by paragraph, with their probabilities.

    Args:
        text: Clean text.
        emissions: Tag scores, shape (len(text), tags).
        transitions: Of the model's CRF, or those that are only legal.
        tags: The tag set.
    """
    entities: list[Entity] = []
    for start, end in paragraphs(text):
        part = emissions[start:end].astype(np.float64)
        spans = tags.decode(best_path(part, transitions))
        lattice = make_lattice(part, transitions) if spans else None
        for span, label in spans:
            assert lattice is not None
            score = span_probability(lattice, span, label, tags)
            at = Span(start + span.start, start + span.end)
            surface = text[at.start : at.end]
            entities.append(Entity(at.start, at.end, label, surface, surface, score))
    return [e for e in entities if e.surface.strip()]


def decode_relations(
    pairs: Sequence[Pair],
    scores: npt.NDArray[np.float64],
    *,
    schema: Schema,
    threshold: float = RELATION_THRESHOLD,
) -> list[Relation]:
    """Relations above the threshold; of a `single_tail` relation only a head's best one.

    Args:
        pairs: Candidates, as `codec.pairs.candidates` gives them.
        scores: Probabilities, shape (pairs,).
        schema: Says which relations have one tail at most.
        threshold: Smallest probability that makes a relation.
    """
    best: dict[tuple[int, str], float] = defaultdict(float)
    for pair, score in zip(pairs, scores.tolist(), strict=True):
        if pair.label in schema.single_tail:
            best[pair.head, pair.label] = max(best[pair.head, pair.label], score)
    relations = []
    for pair, score in zip(pairs, scores.tolist(), strict=True):
        if score < threshold or score < best.get((pair.head, pair.label), 0.0):
            continue
        relations.append(Relation(pair.head, pair.tail, pair.label, score))
    return relations
