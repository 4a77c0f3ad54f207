"""`swner check` and `swner convert`."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from swner.corpus.check import CheckReport, check
from swner.corpus.formats import format_named
from swner.corpus.load import load
from swner.errors import DataError

MAX_SHOWN = 40


def run_check(data: list[Path]) -> None:
    """Counts, notes and errors; exit code 3 if there is an error."""
    report = check(load(data))
    _print_counts(report)
    for finding in report.notes[:MAX_SHOWN]:
        typer.echo(str(finding))
    if len(report.notes) > MAX_SHOWN:
        typer.echo(f"... and {len(report.notes) - MAX_SHOWN} more to look at")
    if report.errors:
        shown = "\n".join(str(e) for e in report.errors[:MAX_SHOWN])
        raise DataError(f"{len(report.errors)} errors to mend\n{shown}")
    typer.echo("no errors")


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
