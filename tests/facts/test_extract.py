from __future__ import annotations

from datetime import date

import pytest
from facts_helpers import GOLD, ROOT, document, noisy
from hypothesis import given, settings
from hypothesis import strategies as st

from swner.corpus.doccano import read
from swner.document import Document, Entity
from swner.facts import facts
from swner.facts.place import Gazette
from swner.facts.policies import is_bare, level_of, title_key
from swner.facts.score import FIELDS, read_gold, rows_of, score
from swner.text.articles import split_page


@pytest.fixture(scope="module")
def gold():
    return list(read(GOLD / "articles.jsonl"))


def _by_id(docs, doc_id):
    return facts(next(d for d in docs if d.id == doc_id))


def test_gold_spans_give_the_hand_made_records(gold):
    predicted = [row for doc in gold for row in rows_of(facts(doc))]
    for table in score(read_gold(GOLD / "records"), predicted):
        assert table.f1 >= 0.95, (table.table, table.wrong)


def test_the_package_is_also_the_function(gold):
    import swner

    for _ in range(2):  # the first call imports the package, which takes the function's place
        assert swner.facts(gold[1]) == facts(gold[1])


def test_guangxi_plan(gold):
    first = _by_id(gold, "seed-000-02").targets[0]
    assert first.indicator == "社会工作专业人才总量"
    assert first.quantity is not None
    assert (first.quantity.kind, first.quantity.value, first.quantity.unit) == (
        "level",
        50000,
        "人",
    )
    assert first.deadline is not None
    assert first.deadline.latest == date(2025, 12, 31)
    assert first.policy == "广西社会工作专业人才培养支持专项实施方案"
    assert len(first.issuers) == 6
    assert first.place.name == "广西壮族自治区"


def test_ningxia_service_bodies(gold):
    target = next(
        t for t in _by_id(gold, "seed-004-01").targets if t.indicator == "社会工作服务机构"
    )
    assert target.quantity is not None
    assert (target.quantity.value, target.quantity.unit) == (160, "家")
    assert target.deadline is not None
    assert target.deadline.latest == date(2027, 12, 31)


def test_director_of_a_department(gold):
    found = next(a for a in _by_id(gold, "seed-000-01").appointments if a.person == "王春益")
    assert (found.post, found.organisation) == ("主任", "中国社会工作联合会生态文明工作部")
    assert found.status == "appointed"
    assert found.date_text == "6月28日"
    assert found.date is None  # the page does not say which year


@pytest.mark.parametrize(
    ("marked", "relations", "status"),
    [
        ("[会长|POS|s][陈存根|PER|p]出席", ["holds p s"], "holds"),
        ("[民政局|ORG|o]原[局长|POS|s][张三|PER|p]出席", ["holds p s", "post_at s o"], "former"),
        ("原[省民政厅|ORG|o][厅长|POS|s][张三|PER|p]", ["holds p s", "post_at s o"], "former"),
        ("任命[张三|PER|p]为[局长|POS|s]", ["holds p s"], "appointed"),
        ("[张三|PER|p]当选[会长|POS|s]", ["holds p s"], "elected"),
        ("选举[李四|PER|q]为会长,[张三|PER|p]为[副会长|POS|s]", ["holds p s"], "elected"),
        ("免去[张三|PER|p][局长|POS|s]职务", ["holds p s"], "removed"),
        ("[张三|PER|p]不再担任[局长|POS|s]", ["holds p s"], "removed"),
        ("免去李四局长职务,任命[张三|PER|p]为[局长|POS|s]", ["holds p s"], "appointed"),
        ("[张三|PER|p]拟任[局长|POS|s]", ["holds p s"], "proposed"),
        ("[张三|PER|p]为[会长|POS|s]候选人", ["holds p s"], "proposed"),
        ("[张三|PER|p]曾任[局长|POS|s]", ["holds p s"], "former"),
        ("新任[局长|POS|s][张三|PER|p]", ["holds p s"], "appointed"),
        ("新当选的[会长|POS|s][张三|PER|p]", ["holds p s"], "elected"),
        ("聘请[教授|POS|t][张三|PER|p]为[顾问|POS|s]", ["holds p s"], "appointed"),
        ("聘请[教授|POS|s][张三|PER|p]为顾问", ["holds p s"], "holds"),
        ("[张三|PER|p]担任[局长|POS|s]", ["holds p s"], "holds"),
    ],
)
def test_status(marked, relations, status):
    (found,) = facts(document(marked, *relations)).appointments
    assert found.status == status


def test_short_title_resolves_without_definition():
    doc = document(
        "[民政部|ORG|o]印发《[关于加强社区工作的意见|POLICY|a]》（民发〔2021〕58号）。\n"
        "《[意见|POLICY|b]》提出,建成[社工站|IND|i][100个|TARGET|t]。",
        "issued_by a o", "sets b t", "measures t i",
    )  # fmt: skip
    found = facts(doc)
    assert len(found.policies) == 1
    policy = found.policies[0]
    assert (policy.number, policy.level, policy.issuers) == (
        "民发〔2021〕58号",
        "国家",
        ("民政部",),
    )
    assert policy.short_names == ("意见",)
    assert found.targets[0].policy == "关于加强社区工作的意见"
    assert found.targets[0].place.name == "全国"


def test_a_bare_title_stays_in_its_article():
    one = facts(document("《[意见|POLICY|b]》提出", doc_id="x")).policies[0]
    two = facts(document("《[意见|POLICY|b]》提出", doc_id="y")).policies[0]
    assert one.key != two.key


def test_title_key_ignores_marks_and_spaces():
    assert title_key("乡村振兴战略规划(2018-2022年)") == title_key(
        "乡村振兴战略规划（2018—2022年） "
    )
    assert is_bare("实施方案")
    assert not is_bare("广西社会工作专业人才培养支持专项实施方案")


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("民政部", "国家"),
        ("中办", "国家"),
        ("国务院办公厅", "国家"),
        ("云南省民政厅", "省级"),
        ("自治区教育厅", "省级"),
        ("济南市民政局", "市级"),
        ("胶州市委社会工作部", "县级"),
        ("小店区民政局", "县级"),
        ("湾头镇党委", "乡级"),
        ("中国社会工作联合会", "机构"),
        ("青岛工学院", "机构"),
        ("自治州民政局", "市级"),
        ("团区委", "县级"),
        ("民政厅", ""),
    ],
)
def test_level_of_an_organ(name, level):
    assert level_of(name) == level


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("河南省鹤壁市淇县民政局", ("河南省", "鹤壁市", "淇县")),
        ("内蒙古呼伦贝尔市", ("内蒙古自治区", "呼伦贝尔市", "")),
        ("北京市朝阳区某协会", ("北京市", "", "朝阳区")),
        ("青岛胶州社会工作学院", ("山东省", "青岛市", "胶州市")),
        ("广西六部门", ("广西壮族自治区", "", "")),
        ("全国创新县", None),
        ("各位来宾", None),
        ("健康内蒙古补贴", None),
    ],
)
def test_place(text, names):
    place = Gazette(text).choose(text, "title")
    assert (None if place is None else (place.province, place.city, place.county)) == names


def test_place_of_a_sentence_beats_the_title_and_employers_do_not_count():
    doc = document(
        "山东召开社工站推进会\n"
        "[济南市民政局|ORG|o][局长|POS|s][苏楠|PER|p]说,已建成[社工站|IND|i][16个|FIG|f]。青岛市建成[社工站|IND|j][20个|FIG|g]。",
        "holds p s", "post_at s o", "measures f i", "measures g j",
    )  # fmt: skip
    one, two = facts(doc).figures
    assert (one.place.name, one.place.source) == ("山东省", "title")
    assert (two.place.name, two.place.source) == ("青岛市", "sentence")


def test_unreadable_quantities_and_dates_are_kept_and_counted():
    found = facts(document("[年底前|DATE|d]建成[若干|TARGET|t]", "dated t d"))
    assert found.targets[0].quantity is None
    assert found.targets[0].deadline_text == "年底前"
    assert set(found.unread) == {"若干", "年底前"}


def test_headline_and_text_make_one_row():
    doc = document(
        "山东已建成[社工站|IND|i][1683个|FIG|f]\n截至[2022年6月底|DATE|d],山东省已建成[社工站|IND|j][1683个|FIG|g]。",
        "measures f i", "measures g j", "dated g d",
    )  # fmt: skip
    (figure,) = facts(doc).figures
    assert figure.n_mentions == 2
    assert figure.as_of_text == "2022年6月底"


def _records(found):
    return [row.values for row in rows_of(found)]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_quotes_are_slices_of_the_given_text_however_broken(data):
    doc = _GOLD[data.draw(st.integers(0, len(_GOLD) - 1))]
    places = data.draw(st.lists(st.integers(0, len(doc.text) - 1), max_size=12))
    insert = data.draw(st.sampled_from([" ", "\n", "\n\n", "(yì)", "　", "\u200b"]))
    raw = noisy(doc, dict.fromkeys(places, insert))
    found = facts(raw)
    for record in (*found.targets, *found.figures, *found.policies, *found.appointments):
        e = record.evidence
        assert raw.text[e.start : e.end] == e.quote
        assert raw.text[e.span_start : e.span_end] == e.span
        assert e.start <= e.span_start < e.span_end <= e.end


def test_a_raw_page_gives_the_same_records(gold):
    doc = next(d for d in gold if d.id == "seed-004-01")
    breaks = {
        i: "\n\n"
        for i in range(60, len(doc.text) - 40, 97)
        if doc.text[i - 1].isalpha() and doc.text[i].isalpha()
    }
    assert _records(facts(noisy(doc, breaks))) == _records(facts(doc))


def _raw_documents(gold):
    """The gold articles on their raw pages: marks moved to the characters as they came."""
    by_text = {d.text: d for d in gold}
    for page in sorted((ROOT / "data" / "raw").glob("*.txt")):
        for article in split_page(page.read_text(encoding="utf-8")):
            doc = by_text.get(article.clean.text)
            if doc is not None:
                spans = [article.clean.map.to_raw(e.span) for e in doc.entities]
                entities = tuple(
                    Entity(s.start, s.end, e.label, article.raw[s.start : s.end], clean=e.surface)
                    for s, e in zip(spans, doc.entities, strict=True)
                )
                yield doc, Document(doc.id, article.raw, entities, doc.relations, doc.meta)


def test_raw_pages_give_the_records_of_the_clean_articles(gold):
    pairs = list(_raw_documents(gold))
    assert len(pairs) >= 10
    for clean, raw in pairs:
        assert _records(facts(raw)) == _records(facts(clean))


def test_scorer_counts_missing_and_surplus_rows():
    rows = read_gold(GOLD / "records")
    targets = [r for r in rows if r.table == "targets"]
    report = {s.table: s for s in score(rows, targets[1:])}
    assert report["targets"].n_right == len(targets) - 1
    assert report["targets"].precision == 1.0
    assert report["figures"].recall == 0.0
    assert set(report["targets"].field_right) == set(FIELDS["targets"])


_GOLD = list(read(GOLD / "articles.jsonl"))
