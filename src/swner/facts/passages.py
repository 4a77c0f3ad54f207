"""Reading around a span: sentences and paragraphs of the cleaned text, quotes of the given one.

A raw page breaks lines inside sentences and inserts readings, so contexts are read from the
cleaned text and every quote is mapped back: `text[start:end] == quote` holds by construction.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property

from swner.document import Document, Entity, Relation, Span
from swner.facts.records import Evidence
from swner.text.clean import clean

_SENTENCE_END = re.compile(r"[。!?！？\n]+[”’」』)）]*")


class Passages:
    """One document with its cleaned text, and what surrounds each entity."""

    def __init__(self, doc: Document) -> None:
        self.doc = doc
        cleaned = clean(doc.text)
        self.text = cleaned.text
        self._map = cleaned.map
        self.spans: tuple[Span | None, ...] = tuple(
            self._map.to_clean(e.span) for e in doc.entities
        )
        self._out: dict[tuple[int, str], list[Relation]] = {}
        for relation in doc.relations:
            self._out.setdefault((relation.head, relation.label), []).append(relation)

    @cached_property
    def _breaks(self) -> list[int]:
        """Offsets at which sentences of the cleaned text end."""
        return [m.end() for m in _SENTENCE_END.finditer(self.text)]

    @property
    def entities(self) -> tuple[Entity, ...]:
        """The document's entities."""
        return self.doc.entities

    def indices(self, *labels: str) -> list[int]:
        """Indices of the entities with one of the labels, in the order of the text."""
        return [i for i, e in enumerate(self.doc.entities) if e.label in labels]

    def out(self, head: int, label: str) -> Sequence[Relation]:
        """The relations of one label that start at an entity."""
        return self._out.get((head, label), ())

    def single(self, head: int, label: str) -> Relation | None:
        """The likeliest relation of a label that an entity may have only once."""
        found = self.out(head, label)
        return max(found, key=lambda r: r.score or 0.0) if found else None

    def position(self, index: int) -> int:
        """Where an entity starts in the cleaned text (or near it)."""
        span = self.spans[index]
        if span is not None:
            return span.start
        start = self.doc.entities[index].start
        for end in range(start + 1, min(len(self.doc.text), start + 80) + 1):
            near = self._map.to_clean(Span(start, end))
            if near is not None:
                return near.start
        return min(start, len(self.text))

    def end(self, index: int) -> int:
        """One past an entity's last character in the cleaned text."""
        span = self.spans[index]
        return span.end if span is not None else self.position(index)

    def sentence(self, position: int) -> Span:
        """The sentence of the cleaned text that holds a position."""
        index = bisect_right(self._breaks, position)
        start = self._breaks[index - 1] if index else 0
        end = self._breaks[index] if index < len(self._breaks) else len(self.text)
        return Span(start, max(end, start))

    def paragraph(self, position: int) -> Span:
        """The paragraph (line) of the cleaned text that holds a position, without its `\\n`."""
        start = self.text.rfind("\n", 0, position) + 1
        end = self.text.find("\n", position)
        return Span(start, len(self.text) if end < 0 else end)

    def before(self, index: int) -> str:
        """The sentence of an entity, up to the entity."""
        position = self.position(index)
        return self.text[self.sentence(position).start : position]

    def after(self, index: int) -> str:
        """The sentence of an entity, behind the entity."""
        end = self.end(index)
        return self.text[end : self.sentence(max(end - 1, 0)).end]

    def slice(self, span: Span) -> str:
        """The characters of a span of the cleaned text."""
        return self.text[span.start : span.end]

    def evidence(
        self, main: int, parts: Iterable[int], *, relations: Iterable[Relation]
    ) -> Evidence:
        """The evidence of a record.

        Args:
            main: The entity that the record is about.
            parts: The other entities that it rests on; those far away are not quoted.
            relations: The relations that it rests on.
        """
        parts = [p for p in parts if p != main]
        paragraph = self.paragraph(self.position(main))
        inside = [i for i in (main, *parts) if paragraph.start <= self.position(i) <= paragraph.end]
        quote = Span(
            min(self.sentence(self.position(i)).start for i in inside),
            max(self.sentence(max(self.end(i) - 1, self.position(i))).end for i in inside),
        )
        quote = self._trimmed(quote)
        raw = self._to_raw(quote, main)
        entity = self.doc.entities[main]
        scores = [(e.label, e.score) for e in (self.doc.entities[i] for i in (main, *parts))]
        scores += [(r.label, r.score) for r in relations]
        known = tuple((name, score) for name, score in scores if score is not None)
        has_clean = len(quote) > 0
        return Evidence(
            article=self.doc.id,
            paragraph=self.text.count("\n", 0, quote.start),
            start=raw.start,
            end=raw.end,
            clean_start=quote.start if has_clean else None,
            clean_end=quote.end if has_clean else None,
            quote=self.doc.text[raw.start : raw.end],
            span_start=entity.start,
            span_end=entity.end,
            span=self.doc.text[entity.start : entity.end],
            score=min((score for _, score in known), default=None),
            scores=known,
            model=str(self.doc.meta.get("model") or ""),
        )

    def _trimmed(self, span: Span) -> Span:
        text = self.slice(span)
        start = span.start + len(text) - len(text.lstrip())
        return Span(start, max(start, span.start + len(text.rstrip())))

    def _to_raw(self, quote: Span, main: int) -> Span:
        """The raw characters of a quote, never less than the main span."""
        entity = self.doc.entities[main]
        if len(quote) == 0:
            return entity.span
        raw = self._map.to_raw(quote)
        return Span(min(raw.start, entity.start), max(raw.end, entity.end))
