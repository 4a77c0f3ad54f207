"""Data sets from the files and folders that a configuration names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from swner.corpus import doccano
from swner.document import Document
from swner.errors import DataError
from swner.schema import SCHEMA, Schema


def files(sources: Iterable[str | Path]) -> list[Path]:
    """The .jsonl files that files and folders stand for, folders recursed and sorted.

    A folder named `records` holds rows of facts, not annotated texts, and is passed over.

    Raises:
        DataError: A source does not exist, or a folder holds no .jsonl file.
    """
    found: list[Path] = []
    for source in map(Path, sources):
        inside = sorted(source.rglob("*.jsonl")) if source.is_dir() else [source]
        inside = [path for path in inside if path.parent.name != "records"]
        if not source.exists():
            raise DataError(
                f"{source}: no such file or folder. Check the path in the configuration."
            )
        if not inside:
            raise DataError(f"{source}: holds no .jsonl file; annotated data is doccano's JSONL.")
        found += inside
    return found


def load(sources: Iterable[str | Path], *, schema: Schema = SCHEMA) -> list[Document]:
    """All annotated documents of the sources, in order.

    Raises:
        DataError: A file is missing or wrong, or an id comes twice.
    """
    docs: list[Document] = []
    seen: dict[str, Path] = {}
    for path in files(sources):
        for doc in doccano.read(path, schema=schema):
            if doc.id in seen:
                raise DataError(
                    f"{path}: the id {doc.id!r} is in {seen[doc.id]} already; ids must differ over all "
                    "files of a data set. Rename one of the records."
                )
            seen[doc.id] = path
            docs.append(doc)
    return docs


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes, stored with the model that was trained on it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
