"""Two-character Chinese words: the evidence for whether a line break cut a word in two.

The list (`data/words2.json`, 23,630 words) is taken from the dictionary of jieba (MIT licence).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def _words() -> frozenset[str]:
    data = files("swner.text").joinpath("data", "words2.json").read_text(encoding="utf-8")
    rows: dict[str, str] = json.loads(data)["words"]
    return frozenset(first + second for first, seconds in rows.items() for second in seconds)


def is_word(pair: str) -> bool:
    """Whether two characters are a usual word."""
    return pair in _words()
