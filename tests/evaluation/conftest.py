"""Predictions made by spoiling gold documents: some items gone, relabelled, cut, added, relinked."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from swner.document import Document, Entity, Relation
from swner.schema import SCHEMA

Spoil = Callable[[Document, int], Document]


def _spoil(doc: Document, seed: int) -> Document:
    random_ = random.Random(f"{doc.id} {seed}")
    entities: list[Entity] = []
    at: dict[int, int] = {}
    for index, e in enumerate(doc.entities):
        dice = random_.random()
        if dice < 0.15:
            continue
        if dice < 0.25:
            e = replace(e, label=random_.choice(SCHEMA.labels))
        elif dice < 0.35 and e.end - e.start > 1:
            e = replace(e, end=e.end - 1, surface=e.surface[:-1])
        at[index] = len(entities)
        entities.append(replace(e, score=round(random_.uniform(0.3, 1), 4)))
    relations = [
        replace(r, head=at[r.head], tail=at[r.tail], score=round(random_.uniform(0.3, 1), 4))
        for r in doc.relations
        if r.head in at and r.tail in at and random_.random() > 0.15
    ]
    relations += [
        Relation(i, j, label, 0.5)
        for i, a in enumerate(entities)
        for j, b in enumerate(entities)
        for label in SCHEMA.relation_labels
        if i != j and SCHEMA.allows(label, a.label, b.label) and random_.random() < 0.1
    ]
    return replace(doc, entities=tuple(entities), relations=tuple(relations))


@pytest.fixture(scope="session")
def spoil() -> Spoil:
    return _spoil


@pytest.fixture(scope="session")
def articles(documents: list[Document]) -> list[Document]:
    """Twelve documents, each the eight small ones in another order."""
    return [_joined(f"article-{n}", documents[n % 8 :] + documents[: n % 8]) for n in range(12)]


def _joined(doc_id: str, parts: list[Document]) -> Document:
    text = ""
    entities: list[Entity] = []
    relations: list[Relation] = []
    for part in parts:
        relations += [
            replace(r, head=r.head + len(entities), tail=r.tail + len(entities))
            for r in part.relations
        ]
        entities += [
            replace(e, start=e.start + len(text), end=e.end + len(text)) for e in part.entities
        ]
        text += part.text
    return Document(doc_id, text, tuple(entities), tuple(relations), {"title": f"题目{doc_id}"})
