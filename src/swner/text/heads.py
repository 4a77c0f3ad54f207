"""Where articles begin: what stands above a body paragraph, a title or a subhead.

Certain signs are what stands around the lines: a source line or a menu before, a byline or a date
after. Where there is none, `_title_score` counts what the lines themselves say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from swner.text.layout import Kind
from swner.text.lines import ENUMERATED
from swner.text.paragraphs import Line
from swner.text.rules import HAN

_PLACE = re.compile(rf"[{HAN}]{{2,12}}(?:[{HAN}、]{{0,10}})[:：] ?\S{{6,}}")
_TWO_PARTS = re.compile(rf"[{HAN}”’》][ ]+[{HAN}“‘《]")
_LEAD = re.compile(
    r"(?:本报|[^，,。]{2,8})讯|近[日期]|日前|(?:[0-9]{4}年)?[0-9]{1,2}月[0-9]{1,2}日|记者从|今年以来"
    r"|为(?:深入|进一步|贯彻|加快|全面|充分)|[^，,。]{2,12}[0-9]日电"
)
_EVENT = re.compile(
    r"(?:召开|举行|举办|成立|启动|发布|揭牌|落幕|出台|上线|印发|开班|开幕|闭幕|签约|结业|公布|亮相|走访|调研|到访|活动|工作|建设|服务|发展|振兴|意见|方案|见成效)$"
)
_OWN_DATE = re.compile("时间|来源|作者|记者|编辑|[0-9][:：][0-9]{2}")
_N_TITLE_LINES = 4
_LEAST = 8  # characters of a title line below the body of another article
_TITLE_AT = 3  # a score from which lines without a certain sign are a title


@dataclass(frozen=True, slots=True)
class Head:
    """Where an article begins: indexes of paragraphs.

    Attributes:
        start: Its first line, of the title if it has one.
        after_titles: One past the last title line.
        body: Its first body paragraph.
    """

    start: int
    after_titles: int
    body: int


def find_heads(paragraphs: Sequence[Line]) -> list[Head]:
    """The beginnings of articles, by what stands above each body paragraph."""
    heads: list[Head] = []
    marked = any(line.level for line in paragraphs)
    for body, line in enumerate(paragraphs):
        if line.kind is not Kind.BODY:
            continue
        top = body
        while top > 0 and _heads_body(paragraphs, top - 1, body):
            top -= 1
        above = paragraphs[top - 1].kind if top else None
        head = _find_head(paragraphs, top, body)
        if not heads or (top < body and _is_new(paragraphs[top : body + 1], above, head, marked)):
            heads.append(head)
    return heads


def _heads_body(paragraphs: Sequence[Line], i: int, body: int) -> bool:
    """Whether a line can belong to the head of the body below it.

    A source line can where nothing but such lines follows it and a title may stand above it.
    """
    kind = paragraphs[i].kind
    if kind is Kind.SOURCE:
        below = {line.kind for line in paragraphs[i + 1 : body]}
        above = paragraphs[i - 1].kind if i else Kind.NAVIGATION
        return Kind.SHORT not in below and above in (Kind.SHORT, Kind.DATE)
    return kind in (Kind.SHORT, Kind.BYLINE, Kind.DATE)


def _find_head(paragraphs: Sequence[Line], top: int, body: int) -> Head:
    """The title lines among the lines without sentences from `top` to `body`.

    A byline at the top closes the article above, if title lines follow it. A date is the page's
    (the title comes after it) or, with the source or the time named, the article's own.
    """
    kinds = [line.kind for line in paragraphs[top:body]]
    start, end = top, body
    if Kind.SHORT in kinds and top and paragraphs[top - 1].kind is Kind.BODY:
        while paragraphs[start].kind is Kind.BYLINE:
            start += 1
    dates = [i for i in range(start, body) if paragraphs[i].kind is Kind.DATE]
    if dates:
        before = any(line.kind is Kind.SHORT for line in paragraphs[start : dates[0]])
        after = dates[-1] + 1 < body and paragraphs[dates[-1] + 1].kind is Kind.SHORT
        again = after and any(
            line.text == paragraphs[dates[-1] + 1].text for line in paragraphs[start : dates[0]]
        )
        if again or (after and not (before and _OWN_DATE.search(paragraphs[dates[-1]].text))):
            start = dates[-1] + 1
        else:
            end = dates[0]
    stop = start
    while stop < end and paragraphs[stop].kind is Kind.SHORT:
        stop += 1
    if stop == start:
        return Head(start, start, body)
    first = start if stop - start <= _N_TITLE_LINES else stop - 1
    if start and paragraphs[start - 1].kind is Kind.BODY:  # what is above may be its list
        while first < stop - 1 and any(len(p.text) < _LEAST for p in paragraphs[first : stop - 1]):
            first += 1
    usual = max(1, paragraphs[stop].gap)
    for i in range(stop - 1, first, -1):
        if paragraphs[i].gap > usual or paragraphs[i].text == paragraphs[i - 1].text:
            first = i
            break
    return Head(first, stop, body)


def _is_new(lines: Sequence[Line], above: Kind | None, head: Head, marked: bool) -> bool:
    """Whether the lines without sentences before a body begin a new article.

    Args:
        lines: The lines from the end of the last body to this one, and this one.
        above: What stands above them.
        head: What `_find_head` found; its titles are among `lines`.
        marked: Whether the page marks headings with #.
    """
    *lines, body = lines
    titles = lines[len(lines) - (head.body - head.start) :][: head.after_titles - head.start]
    if not titles:
        return above in (Kind.SOURCE, Kind.NAVIGATION)
    if above is Kind.SOURCE:
        return True
    if ENUMERATED.match(titles[0].text):
        return False
    if above is Kind.NAVIGATION:
        return True
    if any(line.kind in (Kind.BYLINE, Kind.DATE) for line in lines) or titles[0].level == 1:
        return True
    return _title_score(titles, body) >= _TITLE_AT - (0 if titles[0].level or not marked else -3)


def _title_score(titles: Sequence[Line], body: Line) -> int:
    """How much speaks for a title, and against a subhead, in the lines and the body below."""
    text = " ".join(line.text for line in titles)
    score = 2 * bool(_PLACE.match(text)) + bool(_TWO_PARTS.search(text)) + bool(titles[0].level)
    score += (len(text) >= 14) + (len(text) >= 22) + bool(_EVENT.search(text))
    score += (titles[0].gap > 1) + bool(_LEAD.match(body.text))
    halves = re.split("[，, ]", text)
    if len(text) <= 12:
        score -= 2
    if len(halves) == 2 and abs(len(halves[0]) - len(halves[1])) <= 1:
        score -= 1
    return score
