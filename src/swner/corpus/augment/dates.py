"""Other days, months and years for an article's dates, all moved alike so that their order is kept.

Years (of titles too), months and days move each for itself, and only where all of them can: a year
that the text says outside of dates and titles, a festival, a season, a weekday holds them. The
first and the last days of a month stay what they are (1月1日, 6月30日), and so do years before 2000.
Plan periods (“十四五”) move with their years, by whole plans.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from swner.corpus.augment.edits import outside
from swner.document import Document, Entity
from swner.text.offsets import Edit

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MONTH = re.compile(r"(?<!\d)(\d{1,2})月")
_DAY = re.compile(r"(?:(?<!\d)(\d{1,2})月)?(?<!\d)(\d{1,2})[日号]")
_PLAN = re.compile(
    "(?<![一二三四五六七八九十])(十[一二三四五]?|[六七八九])五(?=[”\"'规计期时末初中]|$)"
)
_PLANS = ("十", "十一", "十二", "十三", "十四", "十五")

_SAID_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=[年—\-～~至〕\]）)度届.])|[〇零○]|(?<!\d)\d\d年")
_EVENT = re.compile(
    "汶川|玉树地震|舟曲|芦山|鲁甸|九寨沟地震|泸定|定日|新冠|疫情|非典|奥运|冬奥|世博|亚运|建党|建国|十[六七八九]大|二十大|脱贫攻坚"
    "|改革开放[一二三四]|新中国成立|金融危机"
)
"""What everybody knows the year of."""
_HAN_MONTH = re.compile("[一二三四五六七八九十]月")
_HAN_DAY = re.compile("[一二三四五六七八九十廿]日|初[一二三四五六七八九十]")
_WEEKDAY = re.compile("周[一二三四五六日末]|星期|礼拜")
_SEASON = re.compile(
    "[春夏秋冬]|季|[寒暑]|上半年|下半年|半年|年[初中末底]|旬|学期|开学|高考|汛|元旦|除夕|元宵|清明|端午|中秋|重阳|国庆|五一|六一"
    "|七一|八一|十一|雷锋|节|日(?:活动|主题|宣传|前夕|之际|当天|来临|到来)|(?:世界|国际|全国|中华)[一-鿿]{2,10}日|个月|周年"
)

_FIRST_YEAR, _LAST_YEAR = 2000, 2035
_YEARS = (-4, -3, -2, -1, 1, 2, 3, 4)
_PLAN_YEARS = (-5, 5)
_MONTHS = (-2, -1, 1, 2)
_FIRST_DAY, _LAST_DAY = 2, 27  # of those that move


@dataclass(frozen=True)
class _Shift:
    """How far years, months and days move; 0 where they cannot."""

    years: int
    months: int
    days: int


def shift_dates(doc: Document, share: float, random: Random) -> list[Edit]:
    """Edits that move the dates of an article.

    Args:
        doc: Any document.
        share: Probability that it is done.
        random: Where chance comes from.
    """
    if random.random() >= share:
        return []
    dates = [e for e in doc.entities if e.label == "DATE"]
    titles = [e for e in doc.entities if e.label == "POLICY"]
    said = outside(doc, ["DATE", "POLICY"])
    shift = _Shift(
        _choose(_year_shifts(dates, titles, said), random),
        _choose(_month_shifts(dates, outside(doc, ["DATE"])), random),
        _choose(_day_shifts(dates, outside(doc, ["DATE"])), random),
    )
    edits = [edit for e in dates for edit in _moved(e, shift)]
    return edits + [edit for e in titles for edit in _moved(e, _Shift(shift.years, 0, 0))]


def _choose(shifts: Sequence[int], random: Random) -> int:
    return random.choice(shifts) if shifts else 0


def _year_shifts(dates: Sequence[Entity], titles: Sequence[Entity], said: str) -> list[int]:
    """How far all years can move; nothing where one is said outside of dates and titles."""
    names = [e.surface for e in (*dates, *titles)]
    plans = [m[1] for name in names for m in _PLAN.finditer(name)]
    years = [int(y) for name in names for y in _YEAR.findall(name)]
    moving = [y for y in years if y >= _FIRST_YEAR]
    han = any(re.search("[〇零○]", e.surface) for e in dates)
    held = han or any(p.search(said) for p in (_SAID_YEAR, _PLAN, _EVENT))
    if held or not (moving or plans):
        return []
    choices = _PLAN_YEARS if plans else _YEARS
    return [
        n
        for n in choices
        if all(_FIRST_YEAR <= y + n <= _LAST_YEAR for y in moving)
        and all(_plan(p, n) is not None for p in plans)
    ]


def _plan(ordinal: str, n_years: int) -> str | None:
    """The plan so many years later (十三, 5 is 十四); None where there is none."""
    if ordinal not in _PLANS:
        return None
    place = _PLANS.index(ordinal) + n_years // 5
    return _PLANS[place] if 0 <= place < len(_PLANS) else None


def _month_shifts(dates: Sequence[Entity], said: str) -> list[int]:
    """How far all months can move inside their years."""
    names = [e.surface for e in dates]
    months = [int(m) for name in names for m in _MONTH.findall(name)]
    held = any(_HAN_MONTH.search(n) or _SEASON.search(n) for n in names)
    if held or not months or _MONTH.search(said) or _SEASON.search(said):
        return []
    return [n for n in _MONTHS if all(1 <= m + n <= 12 for m in months)]


def _day_shifts(dates: Sequence[Entity], said: str) -> list[int]:
    """How far all days can move inside their months, but for those at the ends of one."""
    names = [e.surface for e in dates]
    days = [int(d) for name in names for _, d in _DAY.findall(name)]
    moving = [d for d in days if _FIRST_DAY <= d <= _LAST_DAY]
    held = any(_HAN_DAY.search(n) or _WEEKDAY.search(n) for n in names)
    if held or not moving or _DAY.search(said) or _WEEKDAY.search(said) or _SEASON.search(said):
        return []
    low, high = _FIRST_DAY - min(moving), _LAST_DAY - max(moving)
    return [n for n in range(low, high + 1) if n]


def _moved(entity: Entity, shift: _Shift) -> Iterator[Edit]:
    """Edits of the numbers in one date or title."""
    surface, at = entity.surface, entity.start
    if shift.years:
        for match in _YEAR.finditer(surface):
            if int(match[0]) >= _FIRST_YEAR:
                yield at + match.start(), at + match.end(), str(int(match[0]) + shift.years)
        for match in _PLAN.finditer(surface):
            plan = _plan(match[1], shift.years)
            if plan is not None:
                yield at + match.start(1), at + match.end(1), plan
    if shift.months:
        for match in _MONTH.finditer(surface):
            yield at + match.start(1), at + match.end(1), str(int(match[1]) + shift.months)
    for match in _DAY.finditer(surface):
        day = _day(int(match[2]), int(match[1]) if match[1] else None, shift)
        if str(day) != match[2]:
            yield at + match.start(2), at + match.end(2), str(day)


def _day(day: int, month: int | None, shift: _Shift) -> int:
    if _FIRST_DAY <= day <= _LAST_DAY:
        return day + shift.days
    if day <= _LAST_DAY or not shift.months or month is None:
        return day
    new_last = monthrange(2023, month + shift.months)[1]
    return new_last if day >= monthrange(2023, month)[1] else min(day, new_last)
