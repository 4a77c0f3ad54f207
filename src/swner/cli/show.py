"""`swner show`: what was found, for a look on the terminal."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from swner.corpus import doccano
from swner.document import Document
from swner.errors import DataError
from swner.inference.output import DOCUMENTS
from swner.schema import SCHEMA


def run(folder: Path, *, limit: int) -> None:
    """A table of entities by label for each article, then counts over all."""
    path = folder / DOCUMENTS
    if not path.is_file():
        raise DataError(
            f"{folder}: no {DOCUMENTS}; run `swner predict INPUT --output {folder}` first."
        )
    console = Console()
    docs = doccano.read(path)
    labels: Counter[str] = Counter()
    relations: Counter[str] = Counter()
    for number, doc in enumerate(docs):
        labels.update(e.label for e in doc.entities)
        relations.update(r.label for r in doc.relations)
        if number < limit:
            console.print(_table(doc))
    console.print(" ".join(f"{name} {n}" for name, n in labels.most_common()))
    console.print(" ".join(f"{name} {n}" for name, n in relations.most_common()))


def _table(doc: Document) -> Table:
    title = str(doc.meta.get("title") or doc.id)
    table = Table(title=f"{doc.id}  {title}", title_justify="left", show_lines=False, expand=True)
    table.add_column("label", no_wrap=True)
    table.add_column("found (times)", ratio=1)
    for label in SCHEMA.labels:
        names = Counter(e.name for e in doc.entities if e.label == label)
        if names:
            shown = "  ".join(f"{n}×{c}" if c > 1 else n for n, c in islice(names.items(), 30))
            table.add_row(label, shown)
    for relation in SCHEMA.relation_labels:
        links = [
            f"{doc.entities[r.head].name} → {doc.entities[r.tail].name}"
            for r in doc.relations
            if r.label == relation
        ]
        if links:
            table.add_row(relation, "  ".join(dict.fromkeys(links[:30])))
    return table
