"""Traditional to simplified characters, one pass, with OpenCC's dictionaries.

OpenCC's own tables (`TSCharacters`, `TSPhrases`, from the package opencc-python-reimplemented,
Apache-2.0) are read; its converter is not used, for it is far slower than `str.translate` and
keeps no offsets.

Some keys of the tables are also good simplified characters (於, 乾, 徵; 著 in 著名). Those, and the
phrases, are touched only where the text as a whole is traditional; characters that no
simplified text has are converted wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from swner.text.offsets import Edit
from swner.text.rules import HAN, Change, any_of, edited, n_changed

_TRADITIONAL_SHARE = 0.05
"""A text is traditional when this share of its Han characters is found in no simplified text."""

_RESTORED = "昇邨氾甦祇"
"""Not in GB 2312, but in the 2013 list of standard characters: names have them."""

# 著 is 着 (an aspect mark) in traditional texts but for words on writing and renown.
_ASPECT = re.compile(
    "(?<![顯显名原專专編编論论譯译巨昭卓遺遗土合拙撰執执])著(?![名作稱称述者書书錄录])"
)
_HAN = re.compile(f"[{HAN}]")


def _lines(name: str) -> dict[str, str]:
    """First target of each key of an OpenCC dictionary; keys that stay as they are are kept."""
    text = files("opencc").joinpath("dictionary", name).read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if "\t" in line)
    return {key: values.split()[0] for key, values in pairs}


def _is_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


@cache
def certain_table() -> Mapping[int, str]:
    """Characters that only traditional texts have, by code point."""
    return {
        ord(key): new
        for key, new in _lines("TSCharacters.txt").items()
        if key != new and key not in _RESTORED and not _is_gb2312(key)
    }


@cache
def _certain_keys() -> re.Pattern[str]:
    return any_of(certain_table())


@cache
def full_table() -> Mapping[int, str]:
    """All characters to convert in a traditional text, by code point."""
    return {ord(key): new for key, new in _lines("TSCharacters.txt").items() if key != new}


@cache
def _phrases() -> tuple[re.Pattern[str], Mapping[str, str]]:
    table = _lines("TSPhrases.txt")
    longest_first = sorted(table, key=lambda key: (-len(key), key))
    return re.compile("|".join(map(re.escape, longest_first))), table


def is_traditional(text: str) -> bool:
    """Whether enough of a text's Han characters are certainly traditional."""
    n_certain = n_changed(text, text.translate(certain_table()))
    return n_certain > 0 and n_certain >= _TRADITIONAL_SHARE * len(_HAN.findall(text))


class Traditional:
    """The rule. Phrases first, longest match, then characters."""

    name = "traditional"

    def apply(self, text: str) -> Change:
        """See `Rule.apply`."""
        if not _certain_keys().search(text):
            return Change(text, None, 0)
        certain = text.translate(certain_table())
        n_certain = n_changed(text, certain)
        if n_certain < _TRADITIONAL_SHARE * len(_HAN.findall(text)):
            return Change(certain, None, n_certain)
        pattern, table = _phrases()
        edits: list[Edit] = []
        parts: list[str] = []
        at = 0
        for match in pattern.finditer(text):
            parts.append(_characters(text[at : match.start()]))
            new = table[match[0]]
            parts.append(new)
            if len(new) != len(match[0]):
                edits.append((match.start(), match.end(), new))
            at = match.end()
        parts.append(_characters(text[at:]))
        new_text = "".join(parts)
        if edits:  # a phrase changed its length: the map is that of these phrases
            return Change(new_text, edited(text, edits).map, n_certain)
        return Change(new_text, None, n_changed(text, new_text))


def _characters(text: str) -> str:
    return _ASPECT.sub("着", text.translate(full_table()))


TRADITIONAL = Traditional()
