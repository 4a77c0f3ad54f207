"""swner: Chinese social-work and civil-affairs news to entities, relations and a database.

    import swner
    annotate = swner.load()            # the shipped model, or swner.load("path/to/model")
    doc = annotate("近日,民政部印发《关于……的通知》。")
    for entity in doc.entities:
        print(entity.label, entity.surface, entity.score)
    for doc in annotate.pipe(texts):   # streams
        records = swner.facts(doc)

Importing swner loads no torch; `load` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from swner.document import Document, Entity, Relation, Span
from swner.errors import SwnerError
from swner.schema import SCHEMA, Schema

if TYPE_CHECKING:
    from swner.facts.records import Facts
    from swner.inference.annotator import Annotator

__version__ = "0.1.0"
__all__ = [
    "SCHEMA", "Document", "Entity", "Relation", "Schema", "Span", "SwnerError", "facts", "load",
]  # fmt: skip


def load(path: str | Path | None = None) -> Annotator:
    """Load a model directory; without a path the one that ships with swner.

    Raises:
        ModelError: There is no model at the path, or it is damaged.
    """
    from swner.inference.annotator import Annotator
    from swner.inference.shipped import shipped_model
    from swner.inference.torch_backend import TorchBackend
    from swner.model.checkpoint import load_model

    return Annotator(TorchBackend(load_model(Path(path) if path else shipped_model())))


def facts(doc: Document) -> Facts:
    """The records of a document: appointments, policies, targets, figures, with their evidence."""
    from swner.facts.records import facts as records_of

    return records_of(doc)
