"""`swner facts`, `swner verify` and `swner diff`."""

from __future__ import annotations

from pathlib import Path

import typer

from swner.corpus import doccano
from swner.errors import DataError
from swner.facts.build import build
from swner.facts.diff import diff
from swner.facts.verify import verify


def run(folder: Path) -> None:
    """Make database, workbook, tables and report; say what is in them."""
    summary = build(folder, read=doccano.read)
    typer.echo(
        f"{summary.n_articles} articles: {summary.n_appointments} appointments, "
        f"{summary.n_policies} policies, {summary.n_targets} targets, {summary.n_figures} figures; "
        f"{summary.n_flags} rows flagged, {summary.n_unread} quantities and dates left as text"
    )
    for path in summary.paths:
        typer.echo(f"  {path}")


def run_verify(database: Path) -> None:
    """Exit code 3 and a list if anything does not hold."""
    documents = database.parent / "documents.jsonl"
    problems = verify(database, doccano.read(documents) if documents.is_file() else None)
    if problems:
        shown = "\n".join(str(p) for p in problems[:50])
        raise DataError(f"{database}: {len(problems)} problems\n{shown}")
    typer.echo(f"{database}: every quote matches its source")


def run_diff(old: Path, new: Path) -> None:
    """One line a difference."""
    changes = diff(old, new)
    for change in changes:
        typer.echo(str(change))
    typer.echo(f"{len(changes)} differences")
