"""Files and folders to raw documents, one after another, nothing lost in silence.

A page (.txt .md .html .pdf) is one document that `articles.split_page` takes apart; a record (a
line of .jsonl, a row of .csv or .parquet) is one article. Each input, line or row gives either a
`RawDocument` or an `Unreadable` that says why not; bad data never raises. Tables and .jsonl are
streamed: at most a batch of rows is held. So are folders: of a file no more is kept than the hash of
its id, and the names of one folder while it is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from swner.text import tables, web
from swner.text.decode import Decoded, UndecodableError, decode, share_usual
from swner.text.raw import RawDocument, Read, Unreadable

__all__ = [
    "SUFFIXES",
    "InputFile",
    "RawDocument",
    "Unreadable",
    "list_files",
    "read_file",
    "read_inputs",
]

_TABLES = {
    ".jsonl": tables.read_jsonl,
    ".csv": tables.read_csv,
    ".tsv": tables.read_csv,
    ".parquet": tables.read_parquet,
}
_PAGES = (".txt", ".md", ".html", ".htm", ".pdf")
SUFFIXES = (*_PAGES, *_TABLES)
"""The files that can be read, by suffix in lower case."""


LARGEST_PAGE = 256 * 2**20
"""Bytes of the largest page that is read; records have no such limit of their own."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to be read.

    Attributes:
        path: Where it is.
        id: What its page is called, and its records where they have no ids.
        problem: Why it cannot be read, where that is known already.
    """

    path: Path
    id: str
    problem: str | None = None

    @property
    def is_table(self) -> bool:
        """Whether it holds records and not one page."""
        return self.path.suffix.lower() in _TABLES


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
    for file in list_files(paths):
        yield from read_file(file, text_column=text_column, id_column=id_column)


def list_files(paths: Iterable[Path]) -> Iterator[InputFile]:
    """The files that `read_inputs` reads, in its order, each with an id of its own."""
    taken: set[int] = set()
    for given in paths:
        given = Path(given)
        for path, name, problem in _files(given):
            yield InputFile(path, _unique(name, path.suffix.lower(), taken), problem)


def read_file(
    file: InputFile, *, text_column: str | None = None, id_column: str | None = None
) -> Iterator[Read]:
    """The page or the records of one file."""
    path, suffix = file.path, file.path.suffix.lower()
    n_bytes = 0
    try:
        problem = file.problem or _problem(path, suffix)
        n_bytes = path.stat().st_size if path.is_file() else 0
        if problem:
            yield Unreadable(file.id, path, problem, n_bytes)
        elif suffix in _TABLES:
            yield from _TABLES[suffix](path, file.id, text_column=text_column, id_column=id_column)
        elif n_bytes > LARGEST_PAGE:
            reason = f"too large: {n_bytes:,} bytes; a page may have {LARGEST_PAGE:,}. Split it"
            yield Unreadable(file.id, path, reason, n_bytes)
        else:
            yield replace(_read_page(path, file.id, suffix), n_bytes=n_bytes)
    except OSError as error:
        yield Unreadable(file.id, path, f"cannot be opened: {error.strerror or error}", n_bytes)


def _problem(path: Path, suffix: str) -> str | None:
    """Why a file cannot be read, as far as its name and kind say."""
    if not path.exists():
        return "no such file or folder"
    if suffix not in SUFFIXES:
        return f"suffix {suffix!r}; readable are {' '.join(SUFFIXES)}"
    if not path.is_file():  # opening a pipe would wait for a writer
        return "no regular file but a pipe, a socket or a device"
    return None


def _files(given: Path) -> Iterator[tuple[Path, str, str | None]]:
    """The files of an input: path, name for the id (the path below it, without suffix), problem."""
    if not given.is_dir():
        yield given, _printable(given.stem), None
        return

    def name_of(path: Path) -> str:
        below = path.relative_to(given)
        return _printable(below.with_suffix("").as_posix() if below.name else given.name)

    n_files = 0
    closed: list[OSError] = []
    for folder, folders, files in os.walk(given, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith((".", "~$")):
                path = Path(folder, name)
                n_files += 1
                yield path, name_of(path), None
        for path in (Path(folder, name) for name in folders):
            if path.is_symlink():
                n_files += 1
                yield path, name_of(path), "a link to a folder: give that folder itself"
    for error in closed:
        path = Path(os.fsdecode(error.filename))
        yield path, name_of(path), f"folder cannot be listed: {error.strerror}"
    if not n_files and not closed:
        yield given / "*", _printable(given.name), None


def _printable(name: str) -> str:
    """A name that can be written as UTF-8, whatever bytes the file system holds."""
    return os.fsencode(name).decode("utf-8", "replace")


def _unique(name: str, suffix: str, taken: set[int]) -> str:
    """An id not given before: with the suffix, then with a number, where the name is taken.

    Hashes of the ids given are kept instead of the ids: a million of them fit in some 80 MB.
    """
    id_, n = name, 1
    while hash(id_) in taken:
        id_, n = (f"{name}{suffix}" if n == 1 else f"{name}{suffix}~{n}"), n + 1
    taken.add(hash(id_))
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
