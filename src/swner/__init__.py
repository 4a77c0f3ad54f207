"""swner: Chinese social-work and civil-affairs news to entities, relations and a database.

    import swner
    annotate = swner.load()            # the shipped model, or swner.load("path/to/model")
    doc = annotate("近日,民政部印发《关于……的通知》。")
    for entity in doc.entities:
        print(entity.label, entity.surface, entity.score)
    for doc in annotate.pipe(texts):   # streams
        records = swner.facts(doc)

Importing swner loads neither torch nor ONNX Runtime; `load` does, the one or the other.
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


def load(
    path: str | Path | None = None, *, backend: str = "auto", n_threads: int | None = None
) -> Annotator:
    """Load a model directory; without a path the one that ships with swner.

    Args:
        path: A folder that `swner train` or `swner export` wrote.
        backend: "onnx" runs the 8-bit graph, "onnx-fp32" the one in full precision, "torch" the
            weights; "auto" takes the first of these that the folder has the files of.
        n_threads: Cores to use; None takes all there are.

    Raises:
        ConfigError: There is no such backend.
        ModelError: There is no model at the path, or it is damaged, or lacks what the backend runs.
    """
    from swner.inference.annotator import Annotator
    from swner.inference.choose import load_backend
    from swner.inference.shipped import shipped_model

    model_dir = Path(path) if path else shipped_model()
    return Annotator(load_backend(model_dir, backend, n_threads=n_threads))


def facts(doc: Document) -> Facts:
    """The records of a document: appointments, policies, targets, figures, with their evidence."""
    from swner.facts.records import facts as records_of

    return records_of(doc)
