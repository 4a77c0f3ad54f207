"""CoNLL: a character and its BIO tag a line, documents parted by `-DOCSTART- ID`.

A line break of the text is a blank line, a space is written `␠`. Relations, meta and scores have
no place in this format (`LOSES`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from swner.document import Document, Entity
from swner.errors import DataError
from swner.schema import SCHEMA, Schema

LOSES = ("relations", "meta", "scores")
_START, _SPACE = "-DOCSTART-", "␠"


def read(path: Path, *, schema: Schema = SCHEMA) -> Iterator[Document]:
    """Read documents. BMES tags are read too; M is I, E is I, S is B.

    Raises:
        DataError: A line has no tag, or a tag is unknown or out of place.
    """
    doc_id, chars, tags = path.stem, list[str](), list[str]()
    n_docs = 0
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if line.startswith(_START):
            if chars:
                yield _document(doc_id, chars, tags)
            n_docs += 1
            doc_id = line.removeprefix(_START).strip() or f"{path.stem}-{n_docs}"
            chars, tags = [], []
        elif not line.strip():
            chars.append("\n")
            tags.append("O")
        else:
            char, tag = _split(line, f"{path}:{number}", schema)
            chars.append(char)
            tags.append(tag)
    if "".join(chars).strip():
        yield _document(doc_id, chars, tags)


def _split(line: str, where: str, schema: Schema) -> tuple[str, str]:
    char, _, tag = line.rstrip().rpartition(" ")
    prefix, _, label = tag.partition("-")
    if len(char) != 1 or (tag != "O" and (prefix not in "BIMES" or label not in schema.labels)):
        raise DataError(
            f"{where}: found {line!r}; expected one character, a space and a tag such as O, "
            f"B-{schema.labels[0]} or I-{schema.labels[0]}."
        )
    prefix = {"M": "I", "E": "I", "S": "B"}.get(prefix, prefix)
    return (" " if char == _SPACE else char), (tag if tag == "O" else f"{prefix}-{label}")


def _document(doc_id: str, chars: list[str], tags: list[str]) -> Document:
    while chars and chars[-1] == "\n":
        chars, tags = chars[:-1], tags[:-1]
    text = "".join(chars)
    entities: list[Entity] = []
    start = None
    for at, tag in enumerate([*tags, "O"]):
        if start is not None and not tag.startswith("I"):
            entities.append(Entity(start, at, tags[start][2:], text[start:at]))
            start = None
        if tag.startswith("B"):
            start = at
    return Document(doc_id, text, tuple(entities))


def write(docs: Iterable[Document], path: Path) -> int:
    """Write documents; returns how many."""
    lines: list[str] = []
    n_docs = 0
    for doc in docs:
        n_docs += 1
        lines.append(f"{_START} {doc.id}")
        tags = ["O"] * len(doc.text)
        for e in doc.entities:
            tags[e.start : e.end] = [f"I-{e.label}"] * (e.end - e.start)
            tags[e.start] = f"B-{e.label}"
        for char, tag in zip(doc.text, tags, strict=True):
            shown = _SPACE if char == " " else char
            lines.append("" if char == "\n" else f"{shown} {tag}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return n_docs
