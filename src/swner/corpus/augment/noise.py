"""How another page would be set: marks of the other width, straight quotes, spaces more or fewer.

A page is set one way throughout, so an article gets one to three of these habits and keeps to them.
What cleaning always takes away (full-width digits, doubled marks, broken lines) is not among them,
but for spaces between digits and Han characters, which stay where a model is asked without cleaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

from swner.document import Document
from swner.text.offsets import Edit

_WIDE, _NARROW = "，；：！？（）", ",;:!?()"
_OTHER_WIDTH = dict(zip(_WIDE + _NARROW, _NARROW + _WIDE, strict=True))
_FAITHFUL = 0.9  # share of the places in which a page keeps to its habit

_EDGE_OF_DIGITS = re.compile(r"(?<=[\u4e00-\u9fff])(?=\d)|(?<=\d)(?=[\u4e00-\u9fff])")
_SPACE = re.compile(r"(?<=[^\n ]) (?=[^\n ])")
_COMMA = re.compile(r"(?<!\d)[，,](?=[^\n\d ])")
_RANGE = re.compile(r"(?<=\d)[-—](?=\d)|(?<=年)[-—](?=\d)")

Habit = Callable[[str, Random], Iterator[Edit]]


def add_noise(doc: Document, share: float, random: Random) -> list[Edit]:
    """Edits that set an article as another page would.

    Args:
        doc: Any document.
        share: Probability that it is done.
        random: Where chance comes from.
    """
    if random.random() >= share:
        return []
    edits: dict[int, Edit] = {}
    for habit in random.sample(HABITS, random.randint(1, 3)):
        faithful = 1.0 if habit is _straight_quotes else _FAITHFUL  # no half pairs
        for edit in habit(doc.text, random):
            if random.random() < faithful:
                edits.setdefault(edit[0], edit)
    return list(edits.values())


def _other_width(marks: str) -> Habit:
    pattern = re.compile(rf"(?<!\d)[{re.escape(marks)}]|[{re.escape(marks)}](?!\d)")

    def habit(text: str, random: Random) -> Iterator[Edit]:
        for match in pattern.finditer(text):
            yield match.start(), match.end(), _OTHER_WIDTH[match[0]]

    return habit


def _straight_quotes(text: str, random: Random) -> Iterator[Edit]:
    for match in re.finditer("[“”]", text):
        yield match.start(), match.end(), '"'


def _other_dashes(text: str, random: Random) -> Iterator[Edit]:
    """Ranges of years and pages: 2021—2025年, 2021-2025年, 2021～2025年."""
    new = random.choice("-—–～")
    for match in _RANGE.finditer(text):
        yield match.start(), match.end(), new


def _spaces_by_digits(text: str, random: Random) -> Iterator[Edit]:
    for match in _EDGE_OF_DIGITS.finditer(text):
        yield match.start(), match.start(), " "


def _spaces_behind_commas(text: str, random: Random) -> Iterator[Edit]:
    for match in _COMMA.finditer(text):
        yield match.start(), match.end(), ", "


def _missing_spaces(text: str, random: Random) -> Iterator[Edit]:
    for match in _SPACE.finditer(text):
        yield match.start(), match.end(), ""


def _doubled_spaces(text: str, random: Random) -> Iterator[Edit]:
    for match in _SPACE.finditer(text):
        yield match.start(), match.end(), "  "


HABITS: tuple[Habit, ...] = (
    _other_width("，,"),
    _other_width("；;：:！!？?"),
    _other_width("（）()"),
    _other_width(_WIDE + _NARROW),
    _straight_quotes,
    _other_dashes,
    _spaces_by_digits,
    _spaces_behind_commas,
    _missing_spaces,
    _doubled_spaces,
)
