"""Changing characters of an annotated document while its entities and relations stay in place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from swner.document import Document, Entity
from swner.text.offsets import Edit


def revise(doc: Document, edits: Iterable[Edit]) -> Document:
    """A document with some of its characters replaced, entities moved and relations kept.

    Args:
        doc: Any document.
        edits: Replacements of character ranges, in any order, none overlapping; an empty range
            inserts. Each lies inside one entity or outside all of them; what is inserted at an
            entity's edge stays outside.

    Raises:
        ValueError: Two edits overlap, or one crosses an entity's edge or leaves nothing of it.
    """
    ordered = sorted(edits)
    for one, other in pairwise(ordered):
        if other[0] < one[1]:
            raise ValueError(f"{doc.id}: edits {one} and {other} overlap")
    parts: list[str] = []
    at = 0
    for start, end, new in ordered:
        parts += [doc.text[at:start], new]
        at = end
    text = "".join([*parts, doc.text[at:]])
    entities = tuple(_moved(entity, text, ordered, doc.id) for entity in doc.entities)
    return replace(doc, text=text, entities=entities)


def _moved(entity: Entity, text: str, edits: list[Edit], doc_id: str) -> Entity:
    start, end = entity.start, entity.end
    for a, b, new in edits:
        growth = len(new) - (b - a)
        if b <= entity.start:
            start, end = start + growth, end + growth
        elif entity.start <= a and b <= entity.end and a < entity.end:
            end += growth
        elif a < entity.end:
            raise ValueError(f"{doc_id}: edit {(a, b, new)} crosses an edge of {entity}")
    if start == end:
        raise ValueError(f"{doc_id}: nothing is left of {entity}")
    return replace(entity, start=start, end=end, surface=text[start:end], clean=None)


def outside(doc: Document, labels: Iterable[str]) -> str:
    """The text with the entities of some labels blotted out by one U+FFFC each."""
    wanted = frozenset(labels)
    parts: list[str] = []
    at = 0
    for entity in doc.entities:
        if entity.label in wanted:
            parts += [doc.text[at : entity.start], "\ufffc"]
            at = entity.end
    return "".join([*parts, doc.text[at:]])
