"""The whole job: DIR/documents.jsonl to database, workbook, tables and report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from swner.document import Document
from swner.errors import DataError
from swner.facts.export import write_csv, write_parquet, write_workbook
from swner.facts.report import write_report
from swner.facts.store import LoadResult, load, opened

Reader: TypeAlias = Callable[[Path], Iterable[Document]]
"""Reads a .jsonl file; the command line passes `swner.corpus.doccano.read`."""

DOCUMENTS, DATABASE, WORKBOOK, REPORT = (
    "documents.jsonl", "facts.sqlite", "facts.xlsx", "report.html",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """What was made.

    Attributes:
        loaded: Documents read, new, unchanged and reprinted.
        n_articles: Articles in the database.
        n_targets: Rows of targets.
        n_figures: Rows of figures.
        n_policies: Rows of policies.
        n_appointments: Rows of appointments.
        n_flags: Rows that someone should look at.
        n_unread: Quantities and dates that stayed text.
        paths: The files written.
    """

    loaded: LoadResult
    n_articles: int
    n_targets: int
    n_figures: int
    n_policies: int
    n_appointments: int
    n_flags: int
    n_unread: int
    paths: tuple[Path, ...]


def build(directory: Path, *, read: Reader) -> Summary:
    """Make all outputs in `directory` from its documents.jsonl.

    The database is made beside the old one and put in its place when it is complete, so an
    interrupted run leaves the old one untouched.

    Raises:
        DataError: documents.jsonl is missing or broken.
    """
    source = directory / DOCUMENTS
    if not source.is_file():
        raise DataError(
            f"{source}: no such file. Make it with: swner predict INPUT --output {directory}"
        )
    database = directory / DATABASE
    part = directory / f"{DATABASE}.part"
    for leftover in (part, part.with_name(part.name + "-journal")):
        leftover.unlink(missing_ok=True)
    loaded = load(part, read(source))
    os.replace(part, database)
    with opened(database) as connection:
        write_workbook(connection, directory / WORKBOOK, report=REPORT)
        tables = write_csv(connection, directory) + write_parquet(connection, directory)
        write_report(connection, directory / REPORT)

        def count(table: str) -> int:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

        return Summary(
            loaded, count("articles"), count("targets"), count("figures"), count("policies"),
            count("appointments"), count("flags"), count("unread"),
            (database, directory / WORKBOOK, *tables, directory / REPORT),
        )  # fmt: skip
