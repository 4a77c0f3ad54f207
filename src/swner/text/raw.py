"""What reading gives: a raw document, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class RawDocument:
    """A text as it was found.

    Attributes:
        id: For a record its own id; for a page its path below the folder given, without suffix.
        text: The characters; for a record exactly those of its text field.
        path: The file.
        kind: "page" (any number of articles) or "record" (one article).
        encoding: How the file's bytes were read.
        meta: For a record its other fields; for a page `title` and `published` where its metadata
            gives them, `n_dropped_bytes` and `n_replaced` where decoding lost something.
        n_bytes: About how many bytes of the file it took; what progress is measured by.
    """

    id: str
    text: str
    path: Path
    kind: Literal["page", "record"]
    encoding: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An input, or a line or row of one, that cannot be used.

    Attributes:
        id: The id it would have had, as far as that is known.
        path: The file.
        reason: What is wrong, where, what was expected.
        n_bytes: About how many bytes of the file it took.
    """

    id: str
    path: Path
    reason: str
    n_bytes: int = 0


Read = RawDocument | Unreadable
