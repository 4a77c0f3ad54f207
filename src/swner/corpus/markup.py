"""The inline format that articles are written and reviewed in.

An article is header lines `# key: value`, a line `---`, the text with marks
`[surface|LABEL|id]`, a line `---`, and one relation a line: `type from_id to_id`. Articles are
parted by a line `====`. The characters `[`, `]` and `|` cannot stand in the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from swner.corpus.doccano import from_record
from swner.document import Document
from swner.errors import DataError
from swner.schema import SCHEMA, Schema

_MARK = re.compile(r"\[([^\[\]|]+)\|([A-Z]+)\|(\w+)\]")
_HEAD = re.compile(r"# *(\w+) *: *(.*)")


def read(path: Path, *, schema: Schema = SCHEMA) -> Iterator[Document]:
    """Read a file of articles.

    Raises:
        DataError: A mark, a relation line or a record is wrong, or the file cannot be read.
    """
    try:
        source = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from error
    for number, article in enumerate(re.split(r"^====\s*$", source, flags=re.M), 1):
        if article.strip():
            where = f"{path}:article {number}"
            default = f"{path.stem}-{number:02d}"
            yield from_record(_record(article, where, default), where=where, schema=schema)


def _record(article: str, where: str, default_id: str) -> dict[str, Any]:
    head, body, links = [*re.split(r"^---\s*$", article.strip("\n") + "\n", flags=re.M), "", ""][:3]
    heads = [m for m in map(_HEAD.match, head.splitlines()) if m]
    meta: dict[str, str] = {m.group(1): m.group(2) for m in heads}
    entities: list[dict[str, Any]] = []
    position: dict[str, int] = {}
    text, at = "", 0
    body = body.strip("\n")
    for mark in _MARK.finditer(body):
        text += body[at : mark.start()]
        surface, label, key = mark.groups()
        if key in position:
            raise DataError(f"{where}: the id {key!r} marks two spans; ids must differ.")
        position[key] = len(entities)
        entities.append(
            {"id": len(entities), "label": label, "start_offset": len(text),
             "end_offset": len(text) + len(surface)}
        )  # fmt: skip
        text += surface
        at = mark.end()
    text += body[at:]
    stray = re.search(r".{0,12}[\[\]|].{0,20}", text)
    if stray:
        raise DataError(
            f"{where}: near {stray.group()!r} a mark does not read as [surface|LABEL|id]. Mend it, or "
            "write the bracket as a full-width one."
        )
    relations = [_relation(n, line, position, where) for n, line in enumerate(_lines(links))]
    return {
        "id": meta.pop("id", default_id), "text": text, "entities": entities,
        "relations": relations, "meta": meta,
    }  # fmt: skip


def _lines(links: str) -> list[str]:
    return [x for x in links.splitlines() if x.strip() and not x.startswith("#")]


def _relation(number: int, line: str, position: dict[str, int], where: str) -> dict[str, Any]:
    parts = line.split()
    if len(parts) != 3 or not {parts[1], parts[2]} <= position.keys():
        raise DataError(
            f"{where}: relation line {line!r}; expected `type from_id to_id` with ids that are marked."
        )
    return {
        "id": number,
        "type": parts[0],
        "from_id": position[parts[1]],
        "to_id": position[parts[2]],
    }


def write(docs: Iterable[Document], path: Path) -> int:
    """Write articles; returns how many.

    Raises:
        DataError: A text has a character that the marks need.
    """
    articles = [_article(doc) for doc in docs]
    path.write_text("\n====\n".join(articles) + "\n", encoding="utf-8")
    return len(articles)


def _article(doc: Document) -> str:
    if re.search(r"[\[\]|]", doc.text):
        raise DataError(
            f"record {doc.id}: its text has one of [ ] |, which the inline format cannot hold. "
            "Convert to doccano instead."
        )
    body, at = [], 0
    for index, e in enumerate(doc.entities):
        body += [doc.text[at : e.start], f"[{e.surface}|{e.label}|e{index}]"]
        at = e.end
    body.append(doc.text[at:])
    meta = {"id": doc.id, **{k: v for k, v in doc.meta.items() if isinstance(v, str)}}
    head = "\n".join(f"# {key}: {value}" for key, value in meta.items())
    links = "\n".join(f"{r.label} e{r.head} e{r.tail}" for r in doc.relations)
    return f"{head}\n---\n{''.join(body)}\n---\n{links}".rstrip("\n")
