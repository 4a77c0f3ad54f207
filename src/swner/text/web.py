"""HTML to the text of a page: title, date and body, without menus and scripts.

Every block of text is taken, one a line, but for those that are mostly links. What still is none
of an article (footers, dates, captions) `articles` leaves out, as on pages that come as text;
there may be several articles on one page, which is why no single main text is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import lxml.html
from lxml import etree

from swner.text.layout import parse_date

_LINK_SHARE = 0.5  # a block with more of its characters in links is a menu
_OUT = (
    *("script", "style", "noscript", "template", "nav", "header", "footer", "form", "iframe"),
    *("select", "button", "textarea", "svg", "object"),
)
_BLOCKS = frozenset(
    (
        *("p", "div", "li", "ul", "ol", "tr", "td", "th", "table", "section", "article", "br"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "center", "dd", "dt", "dl", "blockquote", "main"),
        *("founder-content", "founder-title", "body", "hr", "figure", "figcaption", "aside"),
    )
)
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,20})", re.IGNORECASE
)
_XML_LINE = re.compile(r"^\s*<\?xml[^>]*\?>")
_TITLE_TAGS = ("h1", "founder-title")
_TITLE_META = ("articletitle", "og:title", "title")
_DATE_META = (
    *("pubdate", "publishdate", "publish_time", "publishtime", "article:published_time"),
    *("og:published_time", "datepublished", "dc.date", "date", "weibo: article:create_at"),
)
_DATE_SCRIPT = re.compile(r"\"(?:datePublished|pubDate)\"\s*:\s*\"([^\"]{8,40})\"")
_TITLE_PARTS = re.compile(r"\s*[-_|—–｜]+\s*")


@dataclass(frozen=True, slots=True)
class WebPage:
    """The text of a web page.

    Attributes:
        text: One block a line.
        title: The main heading, or what of the metadata's title is a line of the text; None
            where there is none.
        published: ISO date of the metadata; None where there is none.
    """

    text: str
    title: str | None
    published: str | None


def declared_charset(data: bytes) -> str | None:
    """The encoding that the page's own `meta` gives."""
    match = _CHARSET.search(data[:4096])
    return match[1].decode("ascii").lower() if match else None


def extract(html: str) -> WebPage:
    """The text of an HTML page; empty where there is none. Never raises."""
    try:
        tree = lxml.html.document_fromstring(_XML_LINE.sub("", html.replace("\x00", "")))
    except (etree.LxmlError, ValueError):
        return WebPage("", None, None)
    meta = _metadata(tree)
    scripted = _DATE_SCRIPT.search(html)
    dates = [*(meta[name] for name in _DATE_META if name in meta), scripted[1] if scripted else ""]
    published = next(filter(None, (parse_date(date[:10]) for date in dates)), None)
    titles = [meta[name] for name in _TITLE_META if name in meta]
    titles += [_line(element.text_content()) for element in tree.iter("title")]
    for element in list(tree.iter(*_OUT)):
        if element.getparent() is not None:
            element.drop_tree()
    headings = [_line(element.text_content()) for element in tree.iter(*_TITLE_TAGS)]
    lines = list(_blocks(tree))
    title = next(filter(None, headings), None) or _title_among(lines, titles)
    if title and not any(title in line for line in lines):
        lines.insert(0, title)
    return WebPage("\n".join(lines), title, published)


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _metadata(tree: lxml.html.HtmlElement) -> dict[str, str]:
    """The page's `meta` elements by name in lower case; the first of each name."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = element.get("name") or element.get("property") or element.get("itemprop")
        content = _line(element.get("content") or "")
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _title_among(lines: list[str], titles: list[str]) -> str | None:
    """The longest part of the metadata's titles that is a line: the rest names the site."""
    there = set(lines)
    parts = {part for title in titles for part in (title, *_TITLE_PARTS.split(title))}
    return max((part for part in parts if part in there), key=len, default=None)


def _blocks(tree: lxml.html.HtmlElement) -> Iterator[str]:
    """The texts of all blocks that are not mostly links."""
    body = tree.find("body")
    parts: list[str] = []
    n_linked = in_link = 0
    for event, element in etree.iterwalk(
        tree if body is None else body, events=("start", "end", "comment")
    ):
        name = element.tag if isinstance(element.tag, str) else ""
        if name in _BLOCKS:
            line = _line("".join(parts))
            if line and n_linked <= _LINK_SHARE * len(line):
                yield line
            parts.clear()
            n_linked = 0
        if name == "a":
            in_link += 1 if event == "start" else -1
        piece = element.tail if event != "start" else element.text if name else ""
        if piece:
            parts.append(piece)
            n_linked += len(piece.strip()) * (in_link > 0)
    line = _line("".join(parts))
    if line and n_linked <= _LINK_SHARE * len(line):
        yield line
