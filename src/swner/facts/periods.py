"""Periods inside a known year or month: 年底, 上半年, 第二季度, 前9个月, 3月下旬, 28日."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from swner.facts.numerals import small_int

NUMBER = r"\d{1,2}|[一二三四五六七八九十廿]{1,3}"
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_SEASONS = {"春": 3, "夏": 6, "秋": 9, "冬": 12}


@dataclass(frozen=True, slots=True)
class Moment:
    """A period while it is being read: first and last day, granularity and rule."""

    first: date
    last: date
    granularity: str
    rule: str


def in_year(year: int, rest: str, *, rule: str) -> Moment | None:
    """What follows a year: nothing, 年底, 上半年, 第二季度, 6月…, 前9个月, 春."""
    rest = re.sub(r"^(?:的|度)", "", rest)
    if rest in ("", "年", "全年", "年内", "内", "年度", "中国"):
        return whole_year(year, rule)
    if found := re.fullmatch(r"年?(初|中|末|底|终|尾|年底|年末|年初|年中)", rest):
        ends = {"初": (1, 3), "中": (6, 7)}.get(found.group(1)[-1], (12, 12))
        return _months(year, ends[0], last=ends[1], granularity="part", rule=rule)
    if found := re.fullmatch(r"(上|下)半年(末|底)?", rest):
        first, last = (1, 6) if found.group(1) == "上" else (7, 12)
        if found.group(2):
            return _months(year, last, last=last, granularity="part", rule=rule)
        return _months(year, first, last=last, granularity="half", rule=rule)
    if found := re.fullmatch(r"(?:第|前)?([一二三四1-4])季度?(末|底|初)?", rest):
        quarter = _QUARTERS[found.group(1)]
        first = 1 if rest.startswith("前") else quarter * 3 - 2
        if found.group(2):
            month = first if found.group(2) == "初" else quarter * 3
            return _months(year, month, last=month, granularity="part", rule=rule)
        return _months(year, first, last=quarter * 3, granularity="quarter", rule=rule)
    if found := re.fullmatch(rf"前({NUMBER})个?月", rest):
        count = small_int(found.group(1))
        return (
            _months(year, 1, last=count, granularity="months", rule=rule)
            if count and count <= 12
            else None
        )
    if found := re.fullmatch(r"年?([春夏秋冬])[天季]?(?:季)?", rest):
        month = _SEASONS[found.group(1)]
        if month == 12:
            spring = date(year + 1, 3, 1)
            return Moment(date(year, 12, 1), spring - timedelta(days=1), "season", rule)
        return _months(year, month, last=month + 2, granularity="season", rule=rule)
    found = re.match(rf"({NUMBER})月份?", rest)
    month_number = small_int(found.group(1)) if found else None
    if found is None or month_number is None or not 1 <= month_number <= 12:
        return None
    return in_month(year, month_number, rest=rest[found.end() :], rule=rule)


def in_month(year: int, month: int, *, rest: str, rule: str) -> Moment | None:
    """What follows a month: nothing, 上旬, 底, 28日."""
    last_day = calendar.monthrange(year, month)[1]
    spans = {"上旬": (1, 10), "中旬": (11, 20), "下旬": (21, last_day)}
    if rest in ("", "份", "内"):
        return _months(year, month, last=month, granularity="month", rule=rule)
    if rest in spans:
        return _days(year, month, days=spans[rest], granularity="ten_days", rule=rule)
    if rest in ("初", "中", "末", "底", "份底", "中期"):
        days = {"初": (1, 10), "中": (11, 20)}.get(rest[0], (21, last_day))
        return _days(year, month, days=days, granularity="part", rule=rule)
    found = re.fullmatch(rf"({NUMBER})日?", rest)
    day = small_int(found.group(1)) if found else None
    if day is None:
        return None
    exact = date(year, month, day)
    return Moment(exact, exact, "day", rule)


def _days(year: int, month: int, *, days: tuple[int, int], granularity: str, rule: str) -> Moment:
    return Moment(date(year, month, days[0]), date(year, month, days[1]), granularity, rule)


def whole_year(year: int, rule: str) -> Moment:
    """The whole of a year."""
    return Moment(date(year, 1, 1), date(year, 12, 31), "year", rule)


def _months(year: int, first: int, *, last: int, granularity: str, rule: str) -> Moment:
    end = date(year, last, calendar.monthrange(year, last)[1])
    return Moment(date(year, first, 1), end, granularity, rule)
