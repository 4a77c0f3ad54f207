"""Other numbers for an article's quantities, each in the style it is written in.

All quantities of one unit are scaled together, so that what was more stays more: 由50元提高至60元, 3至5个
and a total beside its parts keep their order. Shares stay between 0 and 100 per cent. 全覆盖,
几十, 数百, 一半, fractions and counts that close a list (等五人) stay.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import prod
from random import Random

import cn2an

from swner.corpus.augment.edits import outside
from swner.document import Document, Entity
from swner.text.offsets import Edit

_LABELS = frozenset(("TARGET", "FIG"))
_HAN = "零一二两三四五六七八九十百千"
_NUMERAL = re.compile(rf"([0-9][0-9,，]*(?:\.[0-9]+)?|(?!百分)[{_HAN}]+)([余多来]?[十百千万亿]+|)")
_SCALES = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_UNSURE = re.compile("分之|半|全|[几数第双每零/／:：∶比]|[一二两三四五六七八九]{2}")
_HEDGE = re.compile("[余多来近约超上]|突破|左右|上下|接近|达到|不足")
_FILLER = re.compile("^[余多来]|(?:以上|以下|以内|以外|左右|上下|起|余|多)$")
_SHARE, _ALL = "%", 100
_TENTH = "成"  # ten per cent
_NARROW = ("岁", "度", "分", "小时", "时", "天", "米", "百分点")
_BARE = ("百", "千")  # in 超千家 and 百万人: they stay
_WIDEST, _NARROWEST = 2.0, 1.2  # largest factor of a unit, and of units that vary little
_BEND = 1.6  # largest exponent that shares are bent by
_SET = frozenset(
    ((Decimal(24), "小时"), (Decimal(7), "天"), (Decimal(365), "天"))
)  # round the clock, all week, all year
_TOO_MANY = 10_000  # of 万: from there on numbers are in 亿
_FEW = 2  # numbers up to this one stay, for much of a sentence hangs on them


@dataclass(frozen=True)
class _Number:
    """A number in a quantity.

    Attributes:
        start: Offset of its digits in the text, without 万 or 亿 behind them.
        text: Those digits.
        value: With 万 and 亿.
        step: What it is rounded to.
        scale: Of 万 or 亿 behind it.
    """

    start: int
    text: str
    value: Decimal
    step: Decimal
    scale: int


def rescale(doc: Document, share: float, random: Random) -> list[Edit]:
    """Edits that change quantities.

    Args:
        doc: Any document.
        share: Probability of each unit's (名, 元, %) to be scaled, with all quantities in it.
        random: Where chance comes from.
    """
    rest = outside(doc, _LABELS)
    by_unit: dict[str, list[_Number]] = defaultdict(list)
    fixed: set[str] = set()
    for entity in doc.entities:
        if entity.label not in _LABELS or doc.text[: entity.start].endswith("等"):
            continue
        unit, numbers = _read(entity)
        by_unit[unit] += numbers
        if re.search(rf"(?<![\d.]){re.escape(entity.surface)}", rest):
            fixed.add(unit)  # said elsewhere in words that are not marked
    edits: list[Edit] = []
    for unit, numbers in by_unit.items():
        if random.random() < share and unit not in fixed:
            edits += _rewritten(numbers, _scaled(unit, numbers, random))
    return edits


def _rewritten(numbers: Sequence[_Number], new: Mapping[Decimal, Decimal]) -> list[Edit]:
    """Edits to the new values; none where one of them cannot be written like the old one."""
    written = [_write(new.get(n.value, n.value) / n.scale, n.text) for n in numbers]
    if None in written:
        return []
    return [
        (n.start, n.start + len(n.text), text)
        for n, text in zip(numbers, written, strict=True)
        if text is not None and text != n.text and n.text not in _BARE
    ]


def _read(entity: Entity) -> tuple[str, list[_Number]]:
    """The unit of a quantity and its numbers; no number where one cannot be read for sure."""
    surface = entity.surface
    if _UNSURE.search(surface):
        return surface, []
    numbers: list[_Number] = []
    unit = ""
    for found in _NUMERAL.finditer(surface):
        digits, times = found.groups()
        value = _value(digits)
        if value is None:
            return surface, []
        unit = surface[found.end() :]
        scale = prod(_SCALES.get(character, 1) for character in times)
        if unit.startswith(_TENTH):
            scale, unit = scale * 10, unit.replace(_TENTH, "%", 1)
        step = _step(digits, value, is_round=bool(_HEDGE.search(surface)))
        start = entity.start + found.start()
        numbers.append(_Number(start, digits, value * scale, step * scale, scale))
    if len({number.scale for number in numbers}) > 1:
        return surface, []  # in 3至5万 both numbers are 万, in 3000至1万 one is
    return _FILLER.sub("", unit) or unit or surface, numbers


def _value(digits: str) -> Decimal | None:
    """The value of digits of either script; None where they cannot be read."""
    if digits[0] not in _HAN:
        return Decimal(re.sub("[,，]", "", digits))
    try:
        return Decimal(int(cn2an.cn2an("一" * (digits in _BARE) + digits, "smart")))
    except ValueError:
        return None


def _step(text: str, value: Decimal, *, is_round: bool) -> Decimal:
    """What a new number is rounded to, so that it is about as round as the old one."""
    decimals = len(text.partition(".")[2])
    if decimals:
        return Decimal(10) ** -decimals
    digits = str(int(value))
    n_zeros = len(digits) - len(digits.rstrip("0"))
    if n_zeros == len(digits) - 1 and n_zeros and not is_round:
        n_zeros -= 1  # 200 may become 180, but 近700 another round one
    return Decimal(10) ** n_zeros


def _scaled(unit: str, numbers: Sequence[_Number], random: Random) -> dict[Decimal, Decimal]:
    """A new value for each one, in the same order; nothing where that cannot be."""
    is_share = unit == _SHARE
    widest = _BEND if is_share else _NARROWEST if unit.endswith(_NARROW) else _WIDEST
    factor = widest ** random.uniform(-1, 1)
    fixed = {n.value for n in numbers if _stays(n, unit)}
    new: dict[Decimal, Decimal] = {}
    last = Decimal(0)
    for number in sorted(numbers, key=lambda n: (n.value, n.start)):
        if number.value in new:
            continue
        value = number.value
        if value not in fixed:
            old = float(value)
            wanted = _ALL * (old / _ALL) ** factor if is_share else old * factor
            value = _rounded(wanted, number, above=last)
        if value <= last or (is_share and number.value < _ALL <= value):
            return {}
        new[number.value] = last = value
    return new


def _stays(number: _Number, unit: str) -> bool:
    return (
        number.value <= _FEW
        or number.text in _BARE
        or (unit == _SHARE and number.value >= _ALL)
        or (number.value, unit) in _SET
    )


def _rounded(wanted: float, number: _Number, *, above: Decimal) -> Decimal:
    """The nearest value that is as round as `number`, above another one, and no 0.7万 or 2.0万."""
    steps = (Decimal(wanted) / number.step).quantize(Decimal(1), ROUND_HALF_UP)
    least = Decimal(number.scale) if number.value >= number.scale else number.step
    value = max(steps * number.step, least)
    if number.value < _TOO_MANY * number.scale <= value and number.scale > 1:
        value = _TOO_MANY * number.scale - number.step  # 15700万 would be 1.57亿
    has_decimals = number.step < number.scale and "." in number.text
    while value <= above or (has_decimals and value % (number.step * 10) == 0):
        value += number.step
    return value


def _write(value: Decimal, old: str) -> str | None:
    """A number in the style of another one; None where that style has no such number."""
    if old[0] in _HAN:
        if value != int(value) or not 0 < value < 10_000:
            return None
        written = str(cn2an.an2cn(int(value), "low"))
        if written.startswith("一十"):
            written = written[1:]
        return "两" if old == "两" and written == "二" else written
    written = f"{value:f}"
    if "." in written:
        decimals = len(old.partition(".")[2])
        written = f"{value:.{decimals}f}"
        if Decimal(written) != value:
            return None
    for comma in ",，":
        if comma in old:
            return f"{Decimal(written):,}".replace(",", comma)
    return written
