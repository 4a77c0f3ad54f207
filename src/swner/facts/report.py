"""The report for people: one HTML file that needs no server and no network."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from swner.facts.columns import SHEETS
from swner.facts.export import read_rows

_MAX_CHARACTERS = 8_000_000  # of article text inside the file; some 25 MB, which phones still open


def write_report(
    connection: sqlite3.Connection,
    path: Path,
    *,
    title: str = "社会工作与民政资讯：事实报告",
    title_en: str = "Social work and civil affairs: facts in the news",
    max_characters: int = _MAX_CHARACTERS,
) -> None:
    """Write the report.

    Args:
        connection: The database.
        path: The .html file.
        title: Heading of the page.
        title_en: Heading once the page is switched to English.
        max_characters: Characters of article text to include. Articles beyond that are listed
            with their quotes only, and the page says how many.
    """
    data = _data(connection, max_characters)
    environment = Environment(
        loader=PackageLoader("swner.facts", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    template = environment.get_template("report.html.j2")
    page = template.render(title=title, title_en=title_en, data=_script_json(data))
    path.write_text(page, encoding="utf-8")


def _script_json(value: object) -> Markup:
    """JSON that may stand inside a script element, whatever the articles contain."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _data(connection: sqlite3.Connection, max_characters: int) -> dict[str, Any]:
    """Everything the page shows, as JSON values: columns and rows a table, and the articles."""
    tables = {
        sheet.name: {
            "columns": list(sheet.columns),
            "rows": [list(row) for row in read_rows(connection, sheet)],
        }
        for sheet in SHEETS
    }
    details: dict[str, dict[str, str]] = {}
    for row_id, flag, detail in connection.execute("SELECT row_id, flag, detail FROM flags"):
        details.setdefault(row_id, {})[flag] = detail
    articles, left_out = _articles(connection, max_characters)
    return {"tables": tables, "flags": details, "articles": articles, "left_out": left_out}


def _articles(
    connection: sqlite3.Connection, max_characters: int
) -> tuple[dict[str, dict[str, Any]], int]:
    """Texts with their marks, as far as they fit, and the number of those that do not."""
    articles: dict[str, dict[str, Any]] = {}
    left_out, room = 0, max_characters
    for article, text in connection.execute("SELECT id, text FROM articles ORDER BY id"):
        if len(text) > room:
            left_out += 1
            continue
        room -= len(text)
        marks = connection.execute(
            'SELECT start, "end", label, round(score, 3) FROM entities WHERE article_id = ? '
            "ORDER BY start",
            (article,),
        )
        articles[article] = {"text": text, "marks": [list(m) for m in marks]}
    return articles, left_out
