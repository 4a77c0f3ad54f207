"""A page into its articles.

The characters of the page are cleaned, its lines classified (`layout`), broken ones joined, and
then the page is read from the bodies up: a run of sentences belongs to the lines without
sentences above it, and these are a title (a new article) or a subhead. What decides is what
stands around them, a source line or a menu before, a byline after; where neither does, signs are
counted (`_title_score`).

Invariants: articles come in page order and do not overlap; `article.raw` is
`page[article.start:article.end]`; `article.clean.map` leads into `article.raw`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from swner.document import Span
from swner.text.clean import PAGE_RULES, CleanText, clean
from swner.text.layout import (
    Kind,
    byline_of,
    field_of,
    is_name,
    is_plain_date,
    kind_of,
    parse_date,
    source_of,
)
from swner.text.lines import ENUMERATED
from swner.text.offsets import Edit
from swner.text.paragraphs import DROPPED, Line, glue, join_paragraphs, read_lines
from swner.text.rules import HAN, edited


@dataclass(frozen=True)
class Article:
    """One article of a page.

    Attributes:
        title: Main title; empty where the article has none.
        subtitle: The other title lines, above or below the title; None where there are none.
        byline: Who wrote it, as the page says ("本报记者 皮磊").
        source: Where it comes from ("东南网"), without brackets and 据.
        published: ISO date, from the article's own date line or the page's.
        start: First raw offset in the page.
        end: One past the last raw offset.
        raw: Exactly `page[start:end]`.
        clean: The clean text, one paragraph a line, whose map leads to `raw`.
    """

    title: str
    subtitle: str | None
    byline: str | None
    source: str | None
    published: str | None
    start: int
    end: int
    raw: str
    clean: CleanText


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
_TRAILING_MAX = 12  # a longer line after the last sentence is a neighbour's headline
_TITLE_AT = 3  # a score from which lines without a certain sign are a title


def split_page(
    page: str, *, title: str | None = None, published: str | None = None
) -> list[Article]:
    """The articles of a page, in order.

    A page without any sentence is one article, unless all of it is navigation: then there is none.

    Args:
        page: The text of the page as given.
        title: What the page's metadata gives as its title; tells the main title of several lines.
        published: ISO date of the page's metadata; a date on the page itself goes before it.
    """
    cleaned = clean(page, rules=PAGE_RULES)
    lines = read_lines(cleaned.text)
    paragraphs = join_paragraphs(lines, cleaned.text)
    heads = _heads(paragraphs)
    if not heads:
        kept = [line for line in paragraphs if line.kind not in DROPPED]
        return [_make(cleaned, kept, kept[:1], published)] if kept else []
    before = paragraphs[: heads[0].start]
    headlines = {line.text for line in before} | ({clean(title).text} if title else set())
    published = _first_date(before) or published
    articles = []
    for head, end in zip(heads, [*(h.start for h in heads[1:]), len(paragraphs)], strict=True):
        block = paragraphs[head.start : end]
        titles = paragraphs[head.start : head.after_titles]
        titles.sort(key=lambda line: line.text not in headlines)
        above = block[: head.body - head.start]
        about = [line.text for line in above if line.kind is Kind.DATE]
        made = _make(cleaned, _kept(block), titles, _first_date(above) or published)
        articles.append(
            replace(
                made,
                byline=made.byline or field_of("作者|记者", about),
                source=made.source or field_of("来源|出处", about),
            )
        )
    return articles


def whole(text: str) -> Article:
    """The article of a text that is one by contract: the whole raw range, nothing left out."""
    cleaned = clean(text)
    lines = cleaned.text.split("\n")
    kinds = [kind_of(line) for line in lines]
    first_body = next((i for i, kind in enumerate(kinds) if kind is Kind.BODY), len(lines))
    head = range(min(first_body, _N_TITLE_LINES + 2))
    titles = [lines[i] for i in head if kinds[i] is Kind.SHORT]
    dates = [parse_date(lines[i]) for i in head if kinds[i] is Kind.DATE]
    return Article(
        title=titles[0] if titles else "",
        subtitle=" ".join(titles[1:]) or None,
        byline=byline_of(
            [line for line, kind in zip(lines, kinds, strict=True) if kind is Kind.BYLINE]
        ),
        source=source_of(
            [line for line, kind in zip(lines, kinds, strict=True) if kind is Kind.SOURCE]
        ),
        published=next(filter(None, dates), None),
        start=0,
        end=len(text),
        raw=text,
        clean=cleaned,
    )


@dataclass(frozen=True, slots=True)
class _Head:
    """Where an article begins: indexes of paragraphs.

    Attributes:
        start: Its first line, of the title if it has one.
        after_titles: One past the last title line.
        body: Its first body paragraph.
    """

    start: int
    after_titles: int
    body: int


def _heads(paragraphs: Sequence[Line]) -> list[_Head]:
    """The beginnings of articles, by what stands above each body paragraph."""
    heads: list[_Head] = []
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


def _find_head(paragraphs: Sequence[Line], top: int, body: int) -> _Head:
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
        return _Head(start, start, body)
    first = start if stop - start <= _N_TITLE_LINES else stop - 1
    if start and paragraphs[start - 1].kind is Kind.BODY:  # what is above may be its list
        while first < stop - 1 and any(len(p.text) < _LEAST for p in paragraphs[first : stop - 1]):
            first += 1
    usual = max(1, paragraphs[stop].gap)
    for i in range(stop - 1, first, -1):
        if paragraphs[i].gap > usual or paragraphs[i].text == paragraphs[i - 1].text:
            first = i
            break
    return _Head(first, stop, body)


def _is_new(lines: Sequence[Line], above: Kind | None, head: _Head, marked: bool) -> bool:
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


def _kept(block: Sequence[Line]) -> list[Line]:
    """The lines of an article: without what is none of its text, and what trails behind it."""
    kept: list[Line] = []
    signed = False  # a date in words under the text belongs to it
    for line in block:
        if line.kind not in DROPPED or (signed and is_plain_date(line.text)):
            kept.append(line)
        signed = signed or line.kind is Kind.BODY
    last = max(i for i, line in enumerate(kept) if line.kind is not Kind.SHORT)
    if kept[last].kind is Kind.BODY and kept[last].text[-1] in ":：":  # 名单如下:
        return kept
    if kept[last].kind is Kind.SOURCE:
        return kept[: last + 1]
    return [line for i, line in enumerate(kept) if i <= last or len(line.text) <= _TRAILING_MAX]


def _make(
    page: CleanText, kept: Sequence[Line], titles: Sequence[Line], published: str | None
) -> Article:
    """The article of the kept lines of a clean page."""
    clean_range = Span(kept[0].spans[0].start, kept[-1].spans[-1].end)
    raw_range = page.map.to_raw(clean_range)
    raw = page.raw[raw_range.start : raw_range.end]
    text = page.text[clean_range.start : clean_range.end]
    edits: list[Edit] = []
    at, n_joined = 0, 0
    for line in kept:
        for i, span in enumerate(line.spans):
            start = span.start - clean_range.start
            if start:
                between = glue(text[at - 1], text[start]) if i else "\n"
                edits.append((at, start, between))
                n_joined += i > 0
            at = span.end - clean_range.start
    change = edited(text, edits)
    names = [line.text for line in titles[1:] if is_name(line.text)]
    offsets = page.map.slice(clean_range, raw_range)
    counts = dict(clean(raw, rules=PAGE_RULES).counts) if page.counts else {}
    if n_joined:
        counts["broken_lines"] = n_joined
    if change.map is not None:
        offsets = offsets.compose(change.map)
    return Article(
        title=titles[0].text if titles else "",
        subtitle=" ".join(line.text for line in titles[1:] if line.text not in names) or None,
        byline=byline_of([line.text for line in kept if line.kind is Kind.BYLINE] or names),
        source=source_of([line.text for line in kept if line.kind is Kind.SOURCE]),
        published=published,
        start=raw_range.start,
        end=raw_range.end,
        raw=raw,
        clean=CleanText(raw=raw, text=change.text, map=offsets, counts=counts),
    )


def _first_date(lines: Sequence[Line]) -> str | None:
    found = (parse_date(line.text) for line in lines if line.kind is Kind.DATE)
    return next(filter(None, found), None)
