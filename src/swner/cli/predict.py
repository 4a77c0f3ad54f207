"""`swner predict`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

import swner
from swner.cli.progress import RunProgress
from swner.codec.calibration import Thresholds
from swner.corpus import doccano
from swner.corpus.formats import Format, format_named
from swner.errors import ConfigError, DataError
from swner.inference.annotator import Annotator
from swner.inference.batch import Columns, predict_groups, read_groups
from swner.inference.output import DOCUMENTS, LEDGER, OutputFolder, Tally
from swner.inference.predictor import BATCH_PIECES, GROUP_CHARS
from swner.inference.review import (
    REVIEW,
    CautiousAnnotator,
    explain,
    thresholds_of,
    write_review,
)
from swner.inference.shipped import shipped_model

if TYPE_CHECKING:
    from swner.batch.ray import BlockResult

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        inputs: Files and folders.
        output: Folder of the results.
        model: Model directory; None for the shipped one.
        columns: Where records have text and id.
        resume: Go on with an earlier run.
        overwrite: Replace one.
        quiet: Show no progress.
        min_precision: Of what is kept; what is not sure enough goes to review. None keeps all.
        backend: What runs the network, as `swner.load` has it.
        n_threads: Cores to use; None takes all there are.
    """

    inputs: list[Path]
    output: Path
    model: Path | None
    columns: Columns
    resume: bool
    overwrite: bool
    quiet: bool
    min_precision: float | None
    backend: str
    n_threads: int | None


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
    engine: str = "local",
    ray_address: str | None = None,
    min_precision: float | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> None:
    """Annotate all inputs; exit code 3 with a summary if any failed.

    Args:
        inputs: Files and folders.
        output: Folder of the results.
        model: Model directory; None for the shipped one.
        resume: Go on with an earlier run.
        overwrite: Replace one.
        text_column: Field or column of the text of records.
        id_column: Field or column of their id.
        also: Another format of the documents; with ray, that of the partitions.
        quiet: Show no progress.
        engine: One of `ENGINES`.
        ray_address: Of a cluster; None for this machine.
        min_precision: Of what is kept, above 0 and below 1; the rest goes to review.jsonl.
        backend: What runs the network, as `swner.load` has it.
        n_threads: Cores to use; None takes all there are.

    Raises:
        ConfigError: An engine, backend or format is unknown, or options do not go together.
        DataError: A path leads nowhere, or the output folder cannot be used.
        ModelError: There is no such model, or it has no calibration to take a precision from.
    """
    if engine not in ENGINES:
        raise ConfigError(f"--engine {engine!r} is unknown; allowed are {', '.join(ENGINES)}.")
    if ray_address is not None and engine != "ray":
        raise ConfigError(f"--ray-address {ray_address!r} needs --engine ray.")
    if n_threads is not None and engine != "local":
        raise ConfigError(
            f"--threads {n_threads} needs --engine local; with ray each actor has a core."
        )
    if min_precision is not None and engine != "local":
        raise ConfigError(f"--min-precision {min_precision} needs --engine local.")
    missing = [str(path) for path in inputs if not path.exists()]
    if missing:
        raise DataError(f"{', '.join(missing)}: no such file or folder. Check the path.")
    columns = Columns(text_column, id_column)
    request = Request(
        inputs,
        output,
        model,
        columns,
        resume,
        overwrite,
        quiet,
        min_precision,
        backend,
        n_threads,
    )
    try:
        if engine == "ray":
            _run_on_ray(request, format_name=also or "doccano", address=ray_address)
        else:
            _run_here(request, format_named(also) if also and also != "doccano" else None)
    except KeyboardInterrupt:
        typer.echo(f"{output}: interrupted; --resume goes on with it", err=True)
        raise typer.Exit(130) from None


def _run_here(request: Request, also: Format | None) -> None:
    annotator, thresholds = _annotator(request)
    started = time.monotonic()
    with (
        OutputFolder(
            request.output,
            settings=run_settings(annotator, request.columns, request.min_precision),
            resume=request.resume,
            overwrite=request.overwrite,
        ) as folder,
        RunProgress(request.inputs, quiet=request.quiet) as progress,
    ):
        n_chars_before = folder.tally.n_chars
        groups = read_groups(
            request.inputs, columns=request.columns, done=folder.done(), on_skip=progress.skip
        )
        for outcomes in predict_groups(annotator, groups):
            folder.write(outcomes)
            progress.add(
                n_inputs=len(outcomes),
                n_documents=sum(len(one.lines) for one in outcomes),
                n_chars=sum(one.n_chars_read for one in outcomes),
                n_bytes=sum(one.read.n_bytes for one in outcomes),
            )
        if also is not None and folder.tally.n_documents:
            _convert(request.output, also)
        if thresholds is not None:
            _review(request.output, thresholds)
        elif request.overwrite:
            (request.output / REVIEW).unlink(missing_ok=True)
    _summarise(
        request.output,
        folder.tally,
        n_chars=folder.tally.n_chars - n_chars_before,
        seconds=time.monotonic() - started,
        ledger=LEDGER,
    )


def _annotator(request: Request) -> tuple[Annotator, Thresholds | None]:
    """The annotator that is asked for, and where it cuts off what is not sure enough."""
    annotator = swner.load(request.model, backend=request.backend, n_threads=request.n_threads)
    if request.min_precision is None:
        return annotator, None
    name = str(request.model or shipped_model())
    thresholds = thresholds_of(annotator.backend, request.min_precision, model=name)
    return CautiousAnnotator(annotator.backend, thresholds), thresholds


def _review(output: Path, thresholds: Thresholds) -> None:
    """Write the review file, and say what went there and why."""
    counts = write_review(output)
    for line in explain(thresholds):
        typer.echo(line)
    typer.echo(
        f"{output / REVIEW}: {counts.n_entities:,} entities and {counts.n_relations:,} relations to "
        f"look at, in {counts.n_documents:,} articles"
    )


def _run_on_ray(request: Request, *, format_name: str, address: str | None) -> None:
    try:
        from swner.batch import ray
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise ConfigError("--engine ray needs an extra: pip install 'swner[ray]'") from error

    settings = run_settings(swner.load(request.model, backend=request.backend), request.columns)
    started = time.monotonic()
    n_chars = 0
    with RunProgress(request.inputs, quiet=request.quiet) as progress:

        def count(block: BlockResult) -> None:
            nonlocal n_chars
            if block.was_done:
                progress.skip(block.n_bytes)
                return
            n_chars += sum(line.n_chars_read for line in block.lines)
            progress.add(
                n_inputs=len(block.lines),
                n_documents=sum(line.n_documents for line in block.lines),
                n_chars=sum(line.n_chars_read for line in block.lines),
                n_bytes=block.n_bytes,
            )

        tally = ray.predict(
            request.inputs,
            ray.Job(
                output=request.output.absolute(),
                model=(request.model or shipped_model()).absolute(),
                folder=Path.cwd(),
                columns=request.columns,
                format=format_name,
                backend=request.backend,
            ),
            settings=settings,
            address=address,
            resume=request.resume,
            overwrite=request.overwrite,
            on_block=count,
        )
    seconds = time.monotonic() - started
    _summarise(request.output, tally, n_chars=n_chars, seconds=seconds, ledger=ray.LEDGER_DIR)


def run_settings(
    annotator: Annotator, columns: Columns, min_precision: float | None = None
) -> Mapping[str, Any]:
    """What the records of a run depend on besides its inputs."""
    calibration = annotator.backend.calibration
    return {
        "swner": swner.__version__,
        "model": annotator.backend.digest,
        "backend": type(annotator.backend).__name__,
        "calibration": _digest(calibration.to_json()) if calibration else None,
        "min_precision": min_precision,
        "text_column": columns.text,
        "id_column": columns.id,
        "group_chars": GROUP_CHARS,
        "batch_pieces": BATCH_PIECES,
    }


def _digest(value: object) -> str:
    """Twelve hex digits of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _convert(output: Path, wanted: Format) -> None:
    """Write the documents in another format too; the file or folder appears whole or not at all."""
    target = output / f"documents{wanted.suffix}"
    beside = output / f".{os.getpid()}{wanted.suffix}"
    wanted.write(doccano.read(output / DOCUMENTS), beside)
    if target.is_dir():
        shutil.rmtree(target)
    os.replace(beside, target)
    lost = f" (without {', '.join(wanted.loses)})" if wanted.loses else ""
    typer.echo(f"{target}{lost}")


def _summarise(output: Path, tally: Tally, *, n_chars: int, seconds: float, ledger: str) -> None:
    """Say what was done; exit code 3 if any input failed, those of a resumed run included.

    Args:
        output: The folder.
        tally: Of all inputs.
        n_chars: Characters read in these `seconds`.
        seconds: Wall time.
        ledger: Where every input has its line.
    """
    typer.echo(
        f"{output}: {tally.n_inputs:,} inputs, {tally.n_documents:,} articles, "
        f"{tally.n_chars:,} characters, {tally.n_failed:,} inputs failed; {seconds:.1f} s, "
        f"{n_chars / max(1e-6, seconds):,.0f} characters a second"
    )
    if not tally.n_failed:
        return
    for id_, reason in tally.failures:
        typer.echo(f"  {id_}: {reason}", err=True)
    n_more = tally.n_failed - len(tally.failures)
    typer.echo(
        f"  {f'and {n_more:,} more; ' if n_more else ''}all are in {output / ledger}", err=True
    )
    raise typer.Exit(3)
