"""The sentence around a span, for reading an error in its place."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from swner.document import Span

_END = re.compile(r"[。！？!?…]+[”’」』》）)]*|\n+")


class Sentences:
    """Where the sentences of a text begin and end; a line break ends one too.

    Args:
        text: Any text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._bounds = sorted({0, *(m.end() for m in _END.finditer(text)), len(text)})

    def around(self, span: Span) -> Span:
        """The sentence that holds `span`, or the run of sentences if it goes over a border.

        White space at the outer edges is left out, but never a character of `span`.
        """
        start = self._bounds[max(0, bisect_right(self._bounds, span.start) - 1)]
        end = self._bounds[min(bisect_left(self._bounds, span.end), len(self._bounds) - 1)]
        while start < span.start and self._text[start].isspace():
            start += 1
        while end > span.end and self._text[end - 1].isspace():
            end -= 1
        return Span(start, end)
