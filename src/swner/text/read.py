"""Files and folders to raw documents, one after another, nothing lost in silence.

A page (.txt .md .html .pdf) is one document that `articles.split_page` takes apart; a record (a
line of .jsonl, a row of .csv or .parquet) is one article. Each input, line or row gives either a
`RawDocument` or an `Unreadable` that says why not; bad data never raises. Tables and .jsonl are
streamed: at most a batch of rows is held.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from swner.text import tables, web
from swner.text.decode import Decoded, UndecodableError, decode, share_usual
from swner.text.raw import RawDocument, Read, Unreadable

__all__ = ["SUFFIXES", "RawDocument", "Unreadable", "read_inputs"]

_TABLES = {
    ".jsonl": tables.read_jsonl,
    ".csv": tables.read_csv,
    ".tsv": tables.read_csv,
    ".parquet": tables.read_parquet,
}
_PAGES = (".txt", ".md", ".html", ".htm", ".pdf")
SUFFIXES = (*_PAGES, *_TABLES)
"""The files that can be read, by suffix in lower case."""


def read_inputs(
    paths: Iterable[Path], *, text_column: str | None = None, id_column: str | None = None
) -> Iterator[Read]:
    """Read files, and folders with all below them, in sorted order.

    Hidden files (a name with a dot or `~$` in front) inside folders are passed over; any other
    file that cannot be used gives an `Unreadable`.

    Args:
        paths: Files and folders.
        text_column: Field or column of the text; by default `text`, in tables also 正文 and so on.
        id_column: Field or column of the id; by default `id`; rows without one are numbered.
    """
    taken: set[str] = set()
    for given in paths:
        given = Path(given)
        for path, name in _files(given):
            suffix = path.suffix.lower()
            id_ = _unique(name, suffix, taken)
            try:
                if not path.exists():
                    yield Unreadable(id_, path, "no such file or folder")
                elif suffix not in SUFFIXES:
                    readable = " ".join(SUFFIXES)
                    yield Unreadable(id_, path, f"suffix {suffix!r}; readable are {readable}")
                elif suffix in _TABLES:
                    yield from _TABLES[suffix](
                        path, id_, text_column=text_column, id_column=id_column
                    )
                else:
                    yield _read_page(path, id_, suffix)
            except OSError as error:
                yield Unreadable(id_, path, f"cannot be opened: {error.strerror or error}")


def _files(given: Path) -> Iterator[tuple[Path, str]]:
    """The files of an input, each with its name for the id: its path below it, without suffix."""
    if not given.is_dir():
        yield given, _printable(given.stem)
        return
    n_files = 0
    for folder, folders, files in os.walk(given):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith((".", "~$")):
                path = Path(folder, name)
                n_files += 1
                yield path, _printable(path.relative_to(given).with_suffix("").as_posix())
    if not n_files:
        yield given / "*", _printable(given.name)


def _printable(name: str) -> str:
    """A name that can be written as UTF-8, whatever bytes the file system holds."""
    return os.fsencode(name).decode("utf-8", "replace")


def _unique(name: str, suffix: str, taken: set[str]) -> str:
    """An id not given before: with the suffix, then with a number, where the name is taken."""
    id_, n = name, 1
    while id_ in taken:
        id_, n = (f"{name}{suffix}" if n == 1 else f"{name}{suffix}~{n}"), n + 1
    taken.add(id_)
    return id_


def _read_page(path: Path, id_: str, suffix: str) -> Read:
    if suffix == ".pdf":
        return _read_pdf(path, id_)
    data = path.read_bytes()
    try:
        decoded = _decode_web(data) if suffix in (".html", ".htm") else decode(data)
    except UndecodableError as error:
        return Unreadable(id_, path, str(error))
    meta: dict[str, Any] = {}
    if decoded.n_dropped:
        meta["n_dropped_bytes"] = decoded.n_dropped
    if decoded.n_replaced:
        meta["n_replaced"] = decoded.n_replaced
    text = decoded.text
    if suffix in (".html", ".htm"):
        page = web.extract(text)
        text = page.text
        if not text.strip():
            return Unreadable(id_, path, "empty: no text outside menus, links and scripts")
        meta |= {k: v for k, v in (("title", page.title), ("published", page.published)) if v}
    return RawDocument(id_, text, path, "page", decoded.encoding, meta)


def _decode_web(data: bytes) -> Decoded:
    """Decode a web page; the encoding that it declares is tried first."""
    declared = web.declared_charset(data)
    encoding = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}.get(
        declared or "", declared
    )
    if encoding in ("gb18030", "big5hkscs"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            pass
        else:
            if share_usual(text) > 0.5:
                return Decoded(text, encoding)
    return decode(data)


def _read_pdf(path: Path, id_: str) -> Read:
    try:
        import pypdf
    except ImportError:
        return Unreadable(id_, path, "PDF needs an extra: pip install 'swner[pdf]'")
    try:
        pages = [page.extract_text() for page in pypdf.PdfReader(path).pages]
    except Exception as error:  # pypdf raises anything on broken files
        return Unreadable(id_, path, f"broken PDF: {type(error).__name__}: {error}")
    text = "\n".join(pages).encode("utf-8", "replace").decode()
    if not text.strip():
        return Unreadable(id_, path, "empty: the PDF holds no text (a scan?)")
    return RawDocument(id_, text, path, "page", "pdf", {"n_pages": len(pages)})
