"""doccano's JSONL (sequence labelling with relations): the project's own file format.

One record a line: `id`, `text`, `entities` (`id`, `label`, `start_offset`, `end_offset`),
`relations` (`id`, `from_id`, `to_id`, `type`) and `meta`. Predicted records carry `score`
on entities and relations, and `surface` and `clean` on entities. Reading checks every
record: offsets, labels, overlaps and relation ends, and names file, line and record.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from swner.document import Document, Entity, Relation
from swner.errors import DataError
from swner.schema import SCHEMA, Schema


def read(path: Path, *, schema: Schema = SCHEMA) -> Iterator[Document]:
    """Read annotated documents, one at a time, in file order.

    Args:
        path: A .jsonl file in UTF-8 (a byte order mark is allowed).
        schema: The labels and relations that records may use.

    Raises:
        DataError: The file is missing, not UTF-8 or empty, or a record is wrong.
    """
    n_records = 0
    for line_number, record in read_records(path):
        n_records += 1
        yield from_record(record, where=f"{path}:{line_number}", schema=schema)
    if n_records == 0:
        raise DataError(f"{path}: no records; expected one JSON object a line.")


def read_records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The JSON objects of a .jsonl file with their line numbers, blank lines skipped.

    Raises:
        DataError: The file cannot be read, or a line is not a JSON object.
    """
    try:
        with path.open("rb") as stream:
            for line_number, raw in enumerate(stream, 1):
                if line_number == 1:
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                if raw.strip():
                    yield line_number, _parse_line(raw, where=f"{path}:{line_number}")
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}). Check the path and its permissions."
        ) from error


def _parse_line(raw: bytes, *, where: str) -> Mapping[str, Any]:
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where}: not UTF-8 (byte {raw[error.start]:#04x} at column {error.start}). "
            "Save the file as UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise DataError(
            f"{where}: broken JSON at column {error.colno}: {error.msg}. "
            "Expected one JSON object a line."
        ) from error
    if not isinstance(value, dict):
        raise DataError(f"{where}: found {type(value).__name__}, expected a JSON object.")
    return value


def from_record(record: Mapping[str, Any], *, where: str, schema: Schema = SCHEMA) -> Document:
    """Check one record and make a Document of it, entities sorted by start.

    Raises:
        DataError: A field is missing or of the wrong type, an offset lies outside the text, two
            spans overlap, a label is unknown, or a relation breaks its signature.
    """
    text = record.get("text")
    if not isinstance(text, str):
        raise DataError(f"{where}: field text is {text!r}, expected a string.")
    doc_id = record.get("id")
    if not isinstance(doc_id, str | int):
        raise DataError(f"{where}: field id is {doc_id!r}, expected a string or an integer.")
    where = f"{where} (record {doc_id})"
    position: dict[Any, int] = {}
    found = [
        _entity(e, text=text, where=where, schema=schema) for e in _list(record, "entities", where)
    ]
    order = sorted(range(len(found)), key=lambda i: (found[i][1].start, found[i][1].end))
    entities: list[Entity] = []
    for i in order:
        key, entity = found[i]
        if key in position:
            raise DataError(f"{where}: two entities have the id {key!r}; ids must differ.")
        if entities and entity.start < entities[-1].end:
            raise DataError(
                f"{where}: spans {_show(entities[-1])} and {_show(entity)} overlap; "
                "annotations are flat: remove or shorten one."
            )
        position[key] = len(entities)
        entities.append(entity)
    relations = tuple(
        _relation(r, entities=entities, position=position, where=where, schema=schema)
        for r in _list(record, "relations", where)
    )
    meta = record.get("meta") or {}
    if not isinstance(meta, dict):
        raise DataError(f"{where}: field meta is {meta!r}, expected an object.")
    return Document(str(doc_id), text, tuple(entities), relations, meta)


def _list(record: Mapping[str, Any], name: str, where: str) -> list[Mapping[str, Any]]:
    value = record.get(name) or []
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise DataError(
            f"{where}: field {name} is {str(value)[:60]!r}, expected a list of objects."
        )
    return value


def _show(entity: Entity) -> str:
    return f"[{entity.start}, {entity.end}) {entity.label} {entity.surface!r}"


def _entity(
    value: Mapping[str, Any], *, text: str, where: str, schema: Schema
) -> tuple[Any, Entity]:
    start, end, label = value.get("start_offset"), value.get("end_offset"), value.get("label")
    if not isinstance(start, int) or not isinstance(end, int):
        raise DataError(
            f"{where}: entity {value.get('id')!r} has offsets {start!r}, {end!r}; expected integers."
        )
    if not 0 <= start < end <= len(text):
        raise DataError(
            f"{where}: entity {value.get('id')!r} covers [{start}, {end}), but the text has "
            f"{len(text)} characters; allowed are 0 <= start < end <= {len(text)}."
        )
    if label not in schema.labels:
        raise DataError(
            f"{where}: entity {value.get('id')!r} [{start}, {end}) {text[start:end]!r} has the label "
            f"{label!r}; allowed are {', '.join(schema.labels)}."
        )
    surface = text[start:end]
    clean, score = value.get("clean"), value.get("score")
    if value.get("surface", surface) != surface:
        raise DataError(
            f"{where}: entity {value.get('id')!r} says surface {value['surface']!r}, but the text has "
            f"{surface!r} at [{start}, {end}). The text and the offsets do not belong together."
        )
    return value.get("id"), Entity(start, end, label, surface, clean, score)


def _relation(
    value: Mapping[str, Any],
    *,
    entities: list[Entity],
    position: Mapping[Any, int],
    where: str,
    schema: Schema,
) -> Relation:
    name, ends = value.get("type"), (value.get("from_id"), value.get("to_id"))
    for end in ends:
        if end not in position:
            raise DataError(
                f"{where}: relation {value.get('id')!r} ({name}) points to entity {end!r}, "
                "which the record does not have."
            )
    head, tail = position[ends[0]], position[ends[1]]
    if not schema.allows(str(name), entities[head].label, entities[tail].label):
        raise DataError(
            f"{where}: relation {name!r} from {_show(entities[head])} to {_show(entities[tail])} is not "
            f"allowed; relations and their ends are {dict(schema.signatures)}."
        )
    return Relation(head, tail, str(name), value.get("score"))


def to_record(doc: Document) -> dict[str, Any]:
    """The record that `from_record` reads back to an equal document."""
    entities: list[dict[str, Any]] = []
    for index, e in enumerate(doc.entities):
        entity: dict[str, Any] = {
            "id": index, "label": e.label, "start_offset": e.start, "end_offset": e.end,
        }  # fmt: skip
        if e.clean is not None:
            entity |= {"surface": e.surface, "clean": e.clean}
        if e.score is not None:
            entity["score"] = round(e.score, 4)
        entities.append(entity)
    relations: list[dict[str, Any]] = []
    for index, r in enumerate(doc.relations):
        relation: dict[str, Any] = {
            "id": index, "from_id": r.head, "to_id": r.tail, "type": r.label,
        }  # fmt: skip
        if r.score is not None:
            relation["score"] = round(r.score, 4)
        relations.append(relation)
    return {
        "id": doc.id,
        "text": doc.text,
        "entities": entities,
        "relations": relations,
        "meta": dict(doc.meta),
    }


def to_line(doc: Document) -> str:
    """One line of a .jsonl file, line break included."""
    return json.dumps(to_record(doc), ensure_ascii=False) + "\n"


def write(docs: Iterable[Document], path: Path) -> int:
    """Write documents to a .jsonl file; returns how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    n_docs = 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for doc in docs:
            stream.write(to_line(doc))
            n_docs += 1
    return n_docs
