"""The lines of a page and its paragraphs: lines classified, broken ones joined.

Between a page's characters (`clean`) and its articles (`articles`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from swner.document import Span
from swner.text.layout import Kind, kind_of
from swner.text.lines import LATIN_EDGE, TERMINAL, join_lines

DROPPED = frozenset({Kind.STRAY, Kind.DATE, Kind.NAVIGATION, Kind.EXTRA, Kind.CAPTION})
_HEADING = re.compile(r" *(#{1,6}) +")


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of the page: one or more of its lines.

    Attributes:
        text: Characters, joined, without heading marks.
        spans: Clean offsets of its parts in the page's clean text.
        kind: What it is by its form.
        level: Number of heading marks before it; 0 without.
        gap: Blank lines before it.
    """

    text: str
    spans: tuple[Span, ...]
    kind: Kind
    level: int
    gap: int


def read_lines(text: str) -> list[Line]:
    """The lines of a page that are not blank."""
    lines: list[Line] = []
    at, gap = 0, 0
    for raw_line in text.split("\n"):
        marks = _HEADING.match(raw_line)
        start = marks.end() if marks else len(raw_line) - len(raw_line.lstrip(" "))
        content = raw_line[start:].rstrip(" ")
        if content:
            span = Span(at + start, at + start + len(content))
            level = len(marks[1]) if marks else 0
            lines.append(Line(content, (span,), kind_of(content), level, gap))
            gap = 0
        else:
            gap += 1
        at += len(raw_line) + 1
    return lines


def join_paragraphs(lines: Sequence[Line], text: str) -> list[Line]:
    """Lines of one paragraph made one; what stands between the halves of a sentence dropped."""
    paragraphs: list[Line] = []
    content: list[Line] = []

    def flush() -> None:
        headings = frozenset(
            i
            for i, line in enumerate(content)
            if line.level or i == 0 or content[i - 1].kind is Kind.SOURCE
        )
        joined = join_lines([line.text for line in content], text, headings=headings)
        group = content[:1]
        for line, goes_on in zip(content[1:], joined, strict=True):
            if not goes_on or line.level:
                paragraphs.append(_merge(group))
                group = []
            group.append(line)
        if group:
            paragraphs.append(_merge(group))
        content.clear()

    for line in lines:
        unfinished = bool(
            content and content[-1].kind is Kind.BODY and not TERMINAL.search(content[-1].text)
        )
        if line.kind is Kind.CAPTION and unfinished:
            content.append(replace(line, kind=Kind.SHORT))  # a piece of a sentence after all
        elif line.kind not in DROPPED:
            content.append(line)
        elif line.kind in (Kind.DATE, Kind.NAVIGATION) and not unfinished:
            flush()
            paragraphs.append(line)
    flush()
    return paragraphs


def _merge(group: Sequence[Line]) -> Line:
    if len(group) == 1:
        return group[0]
    text = group[0].text
    parts = [text]
    for line in group[1:]:
        parts.append(glue(parts[-1], line.text) + line.text)
    text = "".join(parts)
    spans = tuple(span for line in group for span in line.spans)
    return replace(group[0], text=text, spans=spans, kind=kind_of(text))


def glue(before: str, after: str) -> str:
    """What takes the place of a line break inside a sentence: a space between Latin letters."""
    return " " if LATIN_EDGE.match(f"{before[-1]}\n{after[0]}") else ""
