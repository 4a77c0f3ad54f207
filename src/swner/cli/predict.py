"""`swner predict`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

import swner
from swner.cli.progress import RunProgress
from swner.corpus import doccano
from swner.corpus.formats import Format, format_named
from swner.errors import DataError
from swner.inference.annotator import Annotator
from swner.inference.batch import Columns, predict_groups, read_groups
from swner.inference.output import DOCUMENTS, OutputFolder, Tally
from swner.inference.predictor import BATCH_PIECES, GROUP_CHARS


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
    quiet: bool = False,
) -> None:
    """Annotate all inputs; exit code 3 with a summary if any failed."""
    also_format = format_named(also) if also and also != "doccano" else None
    check_inputs(inputs)
    annotator = swner.load(model)
    columns = Columns(text_column, id_column)
    started = time.monotonic()
    settings = run_settings(annotator, columns)
    with OutputFolder(output, settings=settings, resume=resume, overwrite=overwrite) as folder:
        n_chars_before = folder.tally.n_chars
        try:
            _predict(annotator, inputs, columns, folder, quiet=quiet)
        except KeyboardInterrupt:
            typer.echo(f"{output}: interrupted; --resume goes on with it", err=True)
            raise typer.Exit(130) from None
        if also_format is not None and folder.tally.n_documents:
            target = _convert(output, also_format)
            lost = f" (without {', '.join(also_format.loses)})" if also_format.loses else ""
            typer.echo(f"{target}{lost}")
    seconds = time.monotonic() - started
    summarise(output, folder.tally, n_chars=folder.tally.n_chars - n_chars_before, seconds=seconds)


def check_inputs(inputs: list[Path]) -> None:
    """Refuse paths that lead nowhere.

    Raises:
        DataError: One does.
    """
    missing = [str(path) for path in inputs if not path.exists()]
    if missing:
        raise DataError(f"{', '.join(missing)}: no such file or folder. Check the path.")


def run_settings(annotator: Annotator, columns: Columns) -> Mapping[str, Any]:
    """What the records of a run depend on besides its inputs."""
    calibration = annotator.backend.calibration
    return {
        "swner": swner.__version__,
        "model": annotator.backend.digest,
        "backend": type(annotator.backend).__name__,
        "calibration": _digest(calibration.to_json()) if calibration else None,
        "text_column": columns.text,
        "id_column": columns.id,
        "group_chars": GROUP_CHARS,
        "batch_pieces": BATCH_PIECES,
    }


def _digest(value: object) -> str:
    """Twelve hex digits of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _predict(
    annotator: Annotator, inputs: list[Path], columns: Columns, folder: OutputFolder, *, quiet: bool
) -> None:
    with RunProgress(inputs, quiet=quiet) as progress:
        groups = read_groups(inputs, columns=columns, done=folder.done(), on_skip=progress.skip)
        for outcomes in predict_groups(annotator, groups):
            folder.write(outcomes)
            progress.add(
                n_inputs=len(outcomes),
                n_documents=sum(len(one.lines) for one in outcomes),
                n_chars=sum(one.n_chars_read for one in outcomes),
                n_bytes=sum(one.read.n_bytes for one in outcomes),
            )


def _convert(output: Path, wanted: Format) -> Path:
    """Write the documents in another format too; the file or folder appears whole or not at all."""
    target = output / f"documents{wanted.suffix}"
    beside = output / f".{os.getpid()}{wanted.suffix}"
    wanted.write(doccano.read(output / DOCUMENTS), beside)
    if target.is_dir():
        shutil.rmtree(target)
    os.replace(beside, target)
    return target


def summarise(output: Path, tally: Tally, *, n_chars: int, seconds: float) -> None:
    """Say what was done; exit code 3 if any input failed, those of a resumed run included.

    Args:
        output: The folder.
        tally: Of all inputs.
        n_chars: Characters read in these `seconds`.
        seconds: Wall time.
    """
    typer.echo(
        f"{output}: {tally.n_inputs:,} inputs, {tally.n_documents:,} articles, "
        f"{tally.n_chars:,} characters; {n_chars / max(1e-6, seconds):,.0f} characters a second for "
        f"{seconds:.1f} s; {tally.n_failed:,} inputs failed"
    )
    for id_, reason in tally.failures:
        typer.echo(f"  {id_}: {reason}", err=True)
    if tally.n_failed:
        n_more = tally.n_failed - len(tally.failures)
        more = f"  and {n_more:,} more; " if n_more else "  "
        typer.echo(f"{more}every input's status is in ledger.jsonl", err=True)
        raise typer.Exit(3)
