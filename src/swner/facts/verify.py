"""Checks a database against its own texts, and against the documents it was made from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from swner.document import Document
from swner.facts import rows
from swner.facts.store import opened


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold.

    Attributes:
        where: Table and key.
        what: What is wrong, with what was found and what was expected.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def verify(path: Path, documents: Iterable[Document] | None = None) -> list[Problem]:
    """Re-slice every quote and mark from its source and check the database's own rules.

    Args:
        path: The database.
        documents: The documents it was made from; where given, texts are compared with them too.

    Returns:
        All problems; empty where everything holds.

    Raises:
        DataError: The file is no database of swner.
    """
    with opened(path) as connection:
        problems = list(_structure(connection))
        problems += _slices(connection)
        if documents is not None:
            problems += _against(connection, documents)
    return problems


def _structure(connection: sqlite3.Connection) -> Iterator[Problem]:
    for (message,) in connection.execute("PRAGMA integrity_check"):
        if message != "ok":
            yield Problem("database", str(message))
    for table, row_id, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Problem(f"{table} row {row_id}", f"refers to a row of {parent} that is not there")
    try:
        connection.execute(
            "INSERT INTO articles_fts(articles_fts, rank) VALUES ('integrity-check', 1)"
        )
    except sqlite3.DatabaseError as error:
        yield Problem("articles_fts", f"does not agree with the articles ({error}); load again")
    finally:
        connection.rollback()


def _slices(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Every quote, span and mark must be what the text has at its offsets."""
    checks = (
        ("evidence", "id", "start", '"end"', "quote"),
        ("evidence", "id", "span_start", "span_end", "span"),
        ("entities", "n", "start", '"end"', "surface"),
    )
    for table, key, start, end, column in checks:
        found = connection.execute(
            f"SELECT t.article_id, t.{key}, t.{start}, t.{end}, t.{column}, a.text "
            f"FROM {table} t JOIN articles a ON a.id = t.article_id ORDER BY t.article_id"
        )
        for article, row, first, last, expected, text in found:
            if text[first:last] != expected or not 0 <= first < last <= len(text):
                yield Problem(
                    f"{table} {article}/{row}",
                    f"{column} is {expected!r}, but the article has {text[first:last]!r} "
                    f"at [{first}, {last})",
                )


def _against(connection: sqlite3.Connection, documents: Iterable[Document]) -> Iterator[Problem]:
    """Compare the stored texts with the documents."""
    stored = dict(connection.execute("SELECT id, digest FROM sources"))
    seen: set[str] = set()
    for doc in documents:
        seen.add(doc.id)
        if doc.id not in stored:
            yield Problem(f"document {doc.id}", "is not in the database; run swner facts again")
            continue
        row = connection.execute("SELECT text FROM articles WHERE id = ?", (doc.id,)).fetchone()
        if row is not None and row[0] != doc.text:
            yield from _quotes_in(connection, doc)
        elif stored[doc.id] != rows.digest(doc):
            yield Problem(f"document {doc.id}", "has other marks or meta than the database")
    for missing in sorted(set(stored) - seen):
        yield Problem(f"source {missing}", "is in the database, but not among the documents")


def _quotes_in(connection: sqlite3.Connection, doc: Document) -> Iterator[Problem]:
    yield Problem(f"document {doc.id}", "its text is not the one in the database")
    for key, start, end, quote in connection.execute(
        'SELECT id, start, "end", quote FROM evidence WHERE article_id = ?', (doc.id,)
    ):
        if doc.text[start:end] != quote:
            yield Problem(
                f"evidence {doc.id}/{key}",
                f"quote {quote[:40]!r} no longer stands at [{start}, {end})",
            )
