"""BIO tags: one tag a position, which may follow which, spans to tags and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swner.document import Span
from swner.schema import Schema

OUTSIDE = 0
FORBIDDEN = -1e4  # finite, so that sums and differences of scores stay finite


@dataclass(frozen=True)
class TagSet:
    """Tags of a schema: O, then B and I of each label in the schema's order."""

    labels: tuple[str, ...]

    @classmethod
    def of(cls, schema: Schema) -> TagSet:
        """The tags of a schema."""
        return cls(schema.labels)

    @property
    def names(self) -> list[str]:
        """Names of the tags by id: O, B-ORG, I-ORG, ..."""
        return ["O"] + [f"{prefix}-{label}" for label in self.labels for prefix in "BI"]

    def __len__(self) -> int:
        return 1 + 2 * len(self.labels)

    def begin(self, label: str) -> int:
        """The B tag of a label; its I tag is the next."""
        return 1 + 2 * self.labels.index(label)

    def label_of(self, tag: int) -> str:
        """Label of a tag that is not O."""
        return self.labels[(tag - 1) // 2]

    def legal(self) -> npt.NDArray[np.bool_]:
        """Which tag may follow which, shape (tags, tags) as (from, to): I-x only after B-x or I-x."""
        allowed = np.ones((len(self), len(self)), np.bool_)
        for inside in range(2, len(self), 2):
            allowed[:, inside] = False
            allowed[[inside - 1, inside], inside] = True
        return allowed

    def legal_starts(self) -> npt.NDArray[np.bool_]:
        """Which tag may open a sequence, shape (tags,): any but I."""
        allowed = np.ones(len(self), np.bool_)
        allowed[2::2] = False
        return allowed

    def encode(self, spans: Iterable[tuple[Span, str]], length: int) -> npt.NDArray[np.int64]:
        """Tags of a sequence of `length` positions, shape (length,); spans must not overlap."""
        tags = np.full(length, OUTSIDE, np.int64)
        for span, label in spans:
            begin = self.begin(label)
            tags[span.start : span.end] = begin + 1
            tags[span.start] = begin
        return tags

    def decode(self, tags: npt.NDArray[np.int64]) -> list[tuple[Span, str]]:
        """Spans of a legal sequence of tags, shape (length,), in order."""
        spans: list[tuple[Span, str]] = []
        start = -1
        for at, tag in enumerate([*tags.tolist(), OUTSIDE]):
            inside = tag > 0 and tag % 2 == 0
            if start >= 0 and not inside:
                spans.append((Span(start, at), self.label_of(int(tags[start]))))
                start = -1
            if tag % 2 == 1:
                start = at
        return spans
