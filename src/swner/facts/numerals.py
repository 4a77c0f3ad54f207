"""Chinese and Arabic numerals, mixed or not, to exact decimals.

2.5万 is 25000, 3.5万亿 is 3.5 * 10**12, 三万五千 is 35000, 百万 is 10**6. Numbers below 万 that
are written in Chinese characters go through cn2an; the multipliers 万 and 亿, with which news
mixes both scripts, are applied here because cn2an refuses them (3.5万亿, 百万, 五点六万).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

import cn2an

CHINESE_DIGITS = "零〇一二两三四五六七八九"
NUMERAL = rf"(?:\d+(?:\.\d+)?|[{CHINESE_DIGITS}十百千万亿廿卅点])+"
_MULTIPLIERS = {"十": Decimal(10), "百": Decimal(100), "千": Decimal(1000)}
_ARABIC = re.compile(r"(\d+(?:\.\d+)?)([十百千]?)")
_YEAR_DIGITS = str.maketrans("零〇○Ｏ一二三四五六七八九", "0000123456789")
_DASHES = re.compile("[-‐‑‒–—―−－~～〜]+")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as written.

    Attributes:
        value: Its exact value.
        step: The value of one unit in its last written digit: 1000 for 2.5万, 1 for 1683.
        coefficient: The number in front of 万 or 亿 (5 for 5万), to share a multiplier in ranges.
    """

    value: Decimal
    step: Decimal
    coefficient: Decimal


def normalise(text: str) -> str:
    """Half-width characters, no spaces, no thousands commas, one kind of dash."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"\s+", "", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    return _DASHES.sub("-", text)


def parse_numeral(text: str) -> Numeral | None:
    """Read a whole string as one number; None where it is not one."""
    parsed = _scaled(text)
    if parsed is None:
        return None
    value, step = parsed
    coefficient = value
    for mark, scale in (("亿", Decimal(10) ** 8), ("万", Decimal(10) ** 4)):
        if text.endswith(mark):
            coefficient = value / scale
            break
    return Numeral(value, step, coefficient)


def digits_to_int(text: str) -> int | None:
    """Read digits written one by one (二〇二五 is 2025, ２０２５ is 2025)."""
    plain = unicodedata.normalize("NFKC", text).translate(_YEAR_DIGITS)
    return int(plain) if plain.isdigit() else None


def small_int(text: str) -> int | None:
    """Read a small whole number of either script (12, 十二, 廿三); None for anything else."""
    parsed = parse_numeral(text)
    if parsed is None or parsed.value != int(parsed.value):
        return None
    return int(parsed.value)


def _scaled(text: str) -> tuple[Decimal, Decimal] | None:
    """Value and step of `text`, splitting at the last 亿, then at the last 万."""
    if not text:
        return None
    for mark, scale in (("亿", Decimal(10) ** 8), ("万", Decimal(10) ** 4)):
        left, found, right = text.rpartition(mark)
        if not found:
            continue
        head = _scaled(left) if left else (Decimal(1), Decimal(1))
        if head is None:
            return None
        value, step = head[0] * scale, head[1] * scale
        if not right:
            return value, step
        tail = _scaled(right.lstrip("零〇"))
        return None if tail is None else (value + tail[0], tail[1])
    return _below_ten_thousand(text)


def _below_ten_thousand(text: str) -> tuple[Decimal, Decimal] | None:
    """Value and step of a number without 万 and 亿."""
    if re.fullmatch(rf"(?:{_ARABIC.pattern})+", text) and text[0].isdigit():
        total, step = Decimal(0), Decimal(1)
        for number, multiplier in _ARABIC.findall(text):
            scale = _MULTIPLIERS.get(multiplier, Decimal(1))
            decimals = len(number.partition(".")[2])
            total += Decimal(number) * scale
            step = scale / (Decimal(10) ** decimals)
        return total, step
    if not re.fullmatch(rf"[{CHINESE_DIGITS}十百千廿卅点]+", text):
        return None
    plain = text.replace("〇", "零").replace("廿", "二十").replace("卅", "三十")
    if plain[0] in "百千":
        plain = "一" + plain
    try:
        value = Decimal(str(cn2an.cn2an(plain, "smart")))
    except ValueError:
        return None
    decimals = len(plain.partition("点")[2])
    step = Decimal(1) / Decimal(10) ** decimals
    return value, _MULTIPLIERS.get(plain[-1], step)
