"""Monotone maps between the characters of a raw text and those of its cleaned form.

A map is a list of runs, stored as numpy arrays. A run is `linear` (n clean characters stand for
n raw ones, one by one) or a block (n clean characters stand, together, for m raw ones). Raw
characters between two runs are deleted ones.

Invariants: the runs cover the clean text without gaps and in order; their raw starts and their
raw ends never go back; no run is empty. So both directions are monotone and every clean
character has a raw range of at least one character.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swner.document import Span

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Edit = tuple[int, int, str]
"""Replace raw characters [start, end) by a string; the empty string deletes."""


def _ints(values: Sequence[int] | Ints) -> Ints:
    return np.asarray(values, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class OffsetMap:
    """Where each clean character comes from.

    Attributes:
        raw_length: Characters of the raw text.
        clean_length: Characters of the clean text.
        clean_start: First clean offset of each run; shape (n_runs,), like the others.
        raw_start: First raw offset of each run.
        raw_end: One past the last raw offset of each run.
        linear: Whether the run maps character by character.
    """

    raw_length: int
    clean_length: int
    clean_start: Ints
    raw_start: Ints
    raw_end: Ints
    linear: Bools

    @classmethod
    def identity(cls, length: int) -> OffsetMap:
        """The map of a text of `length` characters that nothing changed."""
        if length == 0:
            return cls(0, 0, _ints([]), _ints([]), _ints([]), np.zeros(0, dtype=np.bool_))
        return cls(length, length, _ints([0]), _ints([0]), _ints([length]), np.ones(1, np.bool_))

    @classmethod
    def from_edits(cls, raw_length: int, edits: Iterable[Edit]) -> OffsetMap:
        """The map that `edits`, sorted by start and not overlapping, make.

        A replacement as long as what it replaces maps character by character.

        Raises:
            ValueError: An edit is out of order, out of the text, or inserts (an empty range).
        """
        clean: list[int] = []
        starts: list[int] = []
        ends: list[int] = []
        linear: list[bool] = []
        at, out = 0, 0

        def run(start: int, end: int, length: int) -> None:
            nonlocal out
            clean.append(out)
            starts.append(start)
            ends.append(end)
            linear.append(end - start == length)
            out += length

        for start, end, new in edits:
            if not at <= start < end <= raw_length:
                raise ValueError(f"edit ({start}, {end}) after {at} in {raw_length} characters")
            if start > at:
                run(at, start, start - at)
            if new:
                run(start, end, len(new))
            at = end
        if at < raw_length:
            run(at, raw_length, raw_length - at)
        made = cls(
            raw_length, out, _ints(clean), _ints(starts), _ints(ends), np.asarray(linear, np.bool_)
        )
        return made._merged()

    @property
    def n_runs(self) -> int:
        """Number of runs: what the map costs in memory."""
        return len(self.clean_start)

    @property
    def is_identity(self) -> bool:
        """Whether raw and clean text have the same offsets throughout."""
        return self.raw_length == self.clean_length and (
            self.n_runs == 0 or (self.n_runs == 1 and bool(self.linear[0]))
        )

    def to_raw(self, span: Span) -> Span:
        """The raw range from the first to the last character of a clean span.

        Deleted characters inside are part of it, those at its edges are not. An empty span maps
        to the empty span before its character's raw range.

        Raises:
            ValueError: The span does not lie in the clean text.
        """
        if not 0 <= span.start <= span.end <= self.clean_length:
            raise ValueError(f"{span} does not lie in {self.clean_length} clean characters")
        if span.start == span.end:
            if span.start < self.clean_length:
                at = int(self._raw_starts(_ints([span.start]))[0])
            else:
                at = int(self.raw_end[-1]) if self.n_runs else 0
            return Span(at, at)
        start = int(self._raw_starts(_ints([span.start]))[0])
        return Span(start, int(self._raw_ends(_ints([span.end - 1]))[0]))

    def to_clean(self, span: Span) -> Span | None:
        """The clean characters whose raw ranges touch a raw span; None where there are none.

        Raises:
            ValueError: The span does not lie in the raw text.
        """
        if not 0 <= span.start <= span.end <= self.raw_length:
            raise ValueError(f"{span} does not lie in {self.raw_length} raw characters")
        if span.start == span.end or not self.n_runs:
            return None
        first = int(np.searchsorted(self.raw_end, span.start, side="right"))
        last = int(np.searchsorted(self.raw_start, span.end, side="left")) - 1
        if first > last:
            return None
        start, end = int(self.clean_start[first]), self._clean_end(last)
        if self.linear[first]:
            start += max(0, span.start - int(self.raw_start[first]))
        if self.linear[last]:
            end -= max(0, int(self.raw_end[last]) - span.end)
        return Span(start, end)

    def compose(self, after: OffsetMap) -> OffsetMap:
        """The map raw to clean of a rule's result on this map's clean text.

        `a.compose(b).to_raw(s) == a.to_raw(b.to_raw(s))` for every non-empty span.

        Raises:
            ValueError: `after` starts from a text of another length than this map's clean text.
        """
        if after.raw_length != self.clean_length:
            raise ValueError(f"{after.raw_length} characters after {self.clean_length}")
        if after.is_identity:
            return self
        if self.is_identity:
            return after
        if after.clean_length == 0:
            empty = OffsetMap.identity(0)
            return OffsetMap(
                self.raw_length, 0, empty.clean_start, empty.raw_start, empty.raw_end, empty.linear
            )
        cuts = np.union1d(after.clean_start, after._images(self.clean_start))
        ends = np.append(cuts[1:], after.clean_length)
        middle_start, middle_end = after._raw_starts(cuts), after._raw_ends(ends - 1)
        run = np.searchsorted(after.clean_start, cuts, side="right") - 1
        inner = np.searchsorted(self.clean_start, middle_start, side="right") - 1
        return OffsetMap(
            self.raw_length,
            after.clean_length,
            cuts,
            self._raw_starts(middle_start),
            self._raw_ends(middle_end - 1),
            after.linear[run] & self.linear[inner],
        )._merged()

    def slice(self, clean: Span, raw: Span) -> OffsetMap:
        """The map of a piece: `clean` offsets, re-based, to offsets in the raw piece `raw`.

        Raises:
            ValueError: The clean piece does not come from within the raw piece.
        """
        whole = self.to_raw(clean)
        if len(clean) and not (raw.start <= whole.start and whole.end <= raw.end):
            raise ValueError(f"clean {clean} comes from {whole}, outside {raw}")
        if not len(clean):
            empty = OffsetMap.identity(0)
            return OffsetMap(
                len(raw), 0, empty.clean_start, empty.raw_start, empty.raw_end, empty.linear
            )
        first = int(np.searchsorted(self.clean_start, clean.start, side="right")) - 1
        last = int(np.searchsorted(self.clean_start, clean.end, side="left"))
        starts = np.maximum(self.clean_start[first:last], clean.start)
        ends = np.append(starts[1:], clean.end)
        return OffsetMap(
            len(raw),
            len(clean),
            starts - clean.start,
            self._raw_starts(starts) - raw.start,
            self._raw_ends(ends - 1) - raw.start,
            self.linear[first:last].copy(),
        )

    def _clean_end(self, run: int) -> int:
        following = run + 1
        return int(self.clean_start[following]) if following < self.n_runs else self.clean_length

    def _raw_starts(self, clean: Ints) -> Ints:
        """First raw offset of each clean character."""
        run = np.searchsorted(self.clean_start, clean, side="right") - 1
        within = np.where(self.linear[run], clean - self.clean_start[run], 0)
        return np.asarray(self.raw_start[run] + within, dtype=np.int64)

    def _raw_ends(self, clean: Ints) -> Ints:
        """One past the last raw offset of each clean character."""
        run = np.searchsorted(self.clean_start, clean, side="right") - 1
        within = self.raw_start[run] + (clean - self.clean_start[run]) + 1
        return np.asarray(np.where(self.linear[run], within, self.raw_end[run]), dtype=np.int64)

    def _images(self, raw: Ints) -> Ints:
        """Clean offsets of those raw offsets that lie in linear runs."""
        run = np.searchsorted(self.raw_start, raw, side="right") - 1
        safe = np.maximum(run, 0)
        good = (run >= 0) & self.linear[safe] & (raw < self.raw_end[safe])
        return np.asarray((self.clean_start[safe] + raw - self.raw_start[safe])[good], np.int64)

    def _merged(self) -> OffsetMap:
        """The same map with linear runs that continue each other made one."""
        if self.n_runs < 2:
            return self
        joins = self.linear[:-1] & self.linear[1:] & (self.raw_end[:-1] == self.raw_start[1:])
        if not joins.any():
            return self
        keep = np.append(True, ~joins)
        last = np.append(np.flatnonzero(keep)[1:] - 1, self.n_runs - 1)
        return OffsetMap(
            self.raw_length,
            self.clean_length,
            self.clean_start[keep],
            self.raw_start[keep],
            self.raw_end[last],
            self.linear[keep],
        )
