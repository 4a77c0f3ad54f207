"""The records that pass between modules: a text, its entities and the relations between them.

Invariants: offsets are half-open character offsets into `Document.text`, the text as given;
`doc.text[e.start:e.end] == e.surface` for every entity that swner hands out. All types are
frozen: a stage makes a new Document, it never changes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """A half-open range of characters, `start` inclusive and `end` exclusive."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def overlaps(self, other: Span) -> bool:
        """Whether the two ranges share at least one character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Entity:
    """A labelled span.

    Attributes:
        start: First character, an offset into the document's text.
        end: One past the last character.
        label: A label of the schema.
        surface: Exactly the characters `text[start:end]`.
        clean: The surface as the cleaned text has it (line breaks, inserted readings and odd
            spaces gone, simplified characters); None where no cleaning took place.
        score: The model's probability from 0 to 1; None for gold annotations.
    """

    start: int
    end: int
    label: str
    surface: str
    clean: str | None = None
    score: float | None = None

    @property
    def span(self) -> Span:
        """Both boundaries."""
        return Span(self.start, self.end)

    @property
    def key(self) -> tuple[int, int, str]:
        """What strict scoring compares: both boundaries and the label."""
        return (self.start, self.end, self.label)

    @property
    def name(self) -> str:
        """The clean surface where there is one, else the surface."""
        return self.surface if self.clean is None else self.clean


@dataclass(frozen=True, slots=True)
class Relation:
    """A directed, labelled link between two entities of the same document.

    Attributes:
        head: Index of the first argument in `Document.entities`.
        tail: Index of the second argument.
        label: A relation label of the schema.
        score: The model's probability from 0 to 1; None for gold annotations.
    """

    head: int
    tail: int
    label: str
    score: float | None = None


@dataclass(frozen=True)
class Document:
    """One article (or one page): its text as given, with what is marked on it.

    Attributes:
        id: Identifier, unique within a data set or a run.
        text: The text as given, never altered.
        entities: Entities sorted by start, none overlapping.
        relations: Relations between them, by index into `entities`.
        meta: Title, source, publication date (`published`, ISO) and the like, all JSON values.
    """

    id: str
    text: str
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    def relation_keys(self) -> set[tuple[tuple[int, int, str], str, tuple[int, int, str]]]:
        """What strict end-to-end relation scoring compares: both ends exact, with labels."""
        return {
            (self.entities[r.head].key, r.label, self.entities[r.tail].key) for r in self.relations
        }

    def with_meta(self, **values: Any) -> Document:
        """A copy whose meta holds `values` besides (or instead of) what it held."""
        return replace(self, meta={**self.meta, **values})
