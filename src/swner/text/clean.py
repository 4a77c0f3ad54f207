"""Cleaning: the rules in their order, until none of them acts any more.

Invariants: `clean(clean(x).text).text == clean(x).text`; `map` leads from each clean character to
the raw ones it stands for; characters are dropped only by the rules named in `counts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from swner.document import Span
from swner.text import lines
from swner.text import rules as characters
from swner.text.damage import DAMAGE
from swner.text.hanzi import TRADITIONAL
from swner.text.offsets import OffsetMap
from swner.text.pinyin import READINGS
from swner.text.rules import Rule

PAGE_RULES: tuple[Rule, ...] = (
    characters.LINE_ENDS,
    characters.CONTROLS,
    characters.ENTITIES,
    characters.TAGS,
    DAMAGE,
    READINGS,
    characters.COMPATIBILITY,
    TRADITIONAL,
    characters.ODD_SPACES,
    characters.WIDTH,
    characters.POINT,
    characters.SPACES,
    characters.DOUBLED,
    characters.MARKDOWN,
)
"""What may be done to a page before it is known which of its lines are an article's."""

LINE_RULES: tuple[Rule, ...] = (
    characters.HEADING_MARKS,
    lines.BLANK_LINES,
    lines.STRAY_MARKS,
    lines.BROKEN_LINES,
)

DEFAULT_RULES: tuple[Rule, ...] = PAGE_RULES + LINE_RULES

_MAX_ROUNDS = 12  # a second round is usual (it finds nothing to do), a fourth is rare


@dataclass(frozen=True)
class CleanText:
    """A text and what cleaning made of it.

    Attributes:
        raw: The text as given.
        text: The clean text: one paragraph a line, no blank lines.
        map: From clean offsets to raw ones and back.
        counts: For each rule that acted, in how many places.
    """

    raw: str
    text: str
    map: OffsetMap
    counts: Mapping[str, int]

    def surface(self, span: Span) -> str:
        """The raw characters a clean span stands for, with what lies between them."""
        raw = self.map.to_raw(span)
        return self.raw[raw.start : raw.end]


def clean(text: str, *, rules: Sequence[Rule] = DEFAULT_RULES) -> CleanText:
    """Clean a text; a text that is clean already comes back as it is.

    Time is linear in the length. Never raises, whatever the characters.
    """
    now = text
    offsets = OffsetMap.identity(len(text))
    counts: Counter[str] = Counter()
    for _ in range(_MAX_ROUNDS):
        before = now
        for rule in rules:
            change = rule.apply(now)
            if change.count:
                counts[rule.name] += change.count
                now = change.text
                if change.map is not None:
                    offsets = offsets.compose(change.map)
        if now == before:
            break
    return CleanText(raw=text, text=now, map=offsets, counts=dict(counts))
