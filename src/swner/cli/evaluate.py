"""`swner evaluate`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from swner.cli.tables import print_scores
from swner.corpus.load import load
from swner.document import Document
from swner.errors import ConfigError
from swner.evaluation.assess import Assessment, Comparison, assess, compare_models
from swner.evaluation.report import write_report
from swner.inference.annotator import Annotator, as_document
from swner.inference.choose import load_backend
from swner.text.articles import whole

METRICS = "metrics.json"
REPORT = "report.html"


def run(paths: Sequence[Path], output: Path | None, *, backend: str = "auto") -> None:
    """Annotate the gold texts as `swner predict` would, and compare whole documents.

    Args:
        paths: One model or two, then the annotated data.
        output: Folder for metrics.json and report.html; None writes nothing.
        backend: What runs the network, as `swner.load` has it.

    Raises:
        ConfigError: There are fewer than two paths or more than three, or the last is a model.
    """
    models, data = _arguments(paths)
    gold = load([data])
    found = []
    for model in models:
        found.append(
            assess(gold, _annotate(model, gold, backend), model=str(model), data=str(data))
        )
        _print_assessment(found[-1])
    result = found[0] if len(found) == 1 else compare_models(*found)
    if isinstance(result, Comparison):
        _print_comparison(result)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result.to_json(), ensure_ascii=False, indent=1) + "\n"
        (output / METRICS).write_text(text, encoding="utf-8")
        write_report(result, output / REPORT)
        typer.echo(f"{output / METRICS}\n{output / REPORT}")


def _arguments(paths: Sequence[Path]) -> tuple[Sequence[Path], Path]:
    """Models and data.

    Raises:
        ConfigError: They cannot be told from the arguments.
    """
    usage = (
        "Run `swner evaluate MODEL DATA.jsonl` to score a model, or "
        "`swner evaluate MODEL_A MODEL_B DATA.jsonl` to compare two on the same data."
    )
    if not 2 <= len(paths) <= 3:
        shown = " ".join(map(str, paths)) or "none"
        raise ConfigError(
            f"evaluate takes one model or two and then the data; found {len(paths)} paths: {shown}. "
            + usage
        )
    if (paths[-1] / "swner.json").is_file():
        raise ConfigError(
            f"{paths[-1]}: the last argument of evaluate is the annotated data, but this is a model "
            "directory. " + usage
        )
    return paths[:-1], paths[-1]


def _annotate(model: Path, gold: Sequence[Document], backend: str) -> list[Document]:
    """What the model finds in the texts of gold documents; the model is let go afterwards."""
    annotator = Annotator(load_backend(model, backend))
    return list(annotator.annotate(as_document(doc.id, whole(doc.text)) for doc in gold))


def _print_assessment(found: Assessment) -> None:
    print_scores(found.scores, title=f"{found.model} on {found.data}")
    shown = []
    for name in ("core", "all", "relations"):
        interval = found.intervals[name,].f1
        if interval:
            shown.append(f"{name} {interval.low:.3f} to {interval.high:.3f}")
    if shown:
        typer.echo("95 % intervals of F1 over documents: " + ", ".join(shown))


def _print_comparison(found: Comparison) -> None:
    table = Table(title="F1 of two models, paired bootstrap over documents")
    for name in ("", "first", "second", "difference", "95 % interval", "p"):
        table.add_column(name, justify="left" if not name else "right")
    last = ""
    for row, difference in found.differences.items():
        section = row[0] if len(row) > 1 else ""
        if section != last:
            table.add_section()
        last = section
        interval = difference.interval
        table.add_row(
            row[-1],
            f"{difference.f1_a:.3f}",
            f"{difference.f1_b:.3f}",
            f"{difference.difference:+.3f}",
            f"{interval.low:+.3f} to {interval.high:+.3f}" if interval else "",
            "" if difference.p is None else f"{difference.p:.3f}",
        )
    Console().print(table)
    typer.echo(
        f"errors of the first that the second does not make: {len(found.mended)}; "
        f"the other way round: {len(found.new)}"
    )
