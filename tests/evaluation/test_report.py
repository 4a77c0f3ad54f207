"""The page: well-formed, escaped, self-contained, the same twice; and the JSON beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree, html

from swner.document import Document, Entity
from swner.evaluation.assess import Assessment, Comparison, assess, compare_models
from swner.evaluation.report import write_report
from swner.evaluation.scores import score_documents, total

Spoil = Callable[[Document, int], Document]
EVIL = "<script>alert('恶意')</script>&\x00\ud800。"


@pytest.fixture
def first(articles: list[Document], spoil: Spoil) -> Assessment:
    return assess(articles, [spoil(d, 1) for d in articles], model="m/<one>", data="d.jsonl")


@pytest.fixture
def both(articles: list[Document], spoil: Spoil, first: Assessment) -> Comparison:
    second = assess(articles, [spoil(d, 2) for d in articles], model="m/two", data="d.jsonl")
    return compare_models(first, second)


def page_of(result: Assessment | Comparison, folder: Path, *, max_errors: int = 200) -> str:
    path = folder / "report.html"
    write_report(result, path, max_errors=max_errors)
    return path.read_text(encoding="utf-8")


def check_page(page: str) -> None:
    """Well-formed even as XML, unique ids, links that lead somewhere, nothing from outside."""
    etree.fromstring(page.encode())
    parser = html.HTMLParser()
    root = html.document_fromstring(page.encode(), parser=parser)
    # libxml2 knows the elements of HTML 4 only; that is its one complaint.
    assert {e.type_name for e in parser.error_log} <= {"HTML_UNKNOWN_TAG"}
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {f"#{i}" for i in ids} >= set(root.xpath("//a/@href"))
    assert not root.xpath("//script | //link | //img | //@src")
    assert not re.search(r"url\(|@import|https?://", page)


def test_page_of_one_model(first: Assessment, tmp_path: Path) -> None:
    page = page_of(first, tmp_path)
    check_page(page)
    assert "m/&lt;one&gt;" in page
    root = html.document_fromstring(page.encode())
    assert len(root.xpath("//div[@class='error']")) == len(first.mistakes)
    assert len(root.xpath("//figure//circle")) == sum(
        bool(b.n)
        for table in (first.entity_reliability, first.relation_reliability)
        for b in table.bins
    )


def test_page_of_two_models(both: Comparison, tmp_path: Path) -> None:
    page = page_of(both, tmp_path)
    check_page(page)
    for name in ("comparison", "scores-A", "scores-B", "reliability-B"):
        assert f'id="{name}"' in page


def test_the_same_twice(both: Comparison, tmp_path: Path) -> None:
    assert page_of(both, tmp_path) == page_of(both, tmp_path)


def test_text_is_escaped(tmp_path: Path) -> None:
    gold = Document(EVIL, EVIL, (Entity(0, 8, "ORG", EVIL[:8]),), (), {"title": EVIL})
    found = assess([gold], [], model=EVIL, data=EVIL)
    page = page_of(found, tmp_path)
    check_page(page)
    assert "<script" not in page
    assert "alert(&#39;恶意&#39;)" in page
    assert "&amp;\ufffd\ufffd" in page


def test_errors_beyond_the_limit_are_counted(first: Assessment, tmp_path: Path) -> None:
    page = page_of(first, tmp_path, max_errors=2)
    root = html.document_fromstring(page.encode())
    shown = len(root.xpath("//div[@class='error']"))
    left = sum(int(n) for n in re.findall(r"(\d+) further errors of this cause", page))
    assert shown + left == len(first.mistakes)
    assert left > 0


def test_labels_keep_their_colours(both: Comparison, tmp_path: Path) -> None:
    root = html.document_fromstring(page_of(both, tmp_path).encode())
    classes: dict[str, set[str]] = {}
    for mark in root.xpath("//mark"):
        classes.setdefault(mark.find("small").text, set()).add(mark.get("class"))
    for chip in root.xpath("//span[contains(@class, 'chip label')]"):
        classes.setdefault(chip.text, set()).add(chip.get("class").removeprefix("chip "))
    assert all(len(found) == 1 for found in classes.values())
    assert len(set.union(*classes.values())) == len(classes)


def test_a_perfect_model_and_an_empty_one(articles: list[Document], tmp_path: Path) -> None:
    perfect = assess(articles, articles, model="a", data="d")
    assert perfect.mistakes == ()
    nothing = assess(articles, [], model="b", data="d")
    result = compare_models(perfect, nothing)
    check_page(page_of(result, tmp_path))
    assert result.differences["all",].difference == -1
    assert (len(result.mended), len(result.new)) == (0, len(nothing.mistakes))


def test_long_sentences_are_shortened_but_not_their_marks(tmp_path: Path) -> None:
    text = "甲" * 500 + "民政部" * 40 + "乙" * 500
    entity = Entity(500, 620, "ORG", text[500:620])
    page = page_of(assess([Document("d", text, (entity,))], [], model="a", data="d"), tmp_path)
    assert entity.surface in page
    assert "甲" * 70 in page
    assert "甲" * 71 not in page


def test_json_keeps_the_keys_of_the_scores(
    articles: list[Document], both: Comparison, spoil: Spoil
) -> None:
    scores = total(score_documents(articles, [spoil(d, 1) for d in articles])).to_json()
    record = json.loads(json.dumps(both.to_json(), allow_nan=False))
    for name in ("core", "all", "relations"):
        assert scores[name].items() <= record[name].items()
        low, high = record[name]["interval"]["f1"]
        assert low <= record[name]["f1"] <= high
    for name in ("by_label", "by_relation"):
        assert record[name].keys() == scores[name].keys()
    assert record["n_documents"] == len(articles)
    assert sum(record["errors"].values()) == len(both.first.mistakes)
    assert record["comparison"]["model"] == "m/two"
    difference = record["comparison"]["differences"]["by_label"]["ORG"]
    assert difference["f1_a"] == record["by_label"]["ORG"]["f1"]
    assert difference["f1_b"] == record["comparison"]["by_label"]["ORG"]["f1"]


def test_one_model_against_itself_mends_and_breaks_nothing(first: Assessment) -> None:
    result = compare_models(first, replace(first, model="copy"))
    assert (result.mended, result.new) == ((), ())
