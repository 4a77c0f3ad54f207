"""brat's standoff: a folder with a .txt and a .ann file for each document, relations included.

Meta and scores have no place in this format (`LOSES`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from swner.corpus.doccano import from_record
from swner.document import Document
from swner.errors import DataError
from swner.schema import SCHEMA, Schema

LOSES = ("meta", "scores")


def read(path: Path, *, schema: Schema = SCHEMA) -> Iterator[Document]:
    """Read all documents of a folder, by name.

    Raises:
        DataError: The folder has no .ann file, a line is wrong, or a span is in pieces.
    """
    found = sorted(path.glob("*.ann")) if path.is_dir() else []
    if not found:
        raise DataError(f"{path}: holds no .ann file; brat's format is a folder of .txt and .ann.")
    for marks in found:
        text_path = marks.with_suffix(".txt")
        if not text_path.is_file():
            raise DataError(f"{marks}: has no {text_path.name} beside it.")
        with text_path.open(encoding="utf-8", newline="") as stream:
            text = stream.read()
        record = {"id": marks.stem, "text": text, **_read_lines(marks)}
        yield from_record(record, where=str(marks), schema=schema)


def _read_lines(path: Path) -> dict[str, Any]:
    entities: list[dict[str, Any]] = []
    relations: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            if line.startswith("T"):
                key, place, _ = line.split("\t", 2)
                label, start, end = place.split(" ")
                entities.append(
                    {"id": key, "label": label, "start_offset": int(start), "end_offset": int(end)}
                )
            elif line.startswith("R"):
                key, link = line.split("\t")[:2]
                name, head, tail = link.split(" ")
                ends = {"from_id": head.partition(":")[2], "to_id": tail.partition(":")[2]}
                relations.append({"id": key, "type": name, **ends})
        except ValueError as error:
            raise DataError(
                f"{path}:{number}: found {line!r}; expected `T1<tab>LABEL START END<tab>TEXT` in one "
                "piece, or `R1<tab>TYPE Arg1:T1 Arg2:T2`."
            ) from error
    return {"entities": entities, "relations": relations}


def write(docs: Iterable[Document], path: Path) -> int:
    """Write a .txt and a .ann file a document; returns how many documents.

    Raises:
        DataError: An id cannot be a file name.
    """
    path.mkdir(parents=True, exist_ok=True)
    n_docs = 0
    for doc in docs:
        if "/" in doc.id or doc.id in {"", ".", ".."}:
            raise DataError(f"record {doc.id!r}: its id cannot be a file name, as brat needs.")
        with (path / f"{doc.id}.txt").open("w", encoding="utf-8", newline="") as stream:
            stream.write(doc.text)
        lines = [
            f"T{i + 1}\t{e.label} {e.start} {e.end}\t{e.surface}"
            for i, e in enumerate(doc.entities)
        ]
        lines += [
            f"R{i + 1}\t{r.label} Arg1:T{r.head + 1} Arg2:T{r.tail + 1}"
            for i, r in enumerate(doc.relations)
        ]
        (path / f"{doc.id}.ann").write_text("".join(f"{x}\n" for x in lines), encoding="utf-8")
        n_docs += 1
    return n_docs
