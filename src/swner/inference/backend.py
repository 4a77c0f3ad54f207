"""What a backend has to offer; everything else of prediction is shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from swner.codec.calibration import Calibration
from swner.codec.collate import Batch
from swner.codec.pairs import PairBatch
from swner.codec.tokenize import PieceTable
from swner.codec.viterbi import Transitions
from swner.config import WindowConfig
from swner.schema import Schema

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Encoded:
    """One window's scores, specials and padding cut off.

    Attributes:
        emissions: Tag scores, shape (length, tags).
        states: The encoder's states, shape (length, width).
    """

    emissions: Float32
    states: Float32


class Backend(Protocol):
    """Runs the network; no decoding.

    Attributes:
        calibration: What makes scores mean what they say; None leaves them as they are.
        n_callers: Threads that call `encode` at the same time. A backend that spreads one call
            over all cores has 1; one whose calls take a core each has as many as there are cores
            (that scales better, as no core waits for another), must be safe for it, and must give
            a window the same scores in any batch, since batches are then cut by the cores there are.
    """

    schema: Schema
    pieces: PieceTable
    windows: WindowConfig
    transitions: Transitions
    digest: str
    calibration: Calibration | None
    n_callers: int

    def encode(self, batch: Batch) -> Sequence[Encoded]:
        """Scores and states of each window of a batch, in its order."""

    def pair_scores(self, states: Float32, pairs: PairBatch) -> npt.NDArray[np.float64]:
        """Probabilities of pairs, shape (pairs,).

        Args:
            states: States of a whole document, shape (characters, width).
            pairs: Spans and features of the pairs, in characters of the document.
        """
