"""The commands and the one place that turns errors into messages and exit codes.

Exit codes: 0 done, 1 our bug (traceback), 2 configuration or usage, 3 data, 4 model. What a command
needs is imported when it runs, so that `swner --help` answers at once; for the same reason help is
plain text, as typer's coloured one takes a quarter of a second to load.
"""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from swner import __version__
from swner.errors import SwnerError

app = typer.Typer(
    name="swner",
    help="Chinese social-work and civil-affairs news to entities, relations and a database.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

ConfigPath = Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="A training recipe")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="A.B=C", help="Override a field of the recipe")
]
Resume = Annotated[bool, typer.Option("--resume", help="Take up an interrupted run")]
ModelPath = Annotated[
    Path | None, typer.Option("--model", help="Model directory; by default the shipped one")
]
BackendName = Annotated[
    str,
    typer.Option("--backend", help="onnx (8-bit), onnx-fp32, torch, or auto: the first there is"),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"swner {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it")
    ] = False,
) -> None:
    pass


@app.command()
def train(config: ConfigPath, set_: Overrides = None, resume: Resume = False) -> None:
    """Train a model from a YAML recipe."""
    from swner.cli.tables import print_scores
    from swner.config import load_config

    recipe = load_config(config, set_ or [])
    from swner.training.train import train as run

    result = run(recipe, resume=resume)
    if result.dev_scores:
        print_scores(result.dev_scores, title="Held-out documents")
    typer.echo(f"{recipe.output}: trained in {result.seconds / 60:.1f} minutes")


@app.command()
def crossval(config: ConfigPath, set_: Overrides = None, resume: Resume = False) -> None:
    """Leave out one gold page at a time and score it."""
    from swner.cli.tables import print_summary
    from swner.config import load_config

    recipe = load_config(config, set_ or [])
    from swner.training.cross_validate import cross_validate

    result = cross_validate(recipe, resume=resume)
    if result["unseen_real"]:
        print_summary(result["unseen_real"], title="Gold pages after the stages without gold")
    print_summary(result["crossval"], title="Leave-one-page-out")


@app.command()
def evaluate(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL [MODEL_B] DATA.jsonl",
            help="One model directory, or two to compare, then annotated documents",
        ),
    ],
    output: Annotated[
        Path | None, typer.Option(help="Folder for metrics.json and report.html")
    ] = None,
    backend: BackendName = "auto",
) -> None:
    """Score a model on annotated documents, or compare two."""
    from swner.cli.evaluate import run

    run(paths, output, backend=backend)


@app.command()
def calibrate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model directory")],
    data: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DATA…]", help="Annotated documents it was not trained on"),
    ] = None,
    folds: Annotated[
        Path | None,
        typer.Option(help="Run folder that `swner crossval` left; by default the recipe's own"),
    ] = None,
) -> None:
    """Make a model's scores mean what they say, by held-out articles."""
    from swner.cli.calibrate import run

    run(model, data or [], folds)


@app.command()
def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model directory")],
    data: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DATA…]", help="Annotated documents to compare torch and ONNX on"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for a copy that only predicts; by default MODEL")
    ] = None,
    int8: Annotated[
        bool, typer.Option(help="Write the 8-bit graphs, which prediction takes")
    ] = True,
    fp32: Annotated[bool, typer.Option(help="Write those in full precision too")] = False,
) -> None:
    """Add to a model directory what ONNX Runtime predicts with."""
    from swner.cli.export import run

    run(model, data or [], output=output, int8=int8, fp32=fp32)


@app.command()
def predict(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT…", help="Files and folders")],
    output: Annotated[Path, typer.Option(help="Folder for documents.jsonl and ledger.jsonl")],
    model: ModelPath = None,
    resume: Resume = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace earlier output")] = False,
    text_column: Annotated[str | None, typer.Option(help="Field or column of the text")] = None,
    id_column: Annotated[str | None, typer.Option(help="Field or column of the id")] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="Also write documents in this format")
    ] = None,
    min_precision: Annotated[
        float | None,
        typer.Option(help="Keep what is this precise, as 0.95; the rest goes to review.jsonl"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress")] = False,
    backend: BackendName = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Cores to use; by default all there are")
    ] = None,
    engine: Annotated[str, typer.Option(help="local, or ray for a cluster")] = "local",
    ray_address: Annotated[
        str | None, typer.Option(help="Cluster for --engine ray; by default this machine")
    ] = None,
) -> None:
    """Annotate pages and records."""
    from swner.cli.predict import run

    run(
        inputs,
        output,
        model=model,
        resume=resume,
        overwrite=overwrite,
        text_column=text_column,
        id_column=id_column,
        also=format_,
        quiet=quiet,
        backend=backend,
        n_threads=threads,
        engine=engine,
        ray_address=ray_address,
        min_precision=min_precision,
    )


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Output of `swner predict`")],
    limit: Annotated[int, typer.Option(help="Articles to show")] = 20,
) -> None:
    """Print what was found, article by article."""
    from swner.cli.show import run

    run(folder, limit=limit)


@app.command()
def facts(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Output of `swner predict`")],
) -> None:
    """Make a database, a workbook and a report from predicted documents."""
    from swner.cli.facts import run

    run(folder)


@app.command()
def verify(
    database: Annotated[Path, typer.Argument(metavar="DB", help="A facts.sqlite")],
) -> None:
    """Check every quote of a database against its source."""
    from swner.cli.facts import run_verify

    run_verify(database)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A facts.sqlite")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later facts.sqlite")],
) -> None:
    """Show what changed between two databases."""
    from swner.cli.facts import run_diff

    run_diff(old, new)


@app.command()
def check(
    data: Annotated[list[Path], typer.Argument(metavar="DATA…", help="Files and folders")],
    recipe: Annotated[
        Path | None,
        typer.Option(help="Also name the people that its training and its dev documents share"),
    ] = None,
) -> None:
    """Check annotated data against the format and the guidelines; count it."""
    from swner.cli.data import run_check

    run_check(data, recipe=recipe)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Annotated file or folder")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="What to write")],
    from_: Annotated[str, typer.Option("--from", help="Format of IN")],
    to: Annotated[str, typer.Option("--to", help="Format of OUT")],
) -> None:
    """Convert annotated data between formats."""
    from swner.cli.data import run_convert

    run_convert(source, target, from_=from_, to=to)


def main() -> None:
    """Entry point of the console script and of `python -m swner`."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=UserWarning, module="torch|transformers")
    try:
        app()
    except SwnerError as error:
        from rich.console import Console

        kind = type(error).__name__
        Console(stderr=True, soft_wrap=True).print(f"[bold red]{kind}:[/] ", end="")
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
