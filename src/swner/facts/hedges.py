"""Words that change a number: 近, 不少于, 以上, 余 and what they mean for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PREFIXES: tuple[tuple[str, str, str], ...] = (
    (r"(?:最低)?不得?(?:少|低|小|短|下)于|不下(?=[\d一二两三四五六七八九十百千万])", ">=", "bound"),
    (r"至少(?:有|要|达到|达)?|最少|最低|起码|不止|保底", ">=", "bound"),
    (r"(?:最[高多])?不得?(?:超过|超出|高于|多于|大于|超)|至多|最多|最高|上限为?", "<=", "bound"),
    (r"(?:已|将)?(?:超过|超出|突破|多于|高于|大于|逾|超|破)", ">", "bound"),
    (r"不足|不到|不满|未满|未达|低于|少于|小于", "<", "bound"),
    (r"将近|接近|近", "<", "approximate"),
    (r"大约|大概|约为|约|估计|几乎", "~", "approximate"),
    (r"上(?=[百千万亿])|成(?=[百千万])", ">=", "vague"),
)
_SUFFIXES: tuple[tuple[str, str, str], ...] = (
    (r"(?:\(含\))?(?:及|或|\(含\))?以上(?:\(含\))?|起步|(?<=[元名个人家张%])起", ">=", "bound"),
    (r"(?:\(含\))?(?:及|或)?(?:以下|以内|之内)(?:\(含\))?", "<=", "bound"),
    (r"左右|上下", "~", "approximate"),
    (r"有余|余|多|强", ">", "approximate"),
    (r"不到", "<", "bound"),
)


@dataclass(frozen=True, slots=True)
class Hedge:
    """A comparator and a precision, as `Quantity` has them."""

    comparator: str = "="
    precision: str = "exact"

    def merged(self, comparator: str, precision: str) -> Hedge:
        """The first hedge that is read wins: 不少于 in front outweighs 左右 behind."""
        return self if self.comparator != "=" else Hedge(comparator, precision)


def strip_hedges(text: str) -> tuple[str, Hedge]:
    """Take off words such as 近, 不少于, 以上, 余 and tell what they mean."""
    hedge = Hedge()
    changed = True
    while changed:
        changed = False
        for pattern, comparator, precision in _PREFIXES:
            if found := re.match(pattern, text):
                text, changed = text[found.end() :], True
                hedge = hedge.merged(comparator, precision)
        for pattern, comparator, precision in _SUFFIXES:
            if (found := re.search(f"(?:{pattern})$", text)) and found.start() > 0:
                text, changed = text[: found.start()], True
                hedge = hedge.merged(comparator, precision)
    if (found := re.search(r"(?<=[\d一二两三四五六七八九十百千万亿])(?:余|多)", text)) or (
        found := re.search(r"(?<=[十百])来|(?<=个)多", text)
    ):
        text = text[: found.start()] + text[found.end() :]
        hedge = hedge.merged(">", "approximate")
    return text, hedge


def outer_hedge(before: str, after: str) -> Hedge:
    """The hedge just outside the span, where the span left it out (至少培养|40名)."""
    for pattern, comparator, precision in _PREFIXES[:-1]:
        reach = r"[^\d]{0,3}" if pattern.startswith("至少") else ""
        if re.search(f"(?:{pattern}){reach}$", before):
            return Hedge(comparator, precision)
    for pattern, comparator, precision in _SUFFIXES[:3]:
        if re.match(pattern, after) and not after.startswith("起"):
            return Hedge(comparator, precision)
    return Hedge()
