"""What a cleaning rule is, and the rules that look at characters only.

A rule is a named object with `apply(text) -> Change`; each one runs in time linear in the text.
Rules that see lines are in `lines`, those on inserted readings in `pinyin`, on traditional
characters in `hanzi`, on byte damage in `damage`; `clean` puts them in order.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from swner.text.offsets import Edit, OffsetMap

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
"""Han characters, as the inside of a regular expression's class."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a rule made of a text.

    Attributes:
        text: The new text.
        map: From the text the rule was given to the new one; None where no offset moved.
        count: How many places (characters, for tables) the rule changed; 0 if none.
    """

    text: str
    map: OffsetMap | None
    count: int


class Rule(Protocol):
    """A named, composable step of cleaning."""

    @property
    def name(self) -> str:
        """Key in `CleanText.counts`."""
        ...

    def apply(self, text: str) -> Change:
        """The cleaned text with its map. Never raises, whatever the characters."""
        ...


def edited(text: str, edits: Iterable[Edit]) -> Change:
    """Apply sorted, non-overlapping edits to a text. Edits that change nothing are left out."""
    real = [edit for edit in edits if text[edit[0] : edit[1]] != edit[2]]
    if not real:
        return Change(text, None, 0)
    parts: list[str] = []
    at = 0
    for start, end, new in real:
        parts.append(text[at:start])
        parts.append(new)
        at = end
    parts.append(text[at:])
    return Change("".join(parts), OffsetMap.from_edits(len(text), real), len(real))


def any_of(codes: Collection[int]) -> re.Pattern[str]:
    """A pattern that finds any of the characters with these code points.

    It may find others beyond U+FFFF: a range stands for them there, for single ones are slow.
    """
    near = sorted(code for code in codes if code < 0x10000)
    far = [code for code in codes if code >= 0x10000]
    spread = f"{chr(min(far))}-{chr(max(far))}" if far else ""
    return re.compile(f"[{re.escape(''.join(map(chr, near)))}{spread}]")


def n_changed(before: str, after: str) -> int:
    """How many characters of two equally long texts differ."""
    if before == after:
        return 0
    a, b = (np.frombuffer(t.encode("utf-32-le", "surrogatepass"), "<u4") for t in (before, after))
    return int(np.count_nonzero(a != b))


@dataclass(frozen=True)
class EditRule:
    """A rule that finds the ranges to replace."""

    name: str
    find: Callable[[str], Iterable[Edit]]

    def apply(self, text: str) -> Change:
        """See `Rule.apply`."""
        return edited(text, self.find(text))


@dataclass(frozen=True)
class PatternRule:
    """A rule that replaces each match of a pattern by what `replace` makes of it."""

    name: str
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str]], str]

    def apply(self, text: str) -> Change:
        """See `Rule.apply`."""
        found = self.pattern.finditer(text)
        return edited(text, ((m.start(), m.end(), self.replace(m)) for m in found))


@dataclass(frozen=True)
class TableRule:
    """A rule that replaces single characters by single characters: no offset moves."""

    name: str
    table: Mapping[int, str] = field(repr=False)

    @cached_property
    def _keys(self) -> re.Pattern[str]:
        return any_of(self.table)

    def apply(self, text: str) -> Change:
        """See `Rule.apply`."""
        if not self._keys.search(text):  # much faster than a translation that changes nothing
            return Change(text, None, 0)
        new = text.translate(self.table)
        return Change(new, None, n_changed(text, new))


def _drop(match: re.Match[str]) -> str:
    return ""


# Line ends and spaces ------------------------------------------------------------------------

LINE_ENDS = PatternRule(
    "line_ends", re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]"), lambda _: "\n"
)

CONTROLS = PatternRule(
    "controls",
    re.compile(
        "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u180e\u200b-\u200f\u202a-\u202e"
        "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffc\ufffe\uffff\ud800-\udfff]+"
    ),
    _drop,
)
"""Out: control characters, zero-width and direction marks, lone surrogates."""

ODD_SPACES = TableRule(
    "odd_spaces",
    {ord(c): " " for c in "\t\xa0\u1680\u202f\u205f\u3000"} | dict.fromkeys(range(8192, 8203), " "),
)

SPACES = PatternRule(
    "spaces",
    re.compile(
        r"^ +| +$"  # round a line
        rf"|(?<=[{HAN}]) +(?=[0-9A-Za-z])|(?<=[0-9A-Za-z]) +(?=[{HAN}])"
        rf"|(?<=[{HAN}]) +(?=[，。、；：！？）》】,;:!?)%])|(?<=[，。、；！？]) +(?=[{HAN}])"
        r"|  +",
        re.MULTILINE,
    ),
    lambda m: " " if len(m[0]) > 1 and _keeps_space(m) else "",
)


def _keeps_space(match: re.Match[str]) -> bool:
    """Whether a run of spaces is only too long: it stands between two characters of one kind."""
    text, start, end = match.string, match.start(), match.end()
    if start == 0 or end == len(text) or text[start - 1] == "\n" or text[end] == "\n":
        return False
    return _RUN.match(text, start - 1, end + 1) is None


_RUN = re.compile(
    rf"[{HAN}] +[0-9A-Za-z，。、；：！？）》】,;:!?)%]|[0-9A-Za-z] +[{HAN}]|[，。、；！？] +[{HAN}]"
)

# Characters ----------------------------------------------------------------------------------


_RADICALS = "⺟母⺠民⻁虎⻄西⻅见⻆角⻉贝⻋车⻓长⻔门⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻨麦⻩黄⻬齐⻮齿⻰龙⻳龟"
"""Radicals that stand for a character in PDFs and that NFKC leaves alone, each before it."""


def _compatibility() -> dict[int, str]:
    """Kangxi radicals and compatibility ideographs to the usual character (PDFs hold them)."""
    codes = [*range(0x2E80, 0x2FE0), *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20)]
    pairs = ((code, unicodedata.normalize("NFKC", chr(code))) for code in codes)
    known = {code: new for code, new in pairs if len(new) == 1 and new != chr(code)}
    return known | dict(zip(map(ord, _RADICALS[::2]), _RADICALS[1::2], strict=True))


COMPATIBILITY = TableRule("compatibility", _compatibility())

WIDTH = TableRule(
    "width",
    {
        ord(c): chr(ord(c) - 0xFEE0)
        for c in "０１２３４５６７８９％"
        + "".join(chr(code) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)))
    },
)
"""Full-width digits, letters and the per cent sign to ASCII; other marks stay as they are."""

POINT = PatternRule("point", re.compile(r"(?<=[0-9])．(?=[0-9])"), lambda _: ".")
"""A full-width point inside a number."""

_CJK = rf"{HAN}，。、；：！？）》】」』”’（《【「『“‘"
DOUBLED = PatternRule(
    "doubled_marks",
    re.compile(rf"([，。、；：])\1+|，,+|,，+|(?<=[{_CJK}])([,;:])\2+|([,;:])\3+(?=[{_CJK}])"),
    lambda m: m[0][0],
)
"""A comma, full stop, colon or semicolon set twice. `！！`, `……` and `——` are meant."""

# Remains of markup ---------------------------------------------------------------------------

ENTITIES = PatternRule(
    "entities",
    re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"),
    lambda m: html.unescape(m[0]),
)

_BLOCK = frozenset(
    [
        "p",
        "br",
        "div",
        "li",
        "ul",
        "ol",
        "tr",
        "td",
        "th",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "center",
        "hr",
    ]
)
TAGS = PatternRule(
    "tags",
    re.compile(
        r"<!--[^<>]{0,500}-->|</?(p|br|div|li|ul|ol|tr|td|th|table|tbody|h[1-6]|section|center|hr"
        r"|span|strong|b|i|em|u|font|a|img|sup|sub)(?:[ \t][^<>]{0,500})?/?>",
        re.IGNORECASE,
    ),
    lambda m: "\n" if m[1] and m[1].lower() in _BLOCK else "",
)

MARKDOWN = PatternRule(
    "markdown",
    re.compile(
        r"!\[[^\[\]\n]{0,200}\]\([^()\s]{0,500}\)"  # an image
        r"|\[([^\[\]\n]{1,200})\]\((?:https?:|/|#|\.)[^()\s]{0,500}\)"  # a link
        r"|\*\*([^*\n]{1,200})\*\*|__([^_\n]{1,200})__"  # bold
    ),
    lambda m: m[1] or m[2] or m[3] or "",
)

HEADING_MARKS = PatternRule("heading_marks", re.compile(r"^ *#{1,6} +(?=\S)", re.MULTILINE), _drop)
