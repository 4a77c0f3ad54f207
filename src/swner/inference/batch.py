"""Batch prediction over files: documents in input order, and a ledger with one line per input.

    DIR/documents.jsonl   one record an article
    DIR/ledger.jsonl      one line an input: id, path, status, reason, n_documents, characters read
                          and present, seconds, and the size of documents.jsonl after it

The ledger line is written after the documents of its input, so a killed run is taken up by cutting
documents.jsonl back to what the ledger vouches for.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from swner.corpus import doccano
from swner.document import Document
from swner.errors import DataError
from swner.inference.annotator import Annotator, as_document
from swner.text.articles import Article, split_page, whole
from swner.text.raw import RawDocument, Read, Unreadable

DOCUMENTS, LEDGER = "documents.jsonl", "ledger.jsonl"
GROUP_CHARS = 40_000


@dataclass(frozen=True)
class LedgerLine:
    """What became of one input.

    Attributes:
        id: The input's id.
        path: Its file.
        status: "done" or "failed".
        reason: Why it failed; None if it did not.
        n_documents: Articles written.
        n_chars_read: Characters of the input that lie in an article.
        n_chars_present: Characters of the input.
        seconds: Wall time of the group it was predicted in, shared by length.
        documents_end: Bytes of documents.jsonl once this input was written.
    """

    id: str
    path: str
    status: str
    reason: str | None
    n_documents: int
    n_chars_read: int
    n_chars_present: int
    seconds: float
    documents_end: int


@dataclass(frozen=True)
class Outcome:
    """An input with what was found in it; `reason` where it failed."""

    read: Read
    docs: tuple[Document, ...]
    reason: str | None
    seconds: float


def predict_inputs(annotator: Annotator, inputs: Iterable[Read]) -> Iterator[Outcome]:
    """Annotate inputs in order, some 40,000 characters at a time; a failure stays with its input."""
    group: list[Read] = []
    n_chars = 0
    for read in inputs:
        group.append(read)
        n_chars += len(read.text) if isinstance(read, RawDocument) else 0
        if n_chars >= GROUP_CHARS:
            yield from _predict_group(annotator, group)
            group, n_chars = [], 0
    yield from _predict_group(annotator, group)


def _predict_group(annotator: Annotator, group: list[Read]) -> Iterator[Outcome]:
    started = time.monotonic()
    try:
        articles = [_articles(read) for read in group]
        docs = annotator.annotate(a for found in articles for a in found)
        results = [tuple(next(docs) for _ in found) for found in articles]
    except Exception as error:
        if len(group) == 1:
            yield Outcome(group[0], (), f"internal error: {error!r}", time.monotonic() - started)
            return
        for read in group:
            yield from _predict_group(annotator, [read])
        return
    spent = time.monotonic() - started
    n_chars = sum(len(r.text) for r in group if isinstance(r, RawDocument))
    for read, docs_of in zip(group, results, strict=True):
        if isinstance(read, Unreadable):
            yield Outcome(read, (), read.reason, 0.0)
        elif not docs_of:
            yield Outcome(read, (), "no article found in it", 0.0)
        else:
            yield Outcome(read, docs_of, None, spent * len(read.text) / max(1, n_chars))


def _articles(read: Read) -> list[tuple[Document, Article]]:
    """The articles of an input, as documents over their raw text."""
    if isinstance(read, Unreadable):
        return []
    if read.kind == "record":
        article = whole(read.text)
        document, article = as_document(read.id, article)
        return [(document.with_meta(**read.meta), article)] if read.text.strip() else []
    pages = split_page(
        read.text, title=read.meta.get("title"), published=read.meta.get("published")
    )
    ids = [f"{read.id}#{n}" for n in range(1, len(pages) + 1)]
    return [
        as_document(id_, a, path=str(read.path), page_start=a.start, page_end=a.end)
        for id_, a in zip(ids, pages, strict=True)
    ]


class OutputFolder:
    """Writes outcomes; knows what an earlier run has done.

    Args:
        path: The folder.
        resume: Keep what the ledger vouches for and go on after it.
        overwrite: Replace an earlier run's output.

    Raises:
        DataError: The folder holds output, and neither `resume` nor `overwrite` is set.
    """

    def __init__(self, path: Path, *, resume: bool, overwrite: bool) -> None:
        path.mkdir(parents=True, exist_ok=True)
        documents, ledger = path / DOCUMENTS, path / LEDGER
        if documents.exists() and not resume and not overwrite:
            raise DataError(
                f"{path}: holds {DOCUMENTS} already. Choose another folder, or add --resume to "
                "go on with that run, or --overwrite to replace it."
            )
        lines = _intact_lines(ledger) if resume else []
        self.done: set[str] = {line["id"] for line in lines}
        ledger.write_text(
            "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8"
        )
        self._documents = documents.open("ab")
        self._documents.truncate(lines[-1]["documents_end"] if lines else 0)
        self._documents.seek(0, os.SEEK_END)
        self._ledger = ledger.open("ab")

    def write(self, outcome: Outcome) -> LedgerLine:
        """Write the documents of an input, then its ledger line."""
        for doc in outcome.docs:
            self._documents.write(doccano.to_line(doc).encode("utf-8"))
        self._documents.flush()
        line = _ledger_line(outcome, documents_end=self._documents.tell())
        self._ledger.write((json.dumps(asdict(line), ensure_ascii=False) + "\n").encode("utf-8"))
        self._ledger.flush()
        return line

    def close(self) -> None:
        """Close both files."""
        self._documents.close()
        self._ledger.close()


def _intact_lines(ledger: Path) -> list[dict[str, Any]]:
    """Whole lines of a ledger; a last line that a kill cut short is dropped."""
    if not ledger.exists():
        return []
    lines = []
    for raw in ledger.read_bytes().split(b"\n"):
        try:
            lines.append(json.loads(raw))
        except (json.JSONDecodeError, UnicodeDecodeError):
            break
    return lines


def _ledger_line(outcome: Outcome, *, documents_end: int) -> LedgerLine:
    read = outcome.read
    return LedgerLine(
        id=read.id,
        path=str(read.path),
        status="failed" if outcome.reason else "done",
        reason=outcome.reason,
        n_documents=len(outcome.docs),
        n_chars_read=sum(len(d.text) for d in outcome.docs),
        n_chars_present=len(read.text) if isinstance(read, RawDocument) else 0,
        seconds=round(outcome.seconds, 4),
        documents_end=documents_end,
    )
