"""A document with annotations to the features of its windows.

What cannot be encoded is counted, never dropped in silence: gold spans that cross a window's own
part or a paragraph, and gold relations whose two ends lie in different windows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swner.codec.pairs import candidates, gold_of, to_batch
from swner.codec.tags import TagSet
from swner.codec.tokenize import PieceTable
from swner.codec.windows import Window, make_windows
from swner.document import Document, Entity, Relation, Span
from swner.schema import Schema


@dataclass(frozen=True)
class Features:
    """One window, ready to be put into a batch; positions exclude [CLS] and [SEP].

    Attributes:
        piece_ids: int64, shape (length,).
        tags: int64, shape (length,): gold tags; -100 outside the window's own part.
        pair_spans: int64, shape (pairs, 4), relative to the window; see `codec.pairs`.
        pair_features: int64, shape (pairs, features).
        pair_gold: float32, shape (pairs,).
    """

    piece_ids: npt.NDArray[np.int64]
    tags: npt.NDArray[np.int64]
    pair_spans: npt.NDArray[np.int64]
    pair_features: npt.NDArray[np.int64]
    pair_gold: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.piece_ids)


IGNORED = -100


@dataclass(frozen=True)
class EncodingLoss:
    """What training could not see; counts add."""

    n_spans: int = 0
    n_lost_spans: int = 0
    n_relations: int = 0
    n_lost_relations: int = 0

    def __add__(self, other: EncodingLoss) -> EncodingLoss:
        return EncodingLoss(
            self.n_spans + other.n_spans,
            self.n_lost_spans + other.n_lost_spans,
            self.n_relations + other.n_relations,
            self.n_lost_relations + other.n_lost_relations,
        )


@dataclass(frozen=True)
class Encoder:
    """Turns documents into features, by one table of pieces, tag set and window size."""

    pieces: PieceTable
    schema: Schema
    max_pieces: int
    context: int

    def encode(self, doc: Document) -> tuple[list[Features], EncodingLoss]:
        """Features of all windows of an annotated document, and what was lost."""
        ids = self.pieces.ids(doc.text)
        windows = make_windows(doc.text, max_pieces=self.max_pieces, context=self.context)
        features, seen_spans, seen_relations = [], 0, 0
        for window in windows:
            kept, relations = _inside(doc, window)
            features.append(self._window(doc, window, ids, kept, relations))
            seen_spans += len(kept)
            seen_relations += len(relations)
        loss = EncodingLoss(
            len(doc.entities),
            len(doc.entities) - seen_spans,
            len(doc.relations),
            len(doc.relations) - seen_relations,
        )
        return features, loss

    def _window(
        self,
        doc: Document,
        window: Window,
        ids: npt.NDArray[np.int64],
        entities: list[Entity],
        relations: list[Relation],
    ) -> Features:
        tag_set = TagSet.of(self.schema)
        spans = [(Span(e.start - window.start, e.end - window.start), e.label) for e in entities]
        tags = tag_set.encode(spans, len(window))
        tags[: window.own_start - window.start] = IGNORED
        tags[window.own_end - window.start :] = IGNORED
        pairs = candidates(doc.text, entities, schema=self.schema)
        batch = to_batch(doc.text, entities, pairs, schema=self.schema, offset=window.start)
        return Features(
            ids[window.start : window.end],
            tags,
            batch.spans,
            batch.features,
            gold_of(pairs, relations),
        )

    def encode_all(self, docs: Iterable[Document]) -> tuple[list[Features], EncodingLoss]:
        """Features of all documents, in order, and the summed loss."""
        features: list[Features] = []
        total = EncodingLoss()
        for doc in docs:
            found, loss = self.encode(doc)
            features += found
            total += loss
        return features, total


def _inside(doc: Document, window: Window) -> tuple[list[Entity], list[Relation]]:
    """Entities wholly inside the window's own part, and relations between them, re-indexed."""
    kept = [
        i
        for i, e in enumerate(doc.entities)
        if window.own_start <= e.start and e.end <= window.own_end and "\n" not in e.surface
    ]
    index = {old: new for new, old in enumerate(kept)}
    relations = [
        Relation(index[r.head], index[r.tail], r.label)
        for r in doc.relations
        if r.head in index and r.tail in index
    ]
    return [doc.entities[i] for i in kept], relations
