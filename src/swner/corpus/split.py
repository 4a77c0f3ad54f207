"""Splits that do not move when data is added: by a hash of the document's id."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from swner.document import Document


def unit(doc_id: str, seed: int) -> float:
    """A number in [0, 1) fixed by id and seed."""
    digest = hashlib.sha256(f"{seed}:{doc_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def hold_out(
    docs: Sequence[Document], share: float, *, seed: int
) -> tuple[list[Document], list[Document]]:
    """Split into (kept, held out); about `share` of the documents is held out."""
    kept = [d for d in docs if unit(d.id, seed) >= share]
    held = [d for d in docs if unit(d.id, seed) < share]
    return kept, held
