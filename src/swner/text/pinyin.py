"""Readings that a tool put in after characters, 鄉(xiāng)鎮(zhèn): the rule that takes them out."""

from __future__ import annotations

import re
from functools import lru_cache

from swner.text.offsets import Edit
from swner.text.rules import HAN, EditRule

_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜăĕĭŏŭńňǹḿ"
_BARE = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüăĕĭŏŭńňǹḿɡ", "aaaaeeeeiiiioooouuuuvvvvvaeiounnnmg")
_SYLLABLE = re.compile(
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:[aeo]|ai|ei|ao|ou|an|en|ang|eng|ong|er|i|ia|ie|iao|iu|ian|in|iang|ing|iong"
    r"|u|ua|uo|uai|ui|uan|un|uang|v|ve|van|vn|ue)|m|n|ng"
)
READING = re.compile(rf"(?<=[{HAN}])(?:[(（] ?[a-zü{_TONED}ɡ]{{1,6}} ?[)）])+")
"""One or more readings in brackets after a Han character; check with `is_reading`."""


@lru_cache(maxsize=8192)
def is_reading(letters: str, *, toned: bool = True) -> bool:
    """Whether letters are one pinyin syllable, by default one that carries a tone mark."""
    if not _SYLLABLE.fullmatch(letters.translate(_BARE)):
        return False
    n_tones = sum(c in _TONED for c in letters)
    return n_tones == 1 if toned else n_tones < 2


@lru_cache(maxsize=8192)
def readings_in(bracketed: str, *, toned: bool = True) -> tuple[str, ...]:
    """The readings in one match of `READING`; empty if any of them is none."""
    parts = tuple(re.findall(r"[^()（） ]+", bracketed))
    return parts if all(is_reading(part, toned=toned) for part in parts) else ()


def find_readings(text: str) -> list[Edit]:
    """Readings put in after characters: 鄉(xiāng)鎮(zhèn).

    A syllable without a tone mark, 們(men), is taken for a reading only where at least three
    toned ones show that this text has been treated so.
    """
    found = list(READING.finditer(text))
    toned = [m for m in found if readings_in(m[0])]
    if len(toned) >= 3:
        toned = [m for m in found if readings_in(m[0], toned=False)]
    return [(m.start(), m.end(), "") for m in toned]


READINGS = EditRule("readings", find_readings)
