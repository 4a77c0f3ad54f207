from __future__ import annotations

import csv
import json
import re
from datetime import datetime

import openpyxl
import pyarrow.parquet as pq
import pytest
from facts_helpers import GOLD, articles, document

from swner.corpus import doccano
from swner.errors import DataError
from swner.facts.build import build
from swner.facts.columns import CHINESE, SHEETS
from swner.facts.report import write_report
from swner.facts.store import load, opened


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    directory = tmp_path_factory.mktemp("run")
    (directory / "documents.jsonl").write_bytes((GOLD / "articles.jsonl").read_bytes())
    return directory, build(directory, read=doccano.read)


def test_everything_is_written_and_counted(built):
    directory, summary = built
    assert summary.n_articles == 13
    assert summary.n_targets >= 19
    assert all(p.stat().st_size > 0 for p in summary.paths)
    names = {p.name for p in directory.iterdir()}
    assert {"facts.sqlite", "facts.xlsx", "targets.csv", "targets.parquet", "report.html"} <= names
    assert not any(n.startswith("facts.sqlite.") for n in names)


def test_building_again_gives_the_same_tables(built):
    directory, summary = built
    before = (directory / "targets.csv").read_bytes()
    assert build(directory, read=doccano.read) == summary
    assert (directory / "targets.csv").read_bytes() == before


def test_workbook_has_filters_evidence_and_links(built):
    book = openpyxl.load_workbook(built[0] / "facts.xlsx")
    assert book.sheetnames == [s.title for s in SHEETS]
    page = book["目标"]
    heads = [c.value.split("\n")[1] for c in page[1]]
    assert heads == list(SHEETS[0].columns)
    assert abs(heads.index("quote") - heads.index("value")) <= 3
    assert page.auto_filter.ref.startswith("A1:")
    assert page.freeze_panes == "B2"
    row = next(r for r in page.iter_rows(min_row=2) if r[heads.index("value")].value == 160)
    assert isinstance(row[heads.index("deadline_latest")].value, datetime)
    assert row[heads.index("article_id")].hyperlink.target == "report.html#article=seed-004-01"


def test_csv_and_parquet_agree(built):
    directory = built[0]
    for sheet in SHEETS:
        with (directory / f"{sheet.name}.csv").open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        table = pq.read_table(directory / f"{sheet.name}.parquet")
        assert table.num_rows == len(rows)
        assert table.column_names == list(sheet.columns)
        if sheet.name == "targets":
            assert [float(r["value"]) for r in rows] == table["value"].to_pylist()


def test_every_column_has_a_chinese_heading():
    assert {c for s in SHEETS for c in s.columns} <= set(CHINESE)


def test_text_is_never_a_formula(tmp_path):
    doc = document("青岛市[=1+1|IND|i]达到[5人|FIG|f]。", "measures f i")
    (tmp_path / "documents.jsonl").write_text(doccano.to_line(doc), encoding="utf-8")
    build(tmp_path, read=doccano.read)
    page = openpyxl.load_workbook(tmp_path / "facts.xlsx")["数据"]
    assert [c.data_type for c in page[2] if c.value == "=1+1"] == ["s"]
    assert "'=1+1" in (tmp_path / "figures.csv").read_text(encoding="utf-8-sig")


def _data(path):
    page = path.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    return page, json.loads(found.group(1))


def test_report_is_self_contained(built):
    page, data = _data(built[0] / "report.html")
    assert not re.search(r'(?:src|href)="?http', page)
    assert len(data["tables"]["targets"]["rows"]) == built[1].n_targets
    article = data["articles"]["seed-004-01"]
    start, end, label, _ = article["marks"][0]
    assert (article["text"][start:end], label) == ("皮磊", "PER")


def test_report_cannot_be_broken_by_an_article(tmp_path):
    doc = document("</script><script>alert(1)</script>[张三|PER|p]\u2028")
    load(tmp_path / "a.sqlite", [doc])
    with opened(tmp_path / "a.sqlite") as connection:
        write_report(connection, tmp_path / "r.html", title="<b>x</b>")
    page, data = _data(tmp_path / "r.html")
    assert "alert(1)" in data["articles"]["a"]["text"]
    assert "<script>alert" not in page
    assert "<b>x" not in page


def test_report_says_which_texts_are_left_out(tmp_path):
    load(tmp_path / "a.sqlite", articles(5))
    with opened(tmp_path / "a.sqlite") as connection:
        write_report(connection, tmp_path / "r.html", max_characters=600)
    _, data = _data(tmp_path / "r.html")
    assert data["left_out"] == 5 - len(data["articles"]) > 0


def test_documents_must_be_there(tmp_path):
    with pytest.raises(DataError, match="swner predict"):
        build(tmp_path, read=doccano.read)
