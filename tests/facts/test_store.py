from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from facts_helpers import articles, document

from swner.document import Document
from swner.errors import DataError
from swner.facts import store
from swner.facts.diff import diff
from swner.facts.store import LoadResult, load, opened, search
from swner.facts.verify import verify

TABLES = (
    "articles", "sources", "entities", "relations", "evidence", "organisations", "policies",
    "policy_issuers", "policy_mentions", "appointments", "targets", "figures", "unread", "flags",
)  # fmt: skip


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with opened(path) as connection:
        return {
            t: sorted(connection.execute(f"SELECT * FROM {t}").fetchall(), key=repr) for t in TABLES
        }


def count(path: Path, table: str) -> int:
    with opened(path) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_loading_twice_gives_one_set_of_rows(tmp_path):
    path, docs = tmp_path / "a.sqlite", articles(12)
    assert load(path, docs).n_new == 12
    before = dump(path)
    assert load(path, docs) == LoadResult(n_read=12, n_unchanged=12)
    assert dump(path) == before
    assert verify(path, docs) == []


def test_order_and_batches_make_no_difference(tmp_path):
    docs = articles(9)
    load(tmp_path / "a.sqlite", docs)
    load(tmp_path / "b.sqlite", reversed(docs), batch_size=2)
    assert dump(tmp_path / "a.sqlite") == dump(tmp_path / "b.sqlite")


def test_an_error_half_way_leaves_whole_batches_and_the_next_run_completes(tmp_path):
    docs = articles(10)

    def broken():
        yield from docs[:7]
        raise RuntimeError("power cut")

    path = tmp_path / "a.sqlite"
    with pytest.raises(RuntimeError, match="power cut"):
        load(path, broken(), batch_size=3)
    assert count(path, "articles") == 6
    load(path, docs, batch_size=3)
    load(tmp_path / "b.sqlite", docs)
    assert dump(path) == dump(tmp_path / "b.sqlite")


def test_an_error_inside_a_batch_rolls_it_back(tmp_path, monkeypatch):
    docs, path = articles(6), tmp_path / "a.sqlite"
    original = store._insert_facts

    def failing(connection, found):
        original(connection, found)
        if found.article == docs[4].id:
            raise RuntimeError("half a document")

    monkeypatch.setattr(store, "_insert_facts", failing)
    with pytest.raises(RuntimeError, match="half a document"):
        load(path, docs, batch_size=3)
    assert count(path, "articles") == 3
    assert count(path, "evidence") == 3 * 5


_CHILD = """
import sys
sys.path[:0] = [{tests!r}]
from pathlib import Path
from facts_helpers import articles
from swner.facts.store import load
load(Path({path!r}), articles({n}), batch_size={batch_size})
"""


@pytest.mark.parametrize(
    ("n_articles", "kill_at", "batch_size"),
    [(400, 60, 20), pytest.param(10_000, 5_000, 200, marks=pytest.mark.slow)],
)
def test_a_killed_run_and_a_second_one_equal_an_unbroken_one(
    tmp_path, n_articles, kill_at, batch_size
):
    path = tmp_path / "a.sqlite"
    folder = str(Path(__file__).parent)
    code = _CHILD.format(tests=folder, path=str(path), n=n_articles, batch_size=batch_size)
    child = subprocess.Popen([sys.executable, "-c", code], env={**os.environ})
    deadline = time.monotonic() + 600
    n_loaded = 0
    while child.poll() is None and n_loaded < kill_at and time.monotonic() < deadline:
        time.sleep(0.02)
        try:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
                n_loaded = connection.execute("SELECT count(*) FROM articles").fetchone()[0]
        except sqlite3.OperationalError:
            continue  # not made yet, or locked for a moment
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert 0 < count(path, "articles") < n_articles
    docs = articles(n_articles)
    load(path, docs, batch_size=batch_size)
    load(tmp_path / "b.sqlite", docs)
    assert dump(path) == dump(tmp_path / "b.sqlite")


def test_a_reprint_is_one_more_source(tmp_path):
    (doc,) = articles(1)
    text = doc.text.replace("青岛市民政部门", "转载:青岛市民政部门", 1)
    other = Document("reprint", text + "\n(据某某网)", meta={"source": "某某网"})
    path = tmp_path / "a.sqlite"
    assert load(path, [doc, other]).n_reprints == 1
    assert count(path, "articles") == 1
    with opened(path) as connection:
        sources = connection.execute("SELECT id, article_id, is_reprint FROM sources").fetchall()
    assert sorted(sources) == [(doc.id, doc.id, 0), ("reprint", doc.id, 1)]


def test_texts_without_letters_are_no_reprints_of_each_other(tmp_path):
    path = tmp_path / "a.sqlite"
    assert load(path, [Document("x", "。"), Document("y", "——")]).n_new == 2


def test_a_changed_document_replaces_its_rows(tmp_path):
    path, docs = tmp_path / "a.sqlite", articles(3)
    load(path, docs)
    changed = articles(3, seed="更新")[1]
    assert load(path, [docs[0], changed, docs[2]]).n_replaced == 1
    load(tmp_path / "b.sqlite", [docs[0], changed, docs[2]])
    assert dump(path) == dump(tmp_path / "b.sqlite")


def test_one_policy_across_articles(tmp_path):
    one = document(
        "[民政部|ORG|o]印发《[养老服务办法(试行)|POLICY|y]》。", "issued_by y o", doc_id="1"
    )
    two = document(
        "《[养老服务办法（试行）|POLICY|y]》(民发〔2020〕1号)已经施行一年有余。", doc_id="2"
    )
    path = tmp_path / "a.sqlite"
    load(path, [one, two])
    with opened(path) as connection:
        rows = connection.execute("SELECT title, number, issuers, n_articles FROM v_policies")
        assert rows.fetchall() == [("养老服务办法(试行)", "民发〔2020〕1号", "民政部", 2)]


def test_search_in_chinese(tmp_path):
    path = tmp_path / "a.sqlite"
    load(path, articles(3))
    with opened(path) as connection:
        assert len(search(connection, "社会工作协会")) == 3
        assert len(search(connection, "青岛")) == 3
        assert search(connection, '没有"的词') == []


def _figure(doc_id: str, value: str, **meta: str) -> Document:
    return document(
        f"青岛市在[2023年|DATE|d]的[持证率|IND|i]达到[{value}|FIG|f],{doc_id}篇。",
        "measures f i", "dated f d", doc_id=doc_id, **meta,
    )  # fmt: skip


def test_flags_on_the_impossible(tmp_path):
    late = document(
        "青岛市要求到[2020年底|DATE|d][社工站|IND|i]达到[50个|TARGET|t]。",
        "measures t i", "dated t d", doc_id="late", published="2022-01-01",
    )  # fmt: skip
    path = tmp_path / "a.sqlite"
    docs = [_figure("a", "120%"), _figure("b", "60%"), _figure("c", "3%", published="2022-05-01")]
    load(path, [*docs, late])
    with opened(path) as connection:
        flags = {(f, d) for f, d in connection.execute("SELECT flag, detail FROM flags")}
    assert ("share_over_100", "120%") in flags
    assert ("contradicting_values", "3 / 60 / 120") in flags
    assert ("as_of_after_article", "2023-12-31 / 2022-05-01") in flags
    assert ("deadline_before_article", "2020-12-31 / 2022-01-01") in flags


def test_verify_finds_what_was_tampered_with(tmp_path):
    path, docs = tmp_path / "a.sqlite", articles(2)
    load(path, docs)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE evidence SET quote = 'x' WHERE rowid = 1")
        connection.execute("UPDATE entities SET start = start + 1 WHERE n = 0")
    problems = verify(path)
    assert any(p.where.startswith("evidence") for p in problems)
    assert sum(p.where.startswith("entities") for p in problems) == 2


def test_verify_against_changed_documents(tmp_path):
    path, docs = tmp_path / "a.sqlite", articles(3)
    load(path, docs)
    shifted = Document(docs[0].id, "　" + docs[0].text)
    words = [str(p) for p in verify(path, [shifted, docs[1], articles(4)[3]])]
    assert any("its text is not the one in the database" in w for w in words)
    assert any("no longer stands" in w for w in words)
    assert any("art-00003: is not in the database" in w for w in words)
    assert any("art-00002: is in the database, but not among" in w for w in words)


def test_diff_compares_meaning(tmp_path):
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    load(old, [_figure("a", "60%"), *articles(2)])
    load(new, [_figure("a", "70%"), articles(2)[0]])
    changes = diff(old, new)
    assert diff(old, old) == []
    changed = [c for c in changes if c.kind == "changed" and c.table == "figures"]
    assert [(c.old, c.new) for c in changed if "持证率" in c.what] == [("= 60 %", "= 70 %")]
    assert any(c.kind == "removed" and c.table == "appointments" for c in changes)


def test_what_is_no_database_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such database"):
        verify(tmp_path / "none.sqlite")
    (tmp_path / "text").write_text("hello " * 500)
    with pytest.raises(DataError, match="not a database of swner"):
        verify(tmp_path / "text")
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE info (key TEXT, value TEXT)")
    with pytest.raises(DataError, match="schema version None"):
        verify(tmp_path / "other.sqlite")
