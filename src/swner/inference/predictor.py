"""Clean texts to annotated documents, streaming and in order, on any backend.

Documents go through in groups. The windows of a group are sorted by length into batches under a
budget of positions, run, and put together again; what a document is predicted with, and so its
scores to the last bit, depends on its group alone. The network runs in threads of its own, and all
else (reading what comes next, decoding what is done) happens meanwhile in the caller's: a backend
holds no interpreter lock while it computes, and everything else does.

Memory does not grow with the input: a few chunks are under way at a time, a chunk is at most some
40,000 characters, and a document that is longer than that passes in several.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from swner.codec.collate import batches_by_length, pad
from swner.codec.decode import decode_relations, decode_texts
from swner.codec.pairs import Pair, PairBatch, candidates, to_batch
from swner.codec.tags import TagSet
from swner.codec.windows import Window, make_windows
from swner.document import Document, Entity, Relation
from swner.inference.backend import Backend, Encoded

BATCH_PIECES = 4096
GROUP_CHARS = 40_000
GROUP_ITEMS = 1_000
SECTION_CHARS = 4_096
LONGEST_PARAGRAPH = 2_048
"""Beyond it a paragraph is decoded in parts, cut at a sentence's end where there is one, since its
pairs of entities grow with the square of its length."""

Item = TypeVar("Item")


def grouped(
    items: Iterable[Item], *, n_chars: Callable[[Item], int], limit: int = GROUP_CHARS
) -> Iterator[list[Item]]:
    """Cut a stream into groups of at most `limit` characters (a longer item is a group) and 1,000 items.

    Where the cuts fall depends on the items alone, from the last cut on.
    """
    group: list[Item] = []
    total = 0
    for item in items:
        n = n_chars(item)
        if group and (total + n > limit or len(group) == GROUP_ITEMS):
            yield group
            group, total = [], 0
        group.append(item)
        total += n
    if group:
        yield group


class Predictor:
    """Annotates clean texts.

    Args:
        backend: Runs the network, in `backend.n_callers` threads.
        batch_pieces: Positions in a batch, padding included.
        group_chars: Characters that are sorted into batches together.
    """

    def __init__(
        self, backend: Backend, *, batch_pieces: int = BATCH_PIECES, group_chars: int = GROUP_CHARS
    ) -> None:
        self._backend = backend
        self._batch_pieces = batch_pieces
        self._group_chars = group_chars
        self._tags = TagSet.of(backend.schema)

    def annotate(self, docs: Iterable[Document]) -> Iterator[Document]:
        """Annotated copies of documents, in order; entities and relations they had are replaced."""
        groups = grouped(docs, n_chars=lambda doc: len(doc.text), limit=self._group_chars)
        for found in self.annotate_groups(groups):
            if isinstance(found, Exception):
                raise found
            yield from found

    def annotate_groups(
        self, groups: Iterable[Sequence[Document]]
    ) -> Iterator[list[Document] | Exception]:
        """Annotate groups of documents, in order.

        Yields:
            For each group its documents, or what went wrong in it; later groups go on.
        """
        n_callers = self._backend.n_callers
        pool = ThreadPoolExecutor(n_callers, thread_name_prefix="network")
        ahead: deque[_Chunk] = deque()
        try:
            for chunk in self._chunks(groups):
                self._start(chunk, pool)
                ahead.append(chunk)
                while self._is_enough(ahead):
                    yield from self._finish(ahead.popleft())
            while ahead:
                yield from self._finish(ahead.popleft())
        finally:
            pool.shutdown(cancel_futures=True)

    def _is_enough(self, ahead: Sequence[_Chunk]) -> bool:
        """Whether the chunks behind the oldest keep all callers busy while that is decoded."""
        wanted = 2 * self._backend.n_callers
        n_behind = (
            sum(len(chunk.running) for chunk in ahead) - len(ahead[0].running) if ahead else 0
        )
        return n_behind >= wanted or len(ahead) > wanted

    def _chunks(self, groups: Iterable[Sequence[Document]]) -> Iterator[_Chunk]:
        """The windows of each group in portions; the last one of a group is marked."""
        config = self._backend.windows
        for docs in groups:
            group = _Group(docs)
            places: list[_Place] = []
            n_chars = 0
            for number, doc in enumerate(docs):
                windows = make_windows(
                    doc.text, max_pieces=config.max_pieces, context=config.context
                )
                for window, is_end in zip(windows, section_ends(doc.text, windows), strict=True):
                    if n_chars and n_chars + window.own_end - window.own_start > self._group_chars:
                        yield _Chunk(group, places)
                        places, n_chars = [], 0
                    places.append(_Place(number, window, is_end))
                    n_chars += window.own_end - window.own_start
            yield _Chunk(group, places, is_last=True)

    def _start(self, chunk: _Chunk, pool: ThreadPoolExecutor) -> None:
        """Hand the batches of a chunk to the threads that run the network: some to each."""
        lengths = [len(place.window) for place in chunk.places]
        n_callers = self._backend.n_callers
        share = sum(lengths) // n_callers if n_callers > 1 else self._batch_pieces
        for rows in batches_by_length(lengths, budget=min(share, self._batch_pieces)):
            places = [chunk.places[row] for row in rows]
            texts = [chunk.group.text_of(place) for place in places]
            chunk.running.append((rows, pool.submit(self._encode, places, texts)))

    def _encode(self, places: Sequence[_Place], texts: Sequence[str]) -> list[Encoded]:
        """The scores and states of windows' own parts."""
        pieces = self._backend.pieces
        batch = pad([pieces.ids(text) for text in texts], pieces=pieces)
        own = []
        for place, found in zip(places, self._backend.encode(batch), strict=True):
            window = place.window
            part = slice(window.own_start - window.start, window.own_end - window.start)
            # Copies, since a view would keep the whole batch in memory.
            own.append(Encoded(found.emissions[part].copy(), found.states[part].copy()))
        return own

    def _finish(self, chunk: _Chunk) -> Iterator[list[Document] | Exception]:
        """Decode a chunk once it has run; give its group's result if it is the last one of it."""
        group = chunk.group
        annotated: list[Document] = []
        if group.error is None:
            try:
                self._decode(chunk)
                if chunk.is_last:
                    annotated = self._scored(group.annotated())
            except Exception as error:
                group.error = error
        for _, future in chunk.running:
            future.cancel()
        chunk.running.clear()  # the scores need not wait for whoever takes the documents
        if chunk.is_last:
            yield annotated if group.error is None else group.error

    def _decode(self, chunk: _Chunk) -> None:
        encoded: dict[int, Encoded] = {}
        for rows, future in chunk.running:
            encoded.update(zip(rows, future.result(), strict=True))
        sections = []
        for row, place in enumerate(chunk.places):
            chunk.group.open_parts.append((place, encoded[row]))
            if place.ends_section:
                sections.append(_Section.of(chunk.group.docs[place.number], chunk.group.open_parts))
                chunk.group.open_parts = []
        found = decode_texts(
            [section.text for section in sections],
            [section.encoded.emissions for section in sections],
            transitions=self._backend.transitions,
            tags=self._tags,
        )
        for section, entities in zip(sections, found, strict=True):
            relations = self._relations(section, entities)
            chunk.group.add(section, entities, relations)

    def _scored(self, docs: list[Document]) -> list[Document]:
        """Scores as the model's calibration has them; what was found stays the same."""
        calibration = self._backend.calibration
        return docs if calibration is None else [calibration.apply(doc) for doc in docs]

    def _relations(self, section: _Section, entities: Sequence[Entity]) -> list[Relation]:
        schema = self._backend.schema
        pairs: list[Pair] = candidates(section.text, entities, schema=schema)
        batch: PairBatch = to_batch(section.text, entities, pairs, schema=schema)
        scores = self._backend.pair_scores(section.encoded.states, batch)
        return decode_relations(pairs, scores, schema=schema)


def section_ends(text: str, windows: Sequence[Window]) -> list[bool]:
    """For each window, whether a section ends with its own part.

    A section is what is decoded at once: a text of a few thousand characters whole, a longer one in
    runs of whole paragraphs, and a paragraph longer than `LONGEST_PARAGRAPH` in parts. As entities
    and relations lie inside paragraphs, only the last can change what is found.
    """
    ends = []
    section_start = paragraph_start = 0
    for window in windows:
        end = window.own_end
        paragraph_start = max(paragraph_start, text.rfind("\n", window.own_start, end) + 1)
        is_whole = paragraph_start == end and end - section_start >= SECTION_CHARS
        is_end = end == len(text) or is_whole or end - paragraph_start >= LONGEST_PARAGRAPH
        if is_end:
            section_start = paragraph_start = end
        ends.append(is_end)
    return ends


@dataclass(frozen=True)
class _Place:
    """Where a window belongs: the document's number in its group, and whether it ends a section."""

    number: int
    window: Window
    ends_section: bool


@dataclass
class _Group:
    """Documents that are predicted together, and what has been found in them so far."""

    docs: Sequence[Document]
    open_parts: list[tuple[_Place, Encoded]] = field(default_factory=list)
    error: Exception | None = None

    def __post_init__(self) -> None:
        self._entities: list[list[Entity]] = [[] for _ in self.docs]
        self._relations: list[list[Relation]] = [[] for _ in self.docs]

    def text_of(self, place: _Place) -> str:
        """The text of a window, context included."""
        return self.docs[place.number].text[place.window.start : place.window.end]

    def add(
        self, section: _Section, entities: Sequence[Entity], relations: Sequence[Relation]
    ) -> None:
        """Take in what was found in the next section of a document."""
        known, start = self._entities[section.number], section.start
        n_known = len(known)
        if start:
            entities = [replace(e, start=e.start + start, end=e.end + start) for e in entities]
        if n_known:
            relations = [
                replace(r, head=r.head + n_known, tail=r.tail + n_known) for r in relations
            ]
        known += entities
        self._relations[section.number] += relations

    def annotated(self) -> list[Document]:
        """The documents with all that was found."""
        return [
            replace(doc, entities=tuple(entities), relations=tuple(relations))
            for doc, entities, relations in zip(
                self.docs, self._entities, self._relations, strict=True
            )
        ]


@dataclass
class _Chunk:
    """A portion of a group's windows, with the batches of them that run."""

    group: _Group
    places: list[_Place]
    is_last: bool = False
    running: list[tuple[list[int], Future[list[Encoded]]]] = field(default_factory=list)


@dataclass(frozen=True)
class _Section:
    """A part of a document that is decoded at once; `start` is where it begins in the document."""

    number: int
    start: int
    text: str
    encoded: Encoded

    @classmethod
    def of(cls, doc: Document, parts: Sequence[tuple[_Place, Encoded]]) -> _Section:
        """Lay windows' own parts, which tile the text, end to end."""
        (first, _), (last, _) = parts[0], parts[-1]
        start, end = first.window.own_start, last.window.own_end
        encoded = Encoded(
            np.concatenate([e.emissions for _, e in parts]),
            np.concatenate([e.states for _, e in parts]),
        )
        return cls(first.number, start, doc.text[start:end], encoded)
