"""Label Studio's JSON: a list of tasks with labels and relations in one result list.

Scores are kept per entity; everything that `doccano` holds goes through.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from swner.corpus.doccano import from_record, to_record
from swner.document import Document
from swner.errors import DataError
from swner.schema import SCHEMA, Schema

LOSES: tuple[str, ...] = ()


def read(path: Path, *, schema: Schema = SCHEMA) -> Iterator[Document]:
    """Read the tasks of an export, the first annotation (or prediction) of each.

    Raises:
        DataError: The file is no list of tasks, or a record is wrong.
    """
    try:
        tasks = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: cannot be read as JSON ({error}).") from error
    if not isinstance(tasks, list):
        raise DataError(f"{path}: found {type(tasks).__name__}, expected a list of tasks.")
    for number, task in enumerate(tasks, 1):
        where = f"{path}:task {number}"
        try:
            record = _record(task)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise DataError(f"{where}: not a task of text labels ({error!r}).") from error
        yield from_record(record, where=where, schema=schema)


def _record(task: dict[str, Any]) -> dict[str, Any]:
    data = task["data"]
    sets = task.get("annotations") or task.get("predictions") or [{"result": []}]
    entities, relations = [], []
    for item in sets[0]["result"]:
        if item["type"] == "relation":
            ends = {"from_id": item["from_id"], "to_id": item["to_id"]}
            relation = {"type": item["labels"][0], **ends}
            relations.append(relation | ({"score": item["score"]} if "score" in item else {}))
        elif item["type"] == "labels":
            value = item["value"]
            entity = {
                "id": item["id"], "label": value["labels"][0],
                "start_offset": value["start"], "end_offset": value["end"],
            }  # fmt: skip
            kept = {k: item[k] for k in ("score",) if k in item}
            clean = item.get("meta", {}).get("clean")
            entities.append(entity | kept | ({"clean": clean} if clean is not None else {}))
    doc_id = data.get("id", task.get("id"))
    return {
        "id": doc_id, "text": data["text"], "entities": entities, "relations": relations,
        "meta": data.get("meta", {}),
    }  # fmt: skip


def write(docs: Iterable[Document], path: Path) -> int:
    """Write a list of tasks; returns how many."""
    tasks = [_task(doc) for doc in docs]
    path.write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return len(tasks)


def _task(doc: Document) -> dict[str, Any]:
    record = to_record(doc)
    result: list[dict[str, Any]] = []
    for e in record["entities"]:
        value = {
            "start": e["start_offset"], "end": e["end_offset"], "labels": [e["label"]],
            "text": doc.text[e["start_offset"] : e["end_offset"]],
        }  # fmt: skip
        item = {
            "id": f"e{e['id']}", "from_name": "label", "to_name": "text", "type": "labels",
            "value": value,
        }  # fmt: skip
        if "score" in e:
            item["score"] = e["score"]
        if "clean" in e:
            item["meta"] = {"clean": e["clean"]}
        result.append(item)
    for r in record["relations"]:
        link = {
            "type": "relation", "from_id": f"e{r['from_id']}", "to_id": f"e{r['to_id']}",
            "direction": "right", "labels": [r["type"]],
        }  # fmt: skip
        result.append(link | ({"score": r["score"]} if "score" in r else {}))
    data = {"id": doc.id, "text": doc.text, "meta": record["meta"]}
    return {"data": data, "annotations": [{"result": result}]}
