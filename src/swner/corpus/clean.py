"""Annotated documents over clean text: what a model learns from is what it is shown in prediction.

Documents may be annotated over text as given, such as what `swner predict` wrote and a person
corrected. Prediction cleans a text before the model sees it; training does the same here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from swner.document import Document, Entity
from swner.text.clean import CleanText, clean


def on_clean_text(docs: Iterable[Document]) -> list[Document]:
    """Each document over its clean text, entities moved along; a clean one comes back as it is.

    A document with an entity that cleaning leaves nothing of, or that would share a character with
    the next one, stays over its text as given.
    """
    return [_on_clean_text(doc) for doc in docs]


def _on_clean_text(doc: Document) -> Document:
    cleaned = clean(doc.text)
    if cleaned.text == doc.text:
        return doc
    entities: list[Entity] = []
    for entity in doc.entities:
        moved = _moved(entity, cleaned)
        if moved is None or (entities and moved.start < entities[-1].end):
            return doc
        entities.append(moved)
    return replace(doc, text=cleaned.text, entities=tuple(entities))


def _moved(entity: Entity, cleaned: CleanText) -> Entity | None:
    span = cleaned.map.to_clean(entity.span)
    if span is None or not len(span):
        return None
    surface = cleaned.text[span.start : span.end]
    return replace(entity, start=span.start, end=span.end, surface=surface, clean=None)
