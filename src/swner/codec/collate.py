"""Windows into padded batches, sorted by length under a budget of positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swner.codec.encode import IGNORED, Features
from swner.codec.tokenize import PieceTable

N_SPECIALS = 2  # [CLS] before and [SEP] after every window


@dataclass(frozen=True)
class Batch:
    """Padded arrays of a batch of windows.

    Attributes:
        input_ids: int64, shape (windows, length): [CLS], pieces, [SEP], padding.
        attention_mask: int64, same shape: 1 for all but padding.
    """

    input_ids: npt.NDArray[np.int64]
    attention_mask: npt.NDArray[np.int64]


def pad(windows: Sequence[npt.NDArray[np.int64]], *, pieces: PieceTable) -> Batch:
    """Put specials around the piece ids of windows and pad them to the longest."""
    length = max(len(w) for w in windows) + N_SPECIALS
    ids = np.full((len(windows), length), pieces.pad_id, np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, 0] = pieces.start_id
        ids[row, 1 : len(window) + 1] = window
        ids[row, len(window) + 1] = pieces.end_id
        mask[row, : len(window) + N_SPECIALS] = 1
    return Batch(ids, mask)


@dataclass(frozen=True)
class TrainingBatch:
    """A batch with its gold answers; positions count from [CLS].

    Attributes:
        batch: The padded windows.
        tags: int64, shape (windows, length); -100 where no loss is taken.
        pair_windows: int64, shape (pairs,): the row that each pair lies in.
        pair_spans: int64, shape (pairs, 4), shifted by one for [CLS].
        pair_features: int64, shape (pairs, features).
        pair_gold: float32, shape (pairs,).
    """

    batch: Batch
    tags: npt.NDArray[np.int64]
    pair_windows: npt.NDArray[np.int64]
    pair_spans: npt.NDArray[np.int64]
    pair_features: npt.NDArray[np.int64]
    pair_gold: npt.NDArray[np.float32]


def collate(features: Sequence[Features], *, pieces: PieceTable) -> TrainingBatch:
    """Pad windows with their gold tags and pairs."""
    batch = pad([f.piece_ids for f in features], pieces=pieces)
    tags = np.full(batch.input_ids.shape, IGNORED, np.int64)
    for row, f in enumerate(features):
        tags[row, 1 : len(f) + 1] = f.tags
    rows = [np.full(len(f.pair_gold), row, np.int64) for row, f in enumerate(features)]
    return TrainingBatch(
        batch,
        tags,
        np.concatenate(rows),
        np.concatenate([f.pair_spans + 1 for f in features]),
        np.concatenate([f.pair_features for f in features]),
        np.concatenate([f.pair_gold for f in features]),
    )


def group_within(budget: int, sizes: Sequence[int], order: Sequence[int]) -> list[list[int]]:
    """Cut `order` into groups whose rows times their first, longest size stay within `budget`.

    Args:
        budget: Positions in a group, padding included; a single larger item gets its own group.
        sizes: Positions of each item, specials included.
        order: Indices into `sizes`, the longest first.
    """
    groups: list[list[int]] = []
    for index in order:
        if groups and (len(groups[-1]) + 1) * sizes[groups[-1][0]] <= budget:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def batches_by_length(lengths: Sequence[int], *, budget: int) -> list[list[int]]:
    """Indices of windows grouped under a budget of positions, longest first."""
    sizes = [length + N_SPECIALS for length in lengths]
    return group_within(budget, sizes, sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)))
