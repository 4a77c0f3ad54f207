"""Rules on lines: blank ones out, stray marks out, sentences that a page column broke joined.

The question in `continues` is always the same: do these two lines belong to one paragraph? No
single sign decides it, for a heading has no full stop either. In order: marks that cannot stand
at the edge of a line, lines that are something else by form (bylines, source lines, enumerated
points), an open quotation, then whether the first line is a sentence at all (a heading is not),
and for short lines whether the break cut a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from swner.text.offsets import Edit
from swner.text.rules import HAN, EditRule, PatternRule
from swner.text.words import is_word

_NAME = r"[\u4e00-\u9fff·]{2,4}"
_NAMES = rf"{_NAME}(?:(?: |、|,|，|/| ?(?:通讯员|记者|实习生) ?){_NAME}){{0,6}}"
_JOB = (
    r"(?:本报|本刊|本网|本台|[\u4e00-\u9fff]{2,8}(?:报|网|社|台))?"
    r"(?:首席|见习|实习|特约|驻[\u4e00-\u9fff]{1,4}|全媒体){0,2}(?:记者|通讯员|特派员|编辑|撰稿)"
)
_MADE = r"(?: ?[/ ]?(?:文/?图|图/?文|文|图|摄|摄影报道|报道|摄影))?"
BYLINE = re.compile(
    rf"[■□●◆▲▪◎★☆]? ?[(（]? ?{_JOB}[ :：]?{_NAMES}{_MADE} ?[)）]?"
    rf"|[■□◆▲▪◎] ?{_NAMES}{_MADE}"
    rf"|(?:作者|撰文|文|文/图|图/文|采写)[ :：/|丨]{{1,2}}{_NAMES}"
)
"""A line that names who wrote the article."""

SOURCE = re.compile(
    r"[(（【\[] ?(?:据|来源|原载|摘自|转自|选自|综合|作者|记者|本报|本文|稿件|文稿|供稿"
    r"|资料来源|信息来源|通讯员)"
    r"[^()（）\n]{1,60}(?:[(（][^()（）\n]{1,30}[)）][^()（）\n]{0,20})?[)）】\]]"
    r"|(?:稿件|文章|信息|资料|新闻|本文)?(?:来源|出处) ?[:：] ?\S[^。\n]{0,40}"
)
"""A line that says where the article comes from."""

ENUMERATED = re.compile(
    r"[一二三四五六七八九十]{1,3}(?:是|、|，|,|要)|[(（][一二三四五六七八九十0-9]{1,3}[)）]"
    r"|第[一二三四五六七八九十0-9]{1,3}[,，、章条节部]|[0-9]{1,2}[.、．)）](?![0-9])|[①-⑳⑴-⒇•·\-*■□●◆▲◎○★☆►▶※]"
    r"|#{1,6} "
)
_POINT = re.compile(r"[一二三四五六七八九十]{1,3}(?:是|要)")
TERMINAL = re.compile(r"[。！？!?…；;：:][”’」』)）】》\"']{0,3}$|[A-Za-z]\.$|\.{3}$")
_COMMA_END = re.compile(r"[，,、]$")
_MARK_START = re.compile(r"[，、。；：！？,;:!?)）》〉】」』%％]")
_PARTICLE_START = re.compile(
    "的(?!确|士)|们|了(?![解然])|着(?![力眼重手急实])|等(?![待级到候于])|以及|或者"
)
_CLOSING_START = re.compile(r"[”’]")
_INNER_MARK = re.compile(r"[，,；;。]")
_CLAUSES = re.compile(r"[，,；;、]")
_STARTER = re.compile(
    r"近[日年期]|[今去前]年|目前|截至|据|此外|同时|下一步|接下来|其中|为[了深进贯推切全加]|[0-9]|[“‘《【「『]|在|该|记者|日前|随着|当天"
)
_REPORTED = re.compile(
    r"(?:表示|指出|强调|要求|提出|提到|明确|认为|介绍|透露|显示|说|称|获悉|了解|来看|方面|以来|期间|之际|中|后|时)[，,:：]"
    r"|^(?:此外|同时|目前|近日|日前|据悉|据了解|其中|下一步|另外|对此|会上|会后|随后|当天|当前|今年|去年)[，,]"
)
_OPEN_END = re.compile(r"(?:[的和与及或将把被向从对让使由]|以及|并且|而且|因为|如果)$")
_STRAY = re.compile(rf"^[^\w{HAN}\n]+$", re.MULTILINE)
_WRITTEN = re.compile(rf"[\w{HAN}]")
LATIN_EDGE = re.compile(r"[A-Za-z]\n[A-Za-z]")

_TAIL = 240  # characters of a long paragraph that are looked at
_LONG = 30  # a line longer than this with a comma in it is no heading
_SHORT = 14  # a line no longer than this, without a mark, may be anything
_TITLE_MAX = 60
_EVIDENCE_MAX = 200_000  # longer texts are no articles; their own word pairs are not collected

_MIN_WRAP, _MAX_WRAP = 16, 80  # characters of a line of wrapped text
_LEAST_WRAPPED = 6
_ASCII = re.compile("[\x00-\x7f]")

_CLOSERS = {
    "“": "”",
    "‘": "’",
    "《": "》",
    "【": "】",
    "「": "」",
    "『": "』",
    "（": "）)",
    "(": "）)",
}
_BRACKET = re.compile("[“”‘’《》【】「」『』（）()]")


def opens(text: str) -> str:
    """The bracket or quotation mark left open at the end of a text, or the empty string."""
    stack: list[str] = []
    for mark in _BRACKET.findall(text):
        if mark in _CLOSERS:
            stack.append(mark)
        elif stack and mark in _CLOSERS[stack[-1]]:
            stack.pop()
    return stack[-1] if stack else ""


def _closes(text: str, opening: str) -> bool:
    """Whether a text closes what another one left open, before it opens the same again."""
    for mark in _BRACKET.findall(text):
        if mark in _CLOSERS[opening]:
            return True
        if mark == opening:
            return False
    return False


def starts_anew(line: str) -> bool:
    """Whether a line is by its form the first of something."""
    return any(pattern.fullmatch(line) for pattern in (BYLINE, SOURCE)) or bool(
        ENUMERATED.match(line)
    )


class Joiner:
    """Decides on line breaks of one text; `text` gives its own word pairs as evidence."""

    def __init__(self, text: str) -> None:
        self._text = text if len(text) <= _EVIDENCE_MAX else ""
        self._pairs: frozenset[tuple[str, str]] | None = None

    def _cuts_word(self, before: str, after: str) -> bool:
        """Whether a word, known or used elsewhere in the text, is cut by the break."""
        left, across, right = before[-2:], before[-1] + after[0], after[:2]
        if not re.fullmatch(f"[{HAN}]{{2}}", across):
            return False
        if is_word(left) and is_word(right):
            return False
        if is_word(across):
            return True
        if self._pairs is None:
            self._pairs = frozenset(zip(self._text, self._text[1:], strict=False))
        return (before[-1], after[0]) in self._pairs and not is_word(right)

    def continues(self, before: str, after: str, *, heading: bool = False) -> bool:
        """Whether a line goes on in the next one.

        Args:
            before: The paragraph so far; not empty.
            after: The next line; not empty.
            heading: Whether `before` stands where a heading would, such as on the first line.
        """
        tail = before[-_TAIL:]
        if BYLINE.fullmatch(before) or SOURCE.fullmatch(before):
            return False
        if BYLINE.fullmatch(after) or SOURCE.fullmatch(after):
            return False
        opening = opens(tail)
        if _MARK_START.match(after):
            return not TERMINAL.search(tail)
        if _CLOSING_START.match(after) and opening in "“‘" and opening:
            return True
        if TERMINAL.search(tail) or ENUMERATED.match(after):
            return False
        if opening and _closes(after[:80], opening) and not heading:
            return True
        if len(before) <= 12 and len(after) <= 12 and not _INNER_MARK.search(before + after[:-1]):
            return False  # names, cells of a table
        if _PARTICLE_START.match(after) and not heading:
            return True
        if _COMMA_END.search(tail):
            return not _is_verse(before, after)
        return self._fragment(before, after, heading=heading)

    def _fragment(self, before: str, after: str, *, heading: bool) -> bool:
        """The same question where no mark at the edges tells."""
        sentence_after = _INNER_MARK.search(after[:_TAIL]) is not None
        if heading and len(before) <= _TITLE_MAX and "。" not in before:
            return False
        if "。" in before or (len(before) > _LONG and _CLAUSES.search(before[:_TAIL])):
            sentence_after = sentence_after or TERMINAL.search(after) is not None
            return sentence_after or len(after) > _SHORT or self._cuts_word(before, after)
        if not sentence_after:
            return False
        if _POINT.match(before) or _REPORTED.search(before) or _OPEN_END.search(before):
            return True
        return not _STARTER.match(after) and self._cuts_word(before, after)


def _is_verse(before: str, after: str) -> bool:
    """Whether two lines look like verse: short and equally long."""
    return len(before) <= 16 and abs(len(before) - len(after)) <= 1


def wrap_width(lines: Sequence[str]) -> int | None:
    """The width at which all lines of a text were wrapped, in half characters; None if none were.

    Wrapped text shows by at least half its lines being equally wide, ASCII counted as half.
    """
    widths = Counter(_width(line) for line in lines if _MIN_WRAP < len(line) <= _MAX_WRAP)
    if not widths:
        return None
    width = max(widths, key=lambda w: widths[w] + widths[w - 1])
    n_full = sum(widths[w] for w in (width - 1, width, width + 1))
    return width if n_full >= max(_LEAST_WRAPPED, len(lines) / 2) else None


def _width(line: str) -> int:
    return 2 * len(line) - len(_ASCII.findall(line))


def join_lines(
    lines: Sequence[str], text: str, *, headings: frozenset[int] = frozenset()
) -> list[bool]:
    """For each line but the first, whether it continues the paragraph before it.

    Args:
        lines: Lines without blank ones.
        text: The text they come from, for evidence.
        headings: Indexes of lines that stand where a heading does.
    """
    joiner = Joiner(text)
    wrapped = wrap_width(lines)
    joined: list[bool] = []
    paragraph = lines[0] if lines else ""
    first = 0
    for i, line in enumerate(lines[1:], start=1):
        full = wrapped is not None and abs(_width(lines[i - 1]) - wrapped) < 2
        goes_on = (full and not starts_anew(line)) or joiner.continues(
            paragraph, line, heading=first in headings and first == i - 1
        )
        joined.append(goes_on)
        if goes_on:
            paragraph = (
                paragraph[-_TAIL:] + line if len(paragraph) > 2 * _TAIL else paragraph + line
            )
        else:
            paragraph, first = line, i
    return joined


def _find_joins(text: str) -> list[Edit]:
    if "\n" not in text:
        return []
    lines = text.split("\n")
    # The first line is a heading, and so is what follows a source line: the next article's.
    headings = frozenset([0, *(i + 1 for i, line in enumerate(lines) if SOURCE.fullmatch(line))])
    if "" in lines:
        return []  # `BLANK_LINES` comes first
    edits: list[Edit] = []
    at = len(lines[0])
    for line, goes_on in zip(lines[1:], join_lines(lines, text, headings=headings), strict=True):
        if goes_on:
            latin = LATIN_EDGE.match(text, at - 1) if at else None
            edits.append((at, at + 1, " " if latin else ""))
        at += 1 + len(line)
    return edits


def _find_stray(text: str) -> list[Edit]:
    """Lines of marks only, but for one that closes the line before it."""
    if not _WRITTEN.search(text):
        return []  # nothing else is there
    edits: list[Edit] = []
    last = 0
    for match in _STRAY.finditer(text):
        start, end = match.span()
        before = text[text.rfind("\n", 0, max(0, start - 1)) + 1 : max(0, start - 1)]
        if match[0][0] in "”’》）)】」』" and opens(before[-_TAIL:]):
            continue  # `BROKEN_LINES` gives it to the line before
        start, end = (max(start - 1, last), end) if start else (0, min(end + 1, len(text)))
        edits.append((start, end, ""))
        last = end
    return edits


BLANK_LINES = PatternRule(
    "blank_lines",
    re.compile(r"\A\n+|\n+\Z|\n{2,}"),
    lambda m: "\n" if m.start() > 0 and m.end() < len(m.string) else "",
)
STRAY_MARKS = EditRule("stray_marks", _find_stray)
BROKEN_LINES = EditRule("broken_lines", _find_joins)
