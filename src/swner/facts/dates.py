"""Dates as ranges of days, each with the rule that gave it.

A date that names its own year (2027年年底, “十四五”末) stands alone. Everything else (6月28日,
今年, 年底前, 29日) needs the article's date as an anchor and gives None without one: a year is
never guessed. `before` ranges (年底前) have no earliest day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from swner.facts.numerals import digits_to_int, normalise, small_int
from swner.facts.periods import NUMBER, Moment, in_month, in_year, whole_year

_YEAR = r"(?:(?P<year>\d{4}|[二一][零〇○九八]?[零〇○一二三四五六七八九]{2,3})(?:年度?|财年))"
_RELATIVE_YEARS = {
    "今年": 0, "本年": 0, "本年度": 0, "今": 0, "去年": -1, "上年": -1, "上一年": -1, "上年度": -1,
    "去": -1, "前年": -2, "明年": 1, "下年": 1, "来年": 1, "明": 1, "后年": 2, "大前年": -3,
}  # fmt: skip
_RELATIVE = (
    r"(?P<rel>大前年|上一年|本年度|上年度|今年|本年|去年|上年|前年|明年|下年|来年|后年"
    r"|(?:今|去|明)(?=[年冬春夏秋]|底))"
)
_RELATIVE_DAYS = {
    "今天": 0, "今日": 0, "昨天": -1, "昨日": -1, "前天": -2, "前日": -2,
    "明天": 1, "明日": 1, "后天": 2,
}  # fmt: skip
_PLAN = re.compile(
    r"[“\"'‘]?(?P<n>[一二三四五六七八九十]{1,3})五[”\"'’]?(?:规划|计划)?(?P<part>期间|时期|末期?|初期?|中期|"
    r"期末|收官之年|开局之年)?"
)
_LEADING = re.compile(
    r"^(?:截至到?|截止到?|力争到?|预计到?|计划到?|自从|自|从|到了?|至|于|在|由|争取|今后到)"
)
_BEFORE = re.compile(r"(?:之前|以前|前)$")
_TAIL = re.compile(
    r"(?:左右|期间|时|许|以来|全年|当天|上午|下午|晚上?|凌晨|\d{1,2}时|\d{1,2}:\d\d)$"
)


@dataclass(frozen=True, slots=True)
class DateRange:
    """The days that a date may mean, both ends inclusive.

    Attributes:
        earliest: First day; None for open starts (年底前).
        latest: Last day; None for open ends (2021年起).
        granularity: `day`, `days`, `week`, `ten_days`, `month`, `months`, `quarter`, `season`,
            `half`, `part` (年初, 年底, 月底), `year`, `years`, `plan` or `decade`.
        rule: How it was read, for instance `written`, `article-year`, `article-month`,
            `previous-year`, `relative-year`, `plan-end`, each with `+before` or `+since` added.
    """

    earliest: date | None
    latest: date | None
    granularity: str
    rule: str


def parse_date(surface: str, *, anchor: date | None, future: bool = False) -> DateRange | None:
    """Read a DATE span.

    Args:
        surface: The span (2027年年底, 今年6月底, 3月21日至31日, “十四五”末, 29日).
        anchor: The article's date of publication; None where it is not known.
        future: Whether the date is a deadline, which lies at or after the article's date where
            its own words leave that open.

    Returns:
        The range, or None where the words name no day that is certain.
    """
    text = normalise(surface).replace("号", "日")
    text = re.sub(r"\(.*?\)", "", text)
    text = _LEADING.sub("", text)
    since = bool(re.search(r"(?:以来|起|开始|以后|之后)$", text))
    text = re.sub(r"(?:以来|起|开始|以后|之后)$", "", text)
    before = bool(_BEFORE.search(text)) and text not in ("前",)
    text = _BEFORE.sub("", text)
    while (stripped := _TAIL.sub("", text)) != text and not _PLAN.fullmatch(text):
        text = stripped
    try:
        ahead = before or future
        found = _range(text, anchor, ahead=ahead) or _moment(text, anchor, ahead=ahead, start=None)
    except (ValueError, OverflowError):
        return None  # a day that no calendar has (2月30日)
    if found is None:
        return None
    return _finish(found, before, since=since, anchor=anchor)


def _finish(found: Moment, before: bool, *, since: bool, anchor: date | None) -> DateRange:
    """Open the range at the side that 前 or 以来 opens."""
    result = DateRange(found.first, found.last, found.granularity, found.rule)
    if before:
        # By law 以前 includes its day; before a bare year, month or quarter its start is meant
        # (2030年前 is by the end of 2029), while 年底前 and 月底前 include the end they name.
        last = found.last
        if found.granularity in ("year", "month", "quarter", "half", "season", "ten_days"):
            last = found.first - timedelta(days=1)
        return replace(result, earliest=None, latest=last, rule=found.rule + "+before")
    if since:
        return replace(result, latest=anchor, rule=found.rule + "+since")
    return result


def _range(text: str, anchor: date | None, *, ahead: bool) -> Moment | None:
    """3月21日至31日, 2021-2025年, 今年10月至明年6月, 1至11月."""
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", text):
        return None
    left, mark, right = _split_range(text)
    if not mark:
        return None
    if re.search(r"[\d零〇一二三四五六七八九十]$", left):
        # The unit stands behind the second number only: 2021-2025年, 今年1至11月, 21至31日.
        unit = re.search(r"(年度?|月|日|季度)", right)
        if unit is None:
            return None
        if unit.group()[0] != "年" and (year := re.match(r"\d{4}年", right)):
            right, left = right[year.end() :], year.group() + left
        left += unit.group()
    last = _moment(right, anchor, ahead=ahead, start=None)
    first = _moment(left, anchor, ahead=ahead, start=None)
    if first is None:
        return None
    if not _names_year(right):
        last = _moment(right, anchor, ahead=ahead, start=first.first)
    if last is None or last.last < first.first:
        return None
    unit_of = {"day": "days", "month": "months", "year": "years"}
    granularity = unit_of.get(last.granularity, last.granularity)
    return Moment(first.first, last.last, granularity, first.rule)


def _split_range(text: str) -> tuple[str, str, str]:
    for mark in ("至", "到", "-"):
        left, found, right = text.partition(mark)
        if found and left and right:
            return left, found, right
    return text, "", ""


def _names_year(text: str) -> bool:
    return bool(re.match(_YEAR, text) or re.match(_RELATIVE, text))


def _moment(text: str, anchor: date | None, *, ahead: bool, start: date | None) -> Moment | None:
    """One date without 至; `start` is the first end of a range whose second end this is."""
    readers: tuple[Callable[[], Moment | None], ...] = (
        lambda: _plan(text),
        lambda: _numeric(text),
        lambda: _decade(text),
        lambda: _day_word(text, anchor),
        lambda: _with_year(text, anchor),
        lambda: _without_year(text, anchor, ahead=ahead, start=start),
    )
    for read in readers:
        if (found := read()) is not None:
            return found
    return None


def _plan(text: str) -> Moment | None:
    """“十四五”末, “十三五”期间: the n-th five-year plan (the third began in 1966)."""
    found = _PLAN.fullmatch(text)
    if found is None:
        return None
    number = small_int(found.group("n"))
    if number is None or not 6 <= number <= 30:
        return None
    first = 1966 + 5 * (number - 3)
    part = found.group("part") or ""
    if "末" in part or "收官" in part:
        return whole_year(first + 4, "plan-end")
    if "初" in part or "开局" in part:
        return whole_year(first, "plan-start")
    if "中" in part:
        return whole_year(first + 2, "plan-middle")
    return Moment(date(first, 1, 1), date(first + 4, 12, 31), "plan", "plan")


def _numeric(text: str) -> Moment | None:
    """2024-07-02, 2024/7/2, 2024.7.2."""
    found = re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})日?", text)
    if found is None:
        return None
    day = date(*(int(g) for g in found.groups()))
    return Moment(day, day, "day", "written")


def _decade(text: str) -> Moment | None:
    """20世纪90年代, 上世纪80年代, 上世纪九十年代."""
    found = re.fullmatch(r"(?:(\d{2})世纪|(上)世纪|(本)世纪)(.{1,2})年代(?:[初中末]期?)?", text)
    if found is None:
        return None
    tens = small_int(found.group(4))
    if tens is None or tens % 10 or tens > 90:
        return None
    century = int(found.group(1)) - 1 if found.group(1) else (19 if found.group(2) else 20)
    first = century * 100 + tens
    return Moment(date(first, 1, 1), date(first + 9, 12, 31), "decade", "decade")


def _day_word(text: str, anchor: date | None) -> Moment | None:
    """今天, 昨日, 上周, 本月, 上个月 and what follows them."""
    if anchor is None:
        return None
    if text in _RELATIVE_DAYS:
        day = anchor + timedelta(days=_RELATIVE_DAYS[text])
        return Moment(day, day, "day", "relative-day")
    if found := re.fullmatch(r"(上|本|这|下)个?(?:周|星期)", text):
        shift = {"上": -7, "本": 0, "这": 0, "下": 7}[found.group(1)]
        monday = anchor - timedelta(days=anchor.weekday()) + timedelta(days=shift)
        return Moment(monday, monday + timedelta(days=6), "week", "relative-week")
    if found := re.fullmatch(r"(上|本|这|当|下)个?月(.*)", text):
        if found.group(1) == "当":
            return None  # the month of an event, not of the article
        months = anchor.year * 12 + anchor.month - 1
        months += {"上": -1, "本": 0, "这": 0, "下": 1}[found.group(1)]
        return in_month(months // 12, months % 12 + 1, rest=found.group(2), rule="relative-month")
    return None


def _with_year(text: str, anchor: date | None) -> Moment | None:
    """Dates whose year is written (2027年年底) or relative to the article (今年6月底)."""
    if found := re.match(_YEAR, text):
        year = digits_to_int(found.group("year"))
        if year is None or not 1800 <= year <= 2200:
            return None
        return in_year(year, text[found.end() :], rule="written")
    if anchor is not None and (found := re.match(_RELATIVE, text)):
        year = anchor.year + _RELATIVE_YEARS[found.group("rel")]
        return in_year(year, text[found.end() :], rule="relative-year")
    return None


def _without_year(
    text: str, anchor: date | None, *, ahead: bool, start: date | None
) -> Moment | None:
    """6月28日, 3月下旬, 年底, 下半年, 29日: the year (and month) come from the article's date."""
    if start is not None:
        if re.fullmatch(rf"(?:{NUMBER})日", text):
            return in_month(start.year, start.month, rest=text, rule="range")
        found = in_year(start.year, text, rule="range")
        if found is not None and found.last < start:
            found = in_year(start.year + 1, text, rule="range")
        return found
    if anchor is None or not text:
        return None
    if re.fullmatch(rf"(?:{NUMBER})日", text):
        return _bare_day(text, anchor, ahead=ahead)
    if re.fullmatch(rf"(?:{NUMBER})", text):
        return None
    found = in_year(anchor.year, text, rule="article-year")
    if found is None or found.granularity == "year":
        return found
    if ahead and found.last < anchor:
        return in_year(anchor.year + 1, text, rule="next-year")
    if not ahead and re.match(NUMBER, text) and (found.first - anchor).days > 270:
        # An article of January that says 12月28日 speaks of the year before.
        return in_year(anchor.year - 1, text, rule="previous-year")
    return found


def _bare_day(text: str, anchor: date, *, ahead: bool) -> Moment | None:
    """29日: the nearest such day to the article's date, or the next one for a deadline."""
    months = anchor.year * 12 + anchor.month - 1
    candidates = []
    for shift in (-1, 0, 1):
        try:
            moment = in_month(
                (months + shift) // 12, (months + shift) % 12 + 1, rest=text, rule="article-month"
            )
        except ValueError:
            continue
        if moment is not None and not (ahead and moment.last < anchor):
            candidates.append(moment)
    if not candidates:
        return None
    return min(candidates, key=lambda m: abs((m.first - anchor).days))
