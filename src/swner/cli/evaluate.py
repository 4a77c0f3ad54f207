"""`swner evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from swner.cli.tables import print_scores
from swner.corpus.load import load
from swner.evaluation.scores import score_documents, total
from swner.inference.annotator import Annotator, as_document
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import load_model
from swner.text.articles import whole


def run(model: Path, data: Path, output: Path | None) -> None:
    """Annotate the gold texts as `swner predict` would, and compare whole documents."""
    gold = load([data])
    annotator = Annotator(TorchBackend(load_model(model)))
    pred = annotator.annotate(as_document(doc.id, whole(doc.text)) for doc in gold)
    scores = total(score_documents(gold, pred))
    print_scores(scores, title=f"{model} on {data}")
    if output:
        output.mkdir(parents=True, exist_ok=True)
        record = {"model": str(model), "data": str(data), **scores.to_json()}
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        (output / "metrics.json").write_text(text, encoding="utf-8")
        typer.echo(f"{output / 'metrics.json'}")
