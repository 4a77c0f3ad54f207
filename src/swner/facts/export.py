"""Exports for people and tools: one workbook, and a .csv and .parquet file a table."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from swner.facts.columns import CHINESE, DATES, DETAILS, NUMBERS, SHEETS, WHOLE_NUMBERS, Sheet
from swner.facts.rows import Cell

_MAX_ROWS = 1_000_000  # a sheet holds 1,048,576 rows; more go on in a second sheet
_MAX_CELL = 32_767  # characters that a cell of a workbook can hold
_WIDTHS = {
    "quote": 60, "indicator": 26, "policy": 34, "issuers": 34, "title": 40, "article_title": 30,
    "organisation": 30, "place": 14, "province": 14, "value": 14, "deadline_latest": 12,
    "as_of_latest": 12, "date_latest": 12, "published": 12, "article_id": 14, "id": 14,
}  # fmt: skip
_WRAPPING = ("quote", "indicator", "policy", "issuers", "title", "organisation", "article_title")
_LINE, _MAX_LINES = 15, 8  # points; longer quotes are read in the report
_TOP = Alignment(vertical="top")
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_HEAD = Alignment(vertical="center", wrap_text=True)
_HEAD_FILL = PatternFill("solid", fgColor="1F4E5F")
_HEAD_FONT = Font(bold=True, color="FFFFFF")
_LINK = Font(color="0563C1", underline="single")


def read_rows(connection: sqlite3.Connection, sheet: Sheet) -> Iterator[tuple[Cell, ...]]:
    """The rows of one table in the order of its columns."""
    names = ", ".join(f'"{c}"' for c in sheet.columns)
    yield from connection.execute(f"SELECT {names} FROM {sheet.view} ORDER BY {sheet.order}")


def write_workbook(
    connection: sqlite3.Connection, path: Path, *, report: str = "report.html"
) -> None:
    """Write one sheet a table, with filters, frozen headings and links into the report.

    Args:
        connection: The database.
        path: The .xlsx file.
        report: The report's file name, as seen from the workbook.
    """
    book = Workbook(write_only=True)
    for sheet in SHEETS:
        rows = list(read_rows(connection, sheet))
        for part, first in enumerate(range(0, max(len(rows), 1), _MAX_ROWS)):
            title = sheet.title if part == 0 else f"{sheet.title} {part + 1}"
            _write_sheet(
                book, sheet, content=(title, rows[first : first + _MAX_ROWS]), report=report
            )
    book.save(path)


def _write_sheet(
    book: Any, sheet: Sheet, *, content: tuple[str, list[tuple[Cell, ...]]], report: str
) -> None:
    title, rows = content
    page = book.create_sheet(title)
    page.freeze_panes = "B2"
    last = get_column_letter(len(sheet.columns))
    page.auto_filter.ref = f"A1:{last}{len(rows) + 1}"
    for n, column in enumerate(sheet.columns, 1):
        shape = page.column_dimensions[get_column_letter(n)]
        shape.width = _width(column)
        if column in DETAILS and sheet.name != "articles":  # behind a + above the heading
            shape.outlineLevel, shape.hidden = 1, True
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:1"
    page.row_dimensions[1].height = 32
    page.append([_head(page, c) for c in sheet.columns])
    for n, row in enumerate(rows, 2):
        page.row_dimensions[n].height = _LINE * _lines(sheet, row)
        cells = zip(sheet.columns, row, strict=True)
        page.append([_cell(page, column, value=value, report=report) for column, value in cells])


def _width(column: str) -> int:
    """Width of a column in characters: its heading must fit."""
    return max(_WIDTHS.get(column, 10), len(column) + 3)


def _lines(sheet: Sheet, row: tuple[Cell, ...]) -> int:
    """Lines that the longest wrapped cell needs; a Chinese character is two wide."""
    lengths = [
        -(-2 * len(value) // _width(column))
        for column, value in zip(sheet.columns, row, strict=True)
        if column in _WRAPPING and isinstance(value, str)
    ]
    return min(max(lengths, default=1) or 1, _MAX_LINES)


def _head(page: Any, column: str) -> Any:
    cell = WriteOnlyCell(page, f"{CHINESE[column]}\n{column}")
    cell.font, cell.fill, cell.alignment = _HEAD_FONT, _HEAD_FILL, _HEAD
    return cell


def _cell(page: Any, column: str, *, value: Cell, report: str) -> Any:
    if value is None or value == "":
        return None
    shown: object = value
    if isinstance(value, str):
        shown = ILLEGAL_CHARACTERS_RE.sub("", value)[:_MAX_CELL]
        if column in DATES:
            shown = date.fromisoformat(value)
    cell = WriteOnlyCell(page, shown)
    if isinstance(shown, str):
        cell.data_type = "s"  # text that begins with = is text, not a formula
    cell.alignment = _WRAPPED if column in _WRAPPING else _TOP
    if column in DATES:
        cell.number_format = "yyyy-mm-dd"
    elif column in ("value", "upper"):
        cell.number_format = "#,##0.######" if float(value) % 1 else "#,##0"
    elif column == "score":
        cell.number_format = "0.000"
    elif column == "article_id":
        cell.hyperlink = f"{report}#article={value}"
        cell.font = _LINK
    return cell


def write_csv(connection: sqlite3.Connection, directory: Path) -> list[Path]:
    """Write one .csv a table, in UTF-8 with the mark that spreadsheets need.

    Text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    paths = []
    for sheet in SHEETS:
        path = directory / f"{sheet.name}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(sheet.columns)
            for row in read_rows(connection, sheet):
                cells = zip(sheet.columns, row, strict=True)
                writer.writerow([_plain(column, value) for column, value in cells])
        paths.append(path)
    return paths


def _plain(column: str, value: Cell) -> Cell:
    if isinstance(value, float):
        return int(value) if value == int(value) else value
    if isinstance(value, str) and column != "comparator" and value[:1] in ("=", "+", "-", "@"):
        return "'" + value
    return value


def write_parquet(connection: sqlite3.Connection, directory: Path) -> list[Path]:
    """Write one .parquet a table, with numbers and dates in their own types."""
    paths = []
    for sheet in SHEETS:
        rows = list(read_rows(connection, sheet))
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(sheet.columns)
        arrays = [_array(c, list(v)) for c, v in zip(sheet.columns, columns, strict=True)]
        path = directory / f"{sheet.name}.parquet"
        pq.write_table(pa.table(arrays, names=list(sheet.columns)), path)
        paths.append(path)
    return paths


def _array(column: str, values: list[Any]) -> Any:
    if column in NUMBERS:
        return pa.array(values, pa.float64())
    if column in WHOLE_NUMBERS:
        return pa.array(values, pa.int64())
    if column in DATES:
        return pa.array([date.fromisoformat(v) if v else None for v in values], pa.date32())
    return pa.array(values, pa.string())
