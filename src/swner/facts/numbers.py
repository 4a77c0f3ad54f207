"""Quantities: value, unit, comparator, precision and kind of what the text counts.

`parse_quantity("近700家")` gives 700 家, below and near; `parse_quantity("2.5万人")` 25,000 人.
Shares are in per cent (60%以上, 六成 and 三分之二 all have the unit `%`), money is in whole
units (3.2亿元 is 320,000,000 元). Nothing is guessed: a surface without a number gives None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from swner.facts.hedges import outer_hedge, strip_hedges
from swner.facts.numerals import NUMERAL, normalise, parse_numeral

_LEADING = re.compile(
    r"^(?:累计|共计|总计|合计|共有|共|总共|已有|已达|已|将|人民币|仅|增加到|增加至|增至|提高到|提高至|"
    r"提升到|提升至|增长到|扩大到|发展到|达到|达|为|占|新增|增加|增长|提高|提升|减少|下降|降低|"
    r"降至|降到|各|每人每年|每人每月|每人每天|每年|每月|每人|每户|每站)"
)
_LEVEL = re.compile(
    r"(?:[到至达为占有]|达到|控制在|稳定在|保持在|维持在|建成|拥有)(?:了|约|仅|已|总)*$"
)
_UP = re.compile(
    r"(?:新增|净增|增加|增长|提高|提升|上升|上涨|增设|增配|高出|多出|增)(?:了|约|超|近)*$"
)
_DOWN = re.compile(r"(?:减少|下降|降低|缩减|压减|下调|下滑|减)(?:了|约|超|近)*$")
_NEW_NOUN = re.compile(r"(?:新增|净增|增加|增设|增配)(?![到至])[^,。;:、到至达为占共]{1,14}$")
_LESS_NOUN = re.compile(r"(?:减少|压减|缩减)(?![到至])[^,。;:、到至达为占共]{1,14}$")
_PER = re.compile(
    r"(?:每(?:\d+|[一二两三四五六七八九十百千万]+)?(?:名|户|位|个|人|张|所|家)?"
    r"(?:城镇常住人口|常住人口|城镇人口|户籍人口|城乡居民|老年人口|老年人|老人|居民|人口|儿童|学生|"
    r"乡镇|街道|社区|家庭|小区|季度|学期|小时|人|户|站|村|县|年|月|日|天|周|次|床|名|个|所|家|"
    r"例|期|班|校|场|单|件)/?)+"
)
_PER_NOUN = re.compile(
    r"每(?:个|所|家|名|支|座|处|间|村|县|站)[^,。;:、每\d]{1,8}?"
    r"(?=(?:各|至少|均|应|要|须|可|需)?(?:配备|配置|设立|建成|建立|建设|拥有|给予|派驻|资助|补助|安排|"
    r"选派|联系|开展|培育|培养|达到|不少于|不低于|新增|注册|走访|至少|有))"
)
_PERCENT = re.compile(r"(%|‰|百分比)")
_NUMBER_UNITS = ("个百分点", "百分点")
_KEPT_UNITS = ("千克", "千米", "千瓦", "百分点")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity in comparable form.

    Attributes:
        value: The number; the lower one of a range.
        upper: The upper number of a range, None where there is none.
        unit: Measure word or unit without its multiplier; `%` for shares, "" where none is written.
        comparator: One of `=`, `>=`, `<=`, `>`, `<`, `~`.
        precision: `exact`, `approximate` (近, 余, 约), `bound` (以上, 超过), `range` or `vague`
            (十几, 数百, 上万).
        kind: `level` (达到5万人), `change` (增加20个), `share` (a part in per cent), `coverage`
            (全覆盖) or `rate` (per person, per year …).
        direction: `up` or `down` for a change, else "".
        per: The denominator as written (每人每年), else "".
        step: The value of one unit in the last written digit: 1000 for 2.5万, 1 for 1683.
    """

    value: float
    unit: str
    upper: float | None = None
    comparator: str = "="
    precision: str = "exact"
    kind: str = "level"
    direction: str = ""
    per: str = ""
    step: float = 1.0


def parse_quantity(
    surface: str, context_before: str = "", context_after: str = ""
) -> Quantity | None:
    """Read a TARGET or FIG span.

    Args:
        surface: The span, as the text or its cleaned form has it (近700家, 每村1名).
        context_before: The text in front of it, at best back to the start of its sentence.
        context_after: The text behind it.

    Returns:
        The quantity, or None where the span holds no number (or only an ordinal).
    """
    text = normalise(surface)
    before = _clause_tail(normalise(context_before))
    after = normalise(context_after)[:8]
    if re.search(r"全(?:面|部|域|员)?覆盖|应[^,]{1,2}尽[^,]{1,2}", text):
        return Quantity(100.0, "%", kind="coverage")
    if re.match(r"第[\d一二三四五六七八九十]", text):
        return None
    lead = ""
    while found := _LEADING.match(text):
        lead += found.group()
        text = text[found.end() :]
    text, hedge = strip_hedges(text)
    if hedge.comparator == "=":
        hedge = outer_hedge(before + lead, after)
    core = _parse_core(text)
    if core is None:
        return None
    if core.precision == "exact" and hedge.comparator != "=":
        core = replace(core, comparator=hedge.comparator, precision=hedge.precision)
    elif core.precision == "range" and hedge.precision == "approximate":
        core = replace(core, comparator="~")
    elif core.precision == "vague" and hedge.comparator != "=":
        core = replace(core, comparator=hedge.comparator)
    return _with_kind(core, before + lead)


def _clause_tail(text: str) -> str:
    """The part of the context that belongs to the quantity's own clause."""
    return re.split(r"[,，。;；!！?？\n]", text)[-1][-40:]


def _parse_core(text: str) -> Quantity | None:
    """Read number and unit, the hedges being gone; kind is still level or share."""
    for reader in (_read_fraction, _read_tenths, _read_vague, _read_spoken_range, _read_range):
        if (quantity := reader(text)) is not None:
            return quantity
    if found := re.fullmatch(r"翻([一两二三四])番", text):
        power = "一两二三四".index(found.group(1))
        return Quantity(float(2 ** (1, 2, 2, 3, 4)[power]), "倍", kind="change", direction="up")
    return _read_single(text)


def _read_fraction(text: str) -> Quantity | None:
    """三分之二, 百分之六十, 2/3, 一半, 过半."""
    if text in ("一半", "半数", "对半"):
        return Quantity(50.0, "%", kind="share")
    if text in ("过半", "过半数", "大半", "一大半"):
        return Quantity(50.0, "%", comparator=">", precision="bound", kind="share")
    found = re.fullmatch(rf"({NUMERAL})分之({NUMERAL})", text)
    if found is None and (slash := re.fullmatch(r"(\d+)/(\d+)", text)):
        low, high = Decimal(slash.group(1)), Decimal(slash.group(2))
        return None if high == 0 else Quantity(_number(low / high * 100), "%", kind="share")
    if found is None:
        return None
    whole, part = parse_numeral(found.group(1)), parse_numeral(found.group(2))
    if whole is None or part is None or whole.value == 0:
        return None
    share = part.value / whole.value * 100
    return Quantity(_number(share), "%", kind="share", step=_number(part.step))


def _read_tenths(text: str) -> Quantity | None:
    """六成, 六成半, 七八成, 2.5成."""
    found = re.fullmatch(rf"({NUMERAL})成(半?)", text)
    if found is None:
        return None
    digits = found.group(1)
    if len(digits) == 2 and all(c in "一二两三四五六七八九" for c in digits):
        low, high = parse_numeral(digits[0]), parse_numeral(digits[1])
        if low and high:
            return Quantity(
                _number(low.value * 10), "%", _number(high.value * 10), "~", "range", "share"
            )
    number = parse_numeral(digits)
    if number is None:
        return None
    value = number.value * 10 + (5 if found.group(2) else 0)
    return Quantity(_number(value), "%", kind="share", step=10.0)


def _read_vague(text: str) -> Quantity | None:
    """十几, 二十几, 几十, 数百, 几个: a range that the words allow, marked vague."""
    if found := re.fullmatch(r"([二三四五六七八九]?)十几(万|亿)?(.*)", text):
        tens = parse_numeral((found.group(1) or "一") + "十")
        scale = _scale(found.group(2))
        if tens is not None:
            low, high = (tens.value + 1) * scale, (tens.value + 9) * scale
            return Quantity(_number(low), found.group(3), _number(high), "~", "vague")
    found = re.fullmatch(r"(?:好?几|数|多)(十|百|千)?(万|亿)?(.*)", text)
    if found is None or not (found.group(1) or found.group(2) or text[:1] in "几好数"):
        return None
    scale = _scale(found.group(1)) * _scale(found.group(2))
    return Quantity(_number(2 * scale), found.group(3), _number(10 * scale - 1), "~", "vague")


def _read_spoken_range(text: str) -> Quantity | None:
    """二三十人, 七八百, 十五六个, 三五名: two neighbouring digits."""
    digit = "[一二两三四五六七八九]"
    found = re.match(rf"([二三四五六七八九]?十)?({digit})({digit})([十百千万亿]*)", text)
    if found is None:
        return None
    first, second = (parse_numeral(found.group(n)) for n in (2, 3))
    if first is None or second is None or not first.value < second.value <= first.value + 2:
        return None
    base = parse_numeral(found.group(1)) if found.group(1) else None
    scale = Decimal(1)
    for mark in found.group(4):
        scale *= _scale(mark)
    low, high = first.value * scale, second.value * scale
    if base is not None:
        low, high = low + base.value, high + base.value
    unit = text[found.end() :]
    return Quantity(_number(low), unit, _number(high), "~", "range", step=_number(scale))


def _read_range(text: str) -> Quantity | None:
    """50至60张, 3万元至5万元, 10%-15%, 3-5名."""
    found = re.match(rf"({NUMERAL})([^\d至到-]{{0,4}}?)(?:至|到|-)({NUMERAL})", text)
    if found is None:
        return None
    low, high = _numeral_of(found.group(1)), _numeral_of(found.group(3))
    if low is None or high is None:
        return None
    value = low.value
    shared = low.coefficient == low.value and high.coefficient != high.value
    if shared and low.value < high.coefficient and not found.group(2):
        value = low.value * (high.value / high.coefficient)  # 3至5万元
    unit, per, kind = _unit_of(text[found.end() :])
    return Quantity(
        _number(value), unit, _number(high.value), "=", "range", kind, "", per, _number(high.step)
    )


def _read_single(text: str) -> Quantity | None:
    """1683个, 92.22%, 3.2亿元, 三千多元 (多 being gone), 3个半小时."""
    found = re.match(NUMERAL, text)
    if found is None:
        return None
    digits, rest = found.group(), text[found.end() :]
    if re.match(r"[/:]\d", rest):
        return None  # a ratio, or a time of day
    for unit in _KEPT_UNITS:
        if digits[-1] == unit[0] and rest.startswith(unit[1:]) and len(digits) > 1:
            digits, rest = digits[:-1], unit[0] + rest
    number = _numeral_of(digits)
    if number is None:
        return None
    value = number.value
    if half := re.match(r"(个?)半(?=小时|天|月|年)", rest):
        value += Decimal("0.5")
        rest = half.group(1) + rest[half.end() :]
    unit, per, kind = _unit_of(rest)
    return Quantity(_number(value), unit, kind=kind, per=per, step=_number(number.step))


def _numeral_of(digits: str) -> _Parsed | None:
    number = parse_numeral(digits)
    return None if number is None else _Parsed(number.value, number.step, number.coefficient)


@dataclass(frozen=True, slots=True)
class _Parsed:
    value: Decimal
    step: Decimal
    coefficient: Decimal


def _unit_of(rest: str) -> tuple[str, str, str]:
    """Unit, denominator (元/月 has 每月's meaning) and kind of what follows the number."""
    if found := _PERCENT.match(rest):
        return found.group(1), "", "share"
    if rest.startswith(_NUMBER_UNITS):
        return "个百分点", "", "change"
    unit, slash, per = rest.partition("/")
    unit = re.sub("^个(?=小时|工作日|课时)", "", unit.strip("的"))
    return unit, f"/{per}" if slash and per else "", "level"


def _with_kind(quantity: Quantity, before: str) -> Quantity:
    """Tell a change from a level by the verb in front, and find the denominator."""
    direction = ""
    if not _LEVEL.search(before):
        if _UP.search(before) or _NEW_NOUN.search(before):
            direction = "up"
        elif _DOWN.search(before) or _LESS_NOUN.search(before):
            direction = "down"
    if direction or quantity.kind == "change":
        return replace(quantity, kind="change", direction=direction or quantity.direction)
    per = quantity.per
    if not per:
        found = [*_PER.finditer(before), *_PER_NOUN.finditer(before)]
        per = max((f.group() for f in found), key=lambda f: (before.rfind(f), len(f)), default="")
    if per and quantity.kind == "level":
        return replace(quantity, per=per, kind="rate")
    return replace(quantity, per=per)


def _scale(mark: str | None) -> Decimal:
    powers = {"十": 1, "百": 2, "千": 3, "万": 4, "亿": 8}
    return Decimal(10) ** powers[mark] if mark else Decimal(1)


def _number(value: Decimal) -> float:
    """A float that keeps at most six decimals, so that 2/3 prints as 66.666667."""
    return float(round(value, 6))
