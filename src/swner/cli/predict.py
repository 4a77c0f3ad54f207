"""`swner predict`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

import swner
from swner.corpus import doccano
from swner.corpus.formats import format_named
from swner.errors import DataError
from swner.inference.batch import DOCUMENTS, OutputFolder, predict_inputs
from swner.text.raw import Read
from swner.text.read import read_inputs


def run(
    inputs: list[Path],
    output: Path,
    *,
    model: Path | None,
    resume: bool,
    overwrite: bool,
    text_column: str | None,
    id_column: str | None,
    also: str | None,
) -> None:
    """Annotate all inputs; exit code 3 with a summary if any failed."""
    also_format = format_named(also) if also else None
    missing = [str(path) for path in inputs if not path.exists()]
    if missing:
        raise DataError(f"{', '.join(missing)}: no such file or folder. Check the path.")
    annotator = swner.load(model)
    folder = OutputFolder(output, resume=resume, overwrite=overwrite)
    started = time.monotonic()
    n_inputs = n_docs = n_chars = 0
    failed: list[tuple[str, str]] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading")
        reads = _pending(inputs, folder, text_column=text_column, id_column=id_column)
        for outcome in predict_inputs(annotator, reads):
            line = folder.write(outcome)
            n_inputs, n_docs = n_inputs + 1, n_docs + line.n_documents
            n_chars += line.n_chars_read
            if line.reason:
                failed.append((line.id, line.reason))
            rate = n_chars / max(1e-6, time.monotonic() - started)
            progress.update(
                task,
                description=f"{n_inputs:,} inputs, {n_docs:,} articles, {n_chars:,} characters, "
                f"{rate:,.0f} a second",
            )
    folder.close()
    if also_format and also != "doccano":
        target = output / f"documents{also_format.suffix}"
        also_format.write(list(doccano.read(output / DOCUMENTS)), target)
        lost = f" (without {', '.join(also_format.loses)})" if also_format.loses else ""
        typer.echo(f"{target}{lost}")
    seconds = time.monotonic() - started
    typer.echo(
        f"{output}: {n_inputs} inputs, {n_docs} articles, {n_chars:,} characters in {seconds:.1f} s; "
        f"{len(failed)} inputs failed"
    )
    for id_, reason in failed[:20]:
        typer.echo(f"  {id_}: {reason}", err=True)
    if failed:
        typer.echo("every input's status is in ledger.jsonl", err=True)
        raise typer.Exit(3)


def _pending(
    inputs: list[Path], folder: OutputFolder, *, text_column: str | None, id_column: str | None
) -> Iterator[Read]:
    for read in read_inputs(inputs, text_column=text_column, id_column=id_column):
        if read.id not in folder.done:
            yield read
