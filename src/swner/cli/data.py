"""`swner check` and `swner convert`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from swner.config import load_config
from swner.corpus.check import CheckReport, Finding, check, names_in_both
from swner.corpus.formats import format_named
from swner.corpus.load import load
from swner.corpus.recipe import dev_documents, training_documents
from swner.errors import DataError

MAX_SHOWN = 40


def run_check(data: list[Path], *, recipe: Path | None = None) -> None:
    """Counts, notes and errors; exit code 3 if there is an error.

    Args:
        data: Files and folders.
        recipe: Its training documents are compared with those it holds out; only `data` is checked
            for all else.
    """
    report = check(load(data))
    _print_counts(report)
    _print_notes(report.notes)
    if recipe is not None:
        config = load_config(recipe)
        _print_notes(names_in_both(training_documents(config), dev_documents(config)))
    if report.errors:
        shown = "\n".join(str(e) for e in report.errors[:MAX_SHOWN])
        raise DataError(f"{len(report.errors)} errors to mend\n{shown}")
    typer.echo("no errors")


def _print_notes(notes: Sequence[Finding]) -> None:
    for finding in notes[:MAX_SHOWN]:
        typer.echo(str(finding))
    if len(notes) > MAX_SHOWN:
        typer.echo(f"... and {len(notes) - MAX_SHOWN} more to look at")


def _print_counts(report: CheckReport) -> None:
    table = Table(title=f"{report.n_docs:,} documents, {report.n_chars:,} characters")
    table.add_column("entity")
    table.add_column("n", justify="right")
    table.add_column("relation")
    table.add_column("n", justify="right")
    left, right = report.labels.most_common(), report.relations.most_common()
    for row in range(max(len(left), len(right))):
        cells = [*(left[row] if row < len(left) else ("", ""))]
        cells += [*(right[row] if row < len(right) else ("", ""))]
        table.add_row(*(str(c) for c in cells))
    Console().print(table)


def run_convert(source: Path, target: Path, *, from_: str, to: str) -> None:
    """Read one format, write another, and say what the other cannot hold."""
    reader, writer = format_named(from_), format_named(to)
    if not source.exists():
        raise DataError(f"{source}: no such file or folder. Check the path.")
    n_docs = writer.write(list(reader.read(source)), target)
    typer.echo(f"{target}: {n_docs} documents")
    if writer.loses:
        typer.echo(f"{to} does not hold: {', '.join(writer.loses)}", err=True)
