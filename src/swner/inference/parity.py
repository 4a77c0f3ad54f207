"""How far two backends of one model differ, from the scores of tags to what is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swner.codec.collate import pad
from swner.codec.decode import decode_texts
from swner.codec.pairs import PairBatch, candidates, to_batch
from swner.codec.tags import TagSet
from swner.codec.windows import make_windows
from swner.document import Entity
from swner.inference.backend import Backend, Encoded
from swner.schema import Schema

SAME = 1e-4
"""Largest difference of a tag score (a logit) or a pair score (a probability) in full precision."""


@dataclass(frozen=True)
class Parity:
    """Differences between two backends on some texts.

    Attributes:
        n_chars: Characters compared, those of windows' contexts included.
        mean_emission: Mean absolute difference of tag scores.
        max_emission: The largest one.
        max_pair_score: Largest difference of a pair's probability; pairs of what the first finds.
        n_entities: Entities that the first backend finds.
        n_shared: Those that the second finds too, both boundaries and the label the same.
        n_other: Entities that the second finds.
    """

    n_chars: int
    mean_emission: float
    max_emission: float
    max_pair_score: float
    n_entities: int
    n_shared: int
    n_other: int

    @property
    def agreement(self) -> float:
        """F1 of the second's entities with the first's as gold, 0 to 1."""
        total = self.n_entities + self.n_other
        return 2 * self.n_shared / total if total else 1.0


def compare(reference: Backend, other: Backend, texts: Sequence[str]) -> Parity:
    """Run both backends over clean texts, window by window.

    Args:
        reference: The one to go by.
        other: The one to judge, of the same model.
        texts: Not all empty.
    """
    config = reference.windows
    differences: list[npt.NDArray[np.float32]] = []
    max_pair_score, n_entities, n_shared, n_other = 0.0, 0, 0, 0
    for text in texts:
        for window in make_windows(text, max_pieces=config.max_pieces, context=config.context):
            part = text[window.start : window.end]
            one, two = _encode(reference, part), _encode(other, part)
            differences.append(np.abs(one.emissions - two.emissions))
            found, found_other = _entities(reference, part, one), _entities(other, part, two)
            n_entities, n_other = n_entities + len(found), n_other + len(found_other)
            n_shared += len({e.key for e in found} & {e.key for e in found_other})
            batch = _pairs(part, found, reference.schema)
            scores = reference.pair_scores(one.states, batch), other.pair_scores(two.states, batch)
            max_pair_score = max(max_pair_score, np.abs(scores[0] - scores[1]).max(initial=0.0))
    values = np.concatenate(differences)
    return Parity(
        n_chars=len(values),
        mean_emission=float(values.mean()),
        max_emission=float(values.max()),
        max_pair_score=float(max_pair_score),
        n_entities=n_entities,
        n_shared=n_shared,
        n_other=n_other,
    )


def _encode(backend: Backend, text: str) -> Encoded:
    return backend.encode(pad([backend.pieces.ids(text)], pieces=backend.pieces))[0]


def _entities(backend: Backend, text: str, encoded: Encoded) -> list[Entity]:
    """What a backend finds in a window."""
    tags, emissions = TagSet.of(backend.schema), encoded.emissions.astype(np.float64)
    return decode_texts([text], [emissions], transitions=backend.transitions, tags=tags)[0]


def _pairs(text: str, entities: Sequence[Entity], schema: Schema) -> PairBatch:
    return to_batch(text, entities, candidates(text, entities, schema=schema), schema=schema)
