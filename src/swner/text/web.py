"""HTML to the text of a page: title, date and body, without menus and scripts.

trafilatura finds the main text. It is made for pages with one article; where it finds little, as
on the contents page of a newspaper, all blocks are taken but those that are mostly links.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import lxml.html
import trafilatura
from lxml import etree

_LEAST_SHARE = 0.5  # of the characters outside links that trafilatura must keep to be believed
_LINK_SHARE = 0.5  # a block with more of its characters in links is a menu
_OUT = ("script", "style", "noscript", "nav", "header", "footer", "form", "iframe", "select")
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "tr",
        "td",
        "th",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "article",
        "br",
        "center",
        "dd",
        "dt",
        "founder-content",
        "founder-title",
    ]
)
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,20})", re.IGNORECASE
)
_IS_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class WebPage:
    """The text of a web page.

    Attributes:
        text: One block a line; the title first.
        title: From the metadata or the first heading; None where there is none.
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
    """The main text of an HTML page; its text is empty where there is none. Never raises."""
    html = re.sub(r"^\s*<\?xml[^>]*\?>", "", html.replace("\x00", ""))
    title, published, main = _by_trafilatura(html)
    blocks, heading = _by_blocks(html)
    title = heading or title
    n_blocks = sum(map(len, blocks))
    text = main if len(main) >= _LEAST_SHARE * n_blocks else "\n".join(blocks)
    if title and title not in text[: 3 * len(title) + 200]:
        text = f"{title}\n{text}"
    return WebPage(text.strip("\n"), title, published)


def _by_trafilatura(html: str) -> tuple[str | None, str | None, str]:
    try:
        found = trafilatura.bare_extraction(
            html, favor_recall=True, include_comments=False, with_metadata=True
        )
    except Exception:  # it parses whatever comes: any failure means that it found nothing
        return None, None, ""
    if found is None:
        return None, None, ""
    date = found.date if found.date and _IS_DATE.fullmatch(found.date) else None
    return found.title or None, date, found.text or ""


def _by_blocks(html: str) -> tuple[list[str], str | None]:
    """All blocks of text that are not mostly links, and the first heading."""
    try:
        tree = lxml.html.document_fromstring(html)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, UnicodeError):
        return [], None
    for element in tree.xpath("//" + " | //".join(_OUT)):
        element.drop_tree()
    headings = tree.xpath("//h1[normalize-space()] | //founder-title[normalize-space()]")
    heading = re.sub(r"\s+", " ", headings[0].text_content()).strip() if headings else None
    blocks: list[str] = []
    parts: list[str] = []
    n_linked = 0

    def flush() -> None:
        nonlocal n_linked
        block = re.sub(r"[ \t\r\n]+", " ", "".join(parts)).strip()
        if block and n_linked <= _LINK_SHARE * len(block):
            blocks.append(block)
        parts.clear()
        n_linked = 0

    body = tree.find("body")
    events = etree.iterwalk(tree if body is None else body, events=("start", "end"))
    in_link = 0
    for event, element in events:
        name = element.tag if isinstance(element.tag, str) else ""
        if name in _BLOCKS:
            flush()
        in_link += (1 if event == "start" else -1) * (name == "a")
        piece = (
            element.text if event == "start" and name else element.tail if event == "end" else ""
        ) or ""
        parts.append(piece)
        n_linked += len(piece.strip()) * (in_link > 0)
    flush()
    return blocks, heading or None
