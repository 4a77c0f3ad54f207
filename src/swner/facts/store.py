"""The store: an SQLite database of records, safe to load again and to interrupt.

Loading is idempotent: a document that is there already, unchanged, is left alone; a changed one
replaces its old rows. Every batch is one transaction, and what depends on several articles
(merged policies, flags) is worked out anew at the end, so a run that was killed and run again
leaves the same database as an unbroken one. A reprint becomes one more source of its article.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from swner.document import Document
from swner.errors import DataError
from swner.facts import rows
from swner.facts.extract import facts_of
from swner.facts.merge import refresh
from swner.facts.passages import Passages
from swner.facts.policies import level_of
from swner.facts.records import Evidence, Facts
from swner.facts.tables import SCHEMA_VERSION, TABLES, VIEWS


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What loading did; counts add.

    Attributes:
        n_read: Documents read.
        n_new: Articles that were not there.
        n_replaced: Articles whose document had changed.
        n_unchanged: Documents that were there already.
        n_reprints: Documents linked to an article that another document gave.
    """

    n_read: int = 0
    n_new: int = 0
    n_replaced: int = 0
    n_unchanged: int = 0
    n_reprints: int = 0


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open a database with foreign keys on.

    Args:
        path: The database file.
        create: Whether to make the file and its tables where they are missing.

    Raises:
        DataError: The file is missing, is no database of swner, or is of another version.
    """
    if not create and not path.is_file():
        raise DataError(f"{path}: no such database. Make one with: swner facts DIR")
    try:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA foreign_keys = ON")
        if create:
            connection.executescript(TABLES + VIEWS)
            connection.execute(
                "INSERT OR IGNORE INTO info VALUES ('schema_version', ?)", (str(SCHEMA_VERSION),)
            )
            connection.commit()
        found = connection.execute("SELECT value FROM info WHERE key = 'schema_version'").fetchone()
    except sqlite3.DatabaseError as error:
        raise DataError(
            f"{path}: not a database of swner ({error}). Make one with: swner facts DIR"
        ) from error
    if found is None or found[0] != str(SCHEMA_VERSION):
        raise DataError(
            f"{path}: schema version {found[0] if found else None}, this swner reads "
            f"{SCHEMA_VERSION}. Make the database again with: swner facts DIR"
        )
    return connection


@contextmanager
def opened(path: Path, *, create: bool = False) -> Iterator[sqlite3.Connection]:
    """`connect`, closed at the end."""
    connection = connect(path, create=create)
    try:
        yield connection
    finally:
        connection.close()


def load(path: Path, docs: Iterable[Document], *, batch_size: int = 200) -> LoadResult:
    """Load documents into a database, which is made where it is missing.

    Args:
        path: The database file.
        docs: Documents with entities and relations.
        batch_size: Documents a transaction.
    """
    totals = LoadResult()
    with opened(path, create=True) as connection:
        batch: list[Document] = []
        for doc in docs:
            batch.append(doc)
            if len(batch) >= batch_size:
                totals = _add(totals, _load_batch(connection, batch))
                batch = []
        totals = _add(totals, _load_batch(connection, batch))
        with connection:
            refresh(connection)
    return totals


def search(
    connection: sqlite3.Connection, query: str, *, limit: int = 50
) -> list[tuple[str, str, str]]:
    """Articles that contain a string: (id, title, snippet), best first.

    Queries of fewer than three characters, which the trigram index does not hold, are looked up
    by a scan.
    """
    if len(query) >= 3:
        quoted = '"' + query.replace('"', '""') + '"'
        sql = (
            "SELECT a.id, a.title, snippet(articles_fts, 1, '[', ']', '…', 30) "
            "FROM articles_fts JOIN articles a ON a.number = articles_fts.rowid "
            "WHERE articles_fts MATCH ? ORDER BY rank, a.id LIMIT ?"
        )
        return list(connection.execute(sql, (quoted, limit)))
    sql = (
        "SELECT id, title, substr(text, max(1, instr(text, :q) - 15), 30) FROM articles "
        "WHERE instr(text, :q) OR instr(title, :q) ORDER BY id LIMIT :n"
    )
    return list(connection.execute(sql, {"q": query, "n": limit}))


def _add(one: LoadResult, two: LoadResult) -> LoadResult:
    return LoadResult(
        one.n_read + two.n_read,
        one.n_new + two.n_new,
        one.n_replaced + two.n_replaced,
        one.n_unchanged + two.n_unchanged,
        one.n_reprints + two.n_reprints,
    )


def _load_batch(connection: sqlite3.Connection, batch: Sequence[Document]) -> LoadResult:
    """Load some documents in one transaction: all of them or, on an error, none."""
    result = LoadResult()
    with connection:
        for doc in batch:
            result = _add(result, _load_one(connection, doc))
    return result


def _load_one(connection: sqlite3.Connection, doc: Document) -> LoadResult:
    digest = rows.digest(doc)
    known = connection.execute(
        "SELECT digest, is_reprint FROM sources WHERE id = ?", (doc.id,)
    ).fetchone()
    if known is not None and known[0] == digest:
        return LoadResult(n_read=1, n_unchanged=1)
    if known is not None:
        connection.execute("DELETE FROM sources WHERE id = ?", (doc.id,))
        connection.execute("DELETE FROM articles WHERE id = ?", (doc.id,))
    passages = Passages(doc)
    mark = rows.fingerprint(passages.text) or doc.id
    title = str(doc.meta.get("title") or passages.text.split("\n", 1)[0][:120])
    source = str(doc.meta.get("source") or "")
    day = rows.published(doc)
    original = connection.execute(
        "SELECT id FROM articles WHERE fingerprint = ?", (mark,)
    ).fetchone()
    article_id = original[0] if original else doc.id
    if original is None:
        connection.execute(
            "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (rows.article_number(doc.id), doc.id, mark, title, source, day, doc.text,
             str(doc.meta.get("model") or "")),
        )  # fmt: skip
        _insert_marks(connection, doc)
        _insert_facts(connection, facts_of(passages))
    connection.execute(
        "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?)",
        (doc.id, article_id, int(original is not None), title, source, day, digest),
    )
    if original is not None:
        return LoadResult(n_read=1, n_reprints=1)
    return LoadResult(n_read=1, n_new=int(known is None), n_replaced=int(known is not None))


def _insert_marks(connection: sqlite3.Connection, doc: Document) -> None:
    connection.executemany(
        "INSERT INTO entities VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(doc.id, n, e.label, e.start, e.end, e.surface, e.clean, e.score)
         for n, e in enumerate(doc.entities)],
    )  # fmt: skip
    connection.executemany(
        "INSERT OR IGNORE INTO relations VALUES (?, ?, ?, ?, ?)",
        [(doc.id, r.head, r.tail, r.label, r.score) for r in doc.relations],
    )


def _insert_facts(connection: sqlite3.Connection, facts: Facts) -> None:
    """All records of one article, policies and organisations first for their foreign keys."""
    for policy in facts.policies:
        connection.execute(
            "INSERT OR IGNORE INTO policies VALUES (?, ?, '', '', '', NULL, NULL)",
            (policy.key, policy.title),
        )
        _organisations(connection, policy.issuers)
        key = _evidence(connection, policy.evidence, "policy", policy.key)
        _insert(connection, "policy_mentions", cells=rows.mention_row(key, policy))
    for a in facts.appointments:
        _organisations(connection, (a.organisation,))
        parts = (a.post, a.organisation, a.status)
        key = _evidence(connection, a.evidence, "appointment", *parts)
        _insert(connection, "appointments", cells=rows.appointment_row(key, a))
    for target in facts.targets:
        key = _evidence(connection, target.evidence, "target")
        _insert(connection, "targets", cells=rows.target_row(key, target))
    for figure in facts.figures:
        key = _evidence(connection, figure.evidence, "figure")
        _insert(connection, "figures", cells=rows.figure_row(key, figure))
    for n, text in enumerate(facts.unread):
        _insert(connection, "unread", cells=(facts.article, n, text))


def _organisations(connection: sqlite3.Connection, names: Iterable[str]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO organisations VALUES (?, ?)",
        [(name, level_of(name)) for name in names if name],
    )


def _evidence(connection: sqlite3.Connection, evidence: Evidence, kind: str, *parts: object) -> str:
    key = rows.evidence_id(evidence, kind, *parts)
    _insert(connection, "evidence", cells=rows.evidence_row(key, evidence))
    return key


def _insert(connection: sqlite3.Connection, table: str, *, cells: rows.Cells) -> None:
    marks = ", ".join("?" * len(cells))
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", cells)
