"""Cut a text into windows that an encoder can read.

Invariants (property-tested): every character is in exactly one window's own part; own parts follow
one another in order; no window is longer than `max_pieces`. Cuts fall at paragraph ends where they
can, else after 。！？；, else after ，、, else anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

_CUTS = ("\n", "。！？；!?;", "，、,：:）)")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch `[start, end)` of the text, of which `[own_start, own_end)` is the window's own.

    What lies outside the own part is context: it is read, but its labels come from other windows.
    """

    start: int
    end: int
    own_start: int
    own_end: int

    def __len__(self) -> int:
        return self.end - self.start


def make_windows(text: str, *, max_pieces: int, context: int) -> list[Window]:
    """Windows over `text`, in order.

    Args:
        text: Clean text.
        max_pieces: Longest window, context included.
        context: Characters before the own part; what room is left after it is filled too.
    """
    windows: list[Window] = []
    start = 0
    while start < len(text):
        before = min(context, start)
        end = _cut(text, start, start + max_pieces - before)
        window_start = start - before
        window_end = min(len(text), window_start + max_pieces)
        if end == len(text):
            window_start = max(0, window_end - max_pieces)
        windows.append(Window(window_start, window_end, start, end))
        start = end
    return windows


def _cut(text: str, start: int, limit: int) -> int:
    """Where the own part that begins at `start` ends: at most `limit`, in its second half."""
    if limit >= len(text):
        return len(text)
    middle = start + (limit - start) // 2
    for marks in _CUTS:
        at = max(text.rfind(mark, middle, limit) for mark in marks)
        if at >= 0:
            return at + 1
    return limit


def paragraphs(text: str) -> list[tuple[int, int]]:
    """Ranges of the lines of `text`, line breaks excluded, empty lines left out."""
    ranges = []
    start = 0
    for line in text.split("\n"):
        if line:
            ranges.append((start, start + len(line)))
        start += len(line) + 1
    return ranges
