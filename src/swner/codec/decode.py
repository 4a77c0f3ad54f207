"""Emissions and pair scores to a document: the one decoder of every backend."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from swner.codec.pairs import Pair
from swner.codec.tags import TagSet
from swner.codec.viterbi import (
    Floats,
    Transitions,
    best_paths,
    make_lattices,
    span_probability,
)
from swner.codec.windows import paragraphs
from swner.document import Entity, Relation, Span
from swner.schema import Schema

RELATION_THRESHOLD = 0.5
POLICY = "POLICY"
_PAIRS = ("“”", "‘’", "()", "（）", "《》", "〈〉", "【】")
_MARK = re.compile(f"[{re.escape(''.join(_PAIRS))}]")
_TITLE = re.compile(r"《((?:[^《》\n]|《[^《》\n]+》)+)》")  # one title may stand inside another


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
    return decode_texts([text], [emissions], transitions=transitions, tags=tags)[0]


def decode_texts(
    texts: Sequence[str],
    emissions: Sequence[npt.NDArray[np.floating[Any]]],
    *,
    transitions: Transitions,
    tags: TagSet,
) -> list[list[Entity]]:
    """`decode_entities` of many texts, all their paragraphs at once: that is several times faster."""
    places = [(n, *bounds) for n, text in enumerate(texts) for bounds in paragraphs(text)]
    parts = [emissions[n][start:end].astype(np.float64) for n, start, end in places]
    spans = [tags.decode(path) for path in best_paths(parts, transitions)]
    holding = [i for i, found in enumerate(spans) if found]
    lattices = make_lattices([parts[i] for i in holding], transitions)
    entities: list[list[Entity]] = [[] for _ in texts]
    for i, lattice in zip(holding, lattices, strict=True):
        n, offset, _ = places[i]
        for span, label in spans[i]:
            start, end = offset + span.start, offset + span.end
            surface = texts[n][start:end]
            if surface.strip():
                score = span_probability(lattice, span, label, tags)
                entities[n].append(Entity(start, end, label, surface, surface, score))
    return [
        balanced(text, whole_titles(text, found))
        for text, found in zip(texts, entities, strict=True)
    ]


def whole_titles(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Let a POLICY that lies in 《》 take the whole title, as the guidelines have it (rule 10).

    Long titles are sometimes found in pieces; the pieces, and whatever else was found between the
    same marks, become one POLICY with the highest score of its parts.

    Args:
        text: Clean text.
        entities: Sorted by start, not overlapping.
    """
    policies = [e for e in entities if e.label == POLICY]
    kept = list(entities)
    titles = []
    for match in _TITLE.finditer(text):
        title = Span(*match.span(1))
        parts = [e for e in policies if e.span.overlaps(title)]
        if parts:
            surface = match.group(1)
            score = max((e.score for e in parts if e.score is not None), default=None)
            titles.append(Entity(title.start, title.end, POLICY, surface, surface, score))
            pieces = ((e, _outside(e, title)) for e in kept)
            kept = [
                rest for e, rest in pieces if rest and not (e.label == POLICY and rest is not e)
            ]
    return sorted([*kept, *titles], key=lambda e: e.start)


def _outside(entity: Entity, title: Span) -> Entity | None:
    """What of an entity lies before or after a title and its marks; None if nothing does."""
    if not entity.span.overlaps(title):
        return entity
    if entity.start < title.start - 1:
        start, end = entity.start, min(entity.end, title.start - 1)
    elif entity.end > title.end + 1:
        start, end = max(entity.start, title.end + 1), entity.end
    else:
        return None
    surface = entity.surface[start - entity.start : end - entity.start]
    return replace(entity, start=start, end=end, surface=surface, clean=surface)


def balanced(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Mend entities that hold one mark of a pair: let it go at an edge, or take in its partner.

    No annotated span holds half a pair of quotation marks or brackets (of 26,650); a span that does
    and has no partner beside it and no mark at its edge stays as it is.
    """
    mended: list[Entity] = []
    for index, entity in enumerate(entities):
        if _MARK.search(entity.surface) is None:  # nearly all of them
            mended.append(entity)
            continue
        low = mended[-1].end if mended else 0
        high = entities[index + 1].start if index + 1 < len(entities) else len(text)
        start, end = entity.start, entity.end
        choices = ((start, end - 1), (start + 1, end), (start - 1, end), (start, end + 1))
        best = next(
            (
                (a, b)
                for a, b in ((start, end), *choices)
                if low <= a < b <= high and "\n" not in text[a:b] and _is_balanced(text[a:b])
            ),
            (start, end),
        )
        surface = text[best[0] : best[1]]
        mended.append(replace(entity, start=best[0], end=best[1], surface=surface, clean=surface))
    return mended


def _is_balanced(surface: str) -> bool:
    return all(surface.count(pair[0]) == surface.count(pair[1]) for pair in _PAIRS)


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
