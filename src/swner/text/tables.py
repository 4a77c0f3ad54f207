"""Records from .jsonl, .csv, .tsv and .parquet, streamed: a bad line or row costs only itself."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from swner.text.decode import UndecodableError, decode
from swner.text.raw import RawDocument, Read, Unreadable

_TEXT_COLUMNS = ("text", "content", "body", "article", "正文", "内容", "全文", "文本", "新闻内容")
_ID_COLUMNS = ("id", "doc_id", "编号", "序号")
_SAMPLE_BYTES = 262_144
_BATCH_ROWS = 64


def read_jsonl(
    path: Path, file_id: str, *, text_column: str | None, id_column: str | None
) -> Iterator[Read]:
    """The records of a .jsonl file: objects with an `id` and a `text`, one a line."""
    with path.open("rb") as stream:
        sample = stream.read(_SAMPLE_BYTES)
    try:
        encoding = _line_encoding(sample)
    except UndecodableError as error:
        yield Unreadable(file_id, path, str(error))
        return
    columns = (text_column or "text", id_column or "id")
    with path.open(encoding=encoding, errors="surrogateescape", newline="\n") as lines:
        n_seen = 0
        for number, line in enumerate(lines, start=1):
            if line.strip():
                n_seen += 1
                n_bytes = len(line.encode(encoding, "replace"))
                record = _json_record(line, path, f"{file_id}:{number}", columns, encoding)
                yield replace(record, n_bytes=n_bytes)
    if not n_seen:
        yield Unreadable(file_id, path, "empty: no line holds a record")


def _line_encoding(sample: bytes) -> str:
    """UTF-8 if any line is: others are reported one by one; else what the sample is.

    Raises:
        UndecodableError: The sample is no text.
    """
    if not sample.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        for line in sample.splitlines():
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                continue
            if line.strip() and b"\x00" not in line:
                return "utf-8"
    return decode(sample).encoding


def _json_record(
    line: str, path: Path, line_id: str, columns: tuple[str, str], encoding: str
) -> Read:
    """One line; `line_id` is what the line is called where it has no id."""
    where = f"{path}:{line_id.rpartition(':')[2]}"
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        return Unreadable(line_id, path, f"{where}: undecodable: not {encoding} throughout")
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Unreadable(line_id, path, f"{where}: broken JSON: {error}")
    if not isinstance(record, dict):
        kind = type(record).__name__
        return Unreadable(line_id, path, f"{where}: a JSON object is needed, this is a {kind}")
    text_column, id_column = columns
    given = record.pop(id_column, None)
    id_ = str(given) if isinstance(given, (str, int)) and str(given) else ""
    for column, value in ((id_column, id_ or None), (text_column, record.get(text_column))):
        if value is None:
            there = ", ".join(map(str, record)) or "none"
            reason = f"{where}: no usable field {column!r}; the other fields are: {there}"
            return Unreadable(id_ or line_id, path, reason)
    text = record.pop(text_column)
    return _checked(id_, text, path, where, encoding=encoding, meta=record)


def _checked(
    id_: str, text: object, path: Path, where: str, *, encoding: str, meta: dict[str, Any]
) -> Read:
    """A record whose text is usable, or why it is not."""
    if not isinstance(text, str):
        reason = f"{where}: the text must be a string, this is {type(text).__name__}"
        return Unreadable(id_, path, reason)
    if not text.strip():
        return Unreadable(id_, path, f"{where}: empty: the text has no characters but spaces")
    try:
        f"{id_}{text}".encode()
    except UnicodeEncodeError as error:
        reason = f"{where}: undecodable: half a surrogate pair or a broken byte ({error.reason})"
        return Unreadable(id_, path, reason)
    return RawDocument(id_, text, path, "record", encoding, meta)


def _columns(
    there: Sequence[str], text_column: str | None, id_column: str | None
) -> tuple[str, str | None] | str:
    """The text and the id column among those there, or what is wrong."""
    listed = ", ".join(map(repr, there)) or "none"
    for asked in (text_column, id_column):
        if asked is not None and asked not in there:
            return f"no column {asked!r}; the columns are: {listed}"
    by_name = {name.strip().lower(): name for name in reversed(there)}
    text = text_column or next((by_name[n] for n in _TEXT_COLUMNS if n in by_name), None)
    if text is None and len(there) == 1:
        text = there[0]
    if text is None:
        return f"which column is the text? Give text_column; the columns are: {listed}"
    return text, id_column or next((by_name[n] for n in _ID_COLUMNS if n in by_name), None)


def read_csv(
    path: Path, file_id: str, *, text_column: str | None, id_column: str | None
) -> Iterator[Read]:
    """The rows of a table with a header; an `id` column where there is one, else row numbers."""
    with path.open("rb") as stream:
        sample = stream.read(_SAMPLE_BYTES)
    try:
        decoded = decode(sample)
    except UndecodableError as error:
        yield Unreadable(file_id, path, str(error))
        return
    header = decoded.text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",\t;", key=header.count)
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open(encoding=decoded.encoding, errors="surrogateescape", newline="") as stream:
        rows = csv.reader(stream, delimiter=delimiter)
        names = _next_row(rows)
        if not isinstance(names, list):
            yield Unreadable(file_id, path, f"{path}:1: {names or 'empty: no header'}")
            return
        chosen = _columns(names, text_column, id_column)
        if isinstance(chosen, str):
            yield Unreadable(file_id, path, f"{path}: {chosen}")
            return
        number = 0
        while (row := _next_row(rows)) is not None:
            if row == []:
                continue
            number += 1
            where = f"{path}:{rows.line_num}"
            if isinstance(row, str) or len(row) != len(names):
                n_fields = f"{len(row)} fields where the header has {len(names)}"
                reason = row if isinstance(row, str) else n_fields
                yield Unreadable(f"{file_id}-{number}", path, f"{where}: {reason}")
                continue
            values: dict[str, Any] = dict(zip(names, row, strict=True))
            n_bytes = len(",".join(row).encode(decoded.encoding, "replace")) + 1
            record = _row(values, path, f"{file_id}-{number}", where, chosen, decoded.encoding)
            yield replace(record, n_bytes=n_bytes)
        if not number:
            yield Unreadable(file_id, path, f"{path}: empty: a header and no rows")


def _next_row(rows: Any) -> list[str] | str | None:
    """The next row, what is wrong with it, or None at the end."""
    try:
        row: list[str] = next(rows)
    except StopIteration:
        return None
    except csv.Error as error:
        return f"broken CSV: {error}"
    return row


def _row(
    values: dict[str, Any],
    path: Path,
    row_id: str,
    where: str,
    columns: tuple[str, str | None],
    encoding: str,
) -> Read:
    text_column, id_column = columns
    text = values.pop(text_column)
    given = values.pop(id_column, None) if id_column and id_column != text_column else None
    id_ = row_id if given is None or str(given).strip() == "" else str(given)
    return _checked(id_, text, path, where, encoding=encoding, meta=values)


def read_parquet(
    path: Path, file_id: str, *, text_column: str | None, id_column: str | None
) -> Iterator[Read]:
    """The rows of a Parquet file."""
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            chosen = _columns(file.schema_arrow.names, text_column, id_column)
            if isinstance(chosen, str):
                yield Unreadable(file_id, path, f"{path}: {chosen}")
                return
            number = 0
            n_bytes = path.stat().st_size // max(1, file.metadata.num_rows)
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for values in batch.to_pylist():
                    number += 1
                    where = f"{path}: row {number}"
                    record = _row(values, path, f"{file_id}-{number}", where, chosen, "parquet")
                    yield replace(record, n_bytes=n_bytes)
            if not number:
                yield Unreadable(file_id, path, f"{path}: empty: no rows")
    except (pyarrow.ArrowException, OSError) as error:
        yield Unreadable(file_id, path, f"{path}: broken Parquet: {error}")
