"""Clean texts to annotated documents, streaming and in order, on any backend.

Documents are gathered up to a bounded look-ahead, their windows sorted by length into batches under
a budget of positions, and put together again; memory does not grow with the input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from swner.codec.collate import batches_by_length, pad
from swner.codec.decode import decode_entities, decode_relations
from swner.codec.pairs import candidates, to_batch
from swner.codec.tags import TagSet
from swner.codec.windows import make_windows
from swner.document import Document
from swner.inference.backend import Backend, Encoded

BATCH_PIECES = 4096
LOOK_AHEAD = 64


class Predictor:
    """Annotates clean texts.

    Args:
        backend: Runs the network.
        batch_pieces: Positions in a batch, padding included.
        look_ahead: Documents held at once.
    """

    def __init__(
        self, backend: Backend, *, batch_pieces: int = BATCH_PIECES, look_ahead: int = LOOK_AHEAD
    ) -> None:
        self._backend = backend
        self._batch_pieces = batch_pieces
        self._look_ahead = look_ahead
        self._tags = TagSet.of(backend.schema)

    def annotate(self, docs: Iterable[Document]) -> Iterator[Document]:
        """Annotated copies of documents, in order; entities and relations they had are replaced."""
        stream = iter(docs)
        while chunk := list(islice(stream, self._look_ahead)):
            yield from self._annotate_chunk(chunk)

    def _annotate_chunk(self, docs: list[Document]) -> list[Document]:
        config = self._backend.windows
        windows = [
            (number, window)
            for number, doc in enumerate(docs)
            for window in make_windows(
                doc.text, max_pieces=config.max_pieces, context=config.context
            )
        ]
        ids = [self._backend.pieces.ids(doc.text) for doc in docs]
        encoded: list[Encoded | None] = [None] * len(windows)
        for group in batches_by_length([len(w) for _, w in windows], budget=self._batch_pieces):
            batch = pad(
                [ids[windows[i][0]][windows[i][1].start : windows[i][1].end] for i in group],
                pieces=self._backend.pieces,
            )
            for index, result in zip(group, self._backend.encode(batch), strict=True):
                number, window = windows[index]
                own = slice(window.own_start - window.start, window.own_end - window.start)
                encoded[index] = Encoded(result.emissions[own].copy(), result.states[own].copy())
        parts: list[list[Encoded]] = [[] for _ in docs]
        for (number, _), part in zip(windows, encoded, strict=True):
            assert part is not None
            parts[number].append(part)
        return [self._decode(doc, part) for doc, part in zip(docs, parts, strict=True)]

    def _decode(self, doc: Document, parts: list[Encoded]) -> Document:
        """Own parts tile the text, so their scores laid end to end are the document's."""
        if not parts:
            return Document(doc.id, doc.text, (), (), doc.meta)
        emissions = np.concatenate([p.emissions for p in parts])
        states = np.concatenate([p.states for p in parts])
        entities = decode_entities(
            doc.text,
            emissions.astype(np.float64),
            transitions=self._backend.transitions,
            tags=self._tags,
        )
        schema = self._backend.schema
        pairs = candidates(doc.text, entities, schema=schema)
        batch = to_batch(doc.text, entities, pairs, schema=schema)
        scores = self._backend.pair_scores(states, batch)
        relations = decode_relations(pairs, scores, schema=schema)
        return Document(doc.id, doc.text, tuple(entities), tuple(relations), doc.meta)
