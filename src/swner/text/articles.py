"""A page into its articles.

The characters of the page are cleaned, its lines classified (`layout`), broken ones joined, and
then the page is read from the bodies up: a run of sentences belongs to the lines without
sentences above it, and these are a title (a new article) or a subhead. What decides is what
stands around them (`heads`).

Invariants: articles come in page order and do not overlap; `article.raw` is
`page[article.start:article.end]`; `article.clean.map` leads into `article.raw`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from swner.document import Span
from swner.text.clean import PAGE_RULES, CleanText, clean
from swner.text.heads import find_heads
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
from swner.text.offsets import Edit
from swner.text.paragraphs import DROPPED, Line, glue, join_paragraphs, read_lines
from swner.text.rules import edited


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


_TRAILING_MAX = 12  # a longer line after the last sentence is a neighbour's headline
_N_TITLE_LINES = 4


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
    heads = find_heads(paragraphs)
    if not heads:
        kept = [line for line in paragraphs if line.kind not in DROPPED]
        return (
            [_make(cleaned, kept, titles=kept[:1], published=published, alone=True)] if kept else []
        )
    before = paragraphs[: heads[0].start]
    headlines = {line.text for line in before} | ({clean(title).text} if title else set())
    published = _first_date(before) or published
    articles = []
    for head, end in zip(heads, [*(h.start for h in heads[1:]), len(paragraphs)], strict=True):
        block = paragraphs[head.start : end]
        titles = paragraphs[head.start : head.after_titles]
        titles.sort(key=lambda line: line.text not in headlines)
        above = block[: head.body - head.start]
        about = [line.text for line in above if line.kind in (Kind.DATE, Kind.SOURCE)]
        made = _make(
            cleaned,
            _kept(block),
            titles=titles,
            published=_first_date(above) or published,
            alone=len(heads) == 1,
        )
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
    page: CleanText,
    kept: Sequence[Line],
    *,
    titles: Sequence[Line],
    published: str | None,
    alone: bool,
) -> Article:
    """The article of the kept lines of a clean page; `alone` if the page has no other."""
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
    acted = page if alone or not page.counts else clean(raw, rules=PAGE_RULES)
    counts = dict(acted.counts)
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
