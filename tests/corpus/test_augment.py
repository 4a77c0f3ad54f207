"""Augmented articles: offsets and relations hold, and what is changed stays true to the article."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swner.config import AugmentationConfig
from swner.corpus.augment import PARTS, augment, augmented
from swner.corpus.augment.edits import outside, revise
from swner.corpus.load import load
from swner.corpus.markup import read
from swner.document import Document, Entity, Relation
from swner.facts.dates import parse_date
from swner.facts.numbers import parse_quantity
from swner.gazetteer import COUNTY, divisions, find
from swner.schema import SCHEMA

DATA = Path(__file__).parents[2] / "data"
CHANGES = {
    "names": {"PER"},
    "organisations": {"ORG", "POLICY"},
    "quantities": {"TARGET", "FIG"},
    "dates": {"DATE", "POLICY"},
}
ALL = AugmentationConfig(
    copies=1, names=1, organisations=1, quantities=1, dates=1, noise=1, shuffle=1
)
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def articles() -> list[Document]:
    return load([DATA / "synthetic", DATA / "gold" / "articles.jsonl"])


indices = st.integers(0, len(articles()) - 1)
seeds = st.integers(0, 2**32)


def only(part: str) -> AugmentationConfig:
    return AugmentationConfig.model_validate({"copies": 1, part: 1.0})


def marked(source: str, tmp_path: Path) -> Document:
    path = tmp_path / "article.txt"
    path.write_text(f"---\n{source}\n", encoding="utf-8")
    return next(read(path))


def versions(doc: Document, part: str, n: int = 20) -> list[Document]:
    return [augment(doc, only(part), seed=1, version=v) for v in range(n)]


def changed(old: Document, new: Document) -> dict[str, str]:
    pairs = zip(old.entities, new.entities, strict=True)
    return {a.surface: b.surface for a, b in pairs if a.surface != b.surface}


def check_sound(old: Document, new: Document) -> None:
    assert all(new.text[e.start : e.end] == e.surface for e in new.entities)
    assert all(e.surface == e.surface.strip() and "\n" not in e.surface for e in new.entities)
    assert all(a.end <= b.start for a, b in zip(new.entities, new.entities[1:], strict=False))
    assert Counter(e.label for e in new.entities) == Counter(e.label for e in old.entities)
    assert Counter(r.label for r in new.relations) == Counter(r.label for r in old.relations)
    for r in new.relations:
        assert SCHEMA.allows(r.label, new.entities[r.head].label, new.entities[r.tail].label)


# Every part, on every article ----------------------------------------------------------------


@many
@given(index=indices, seed=seeds, data=st.data())
def test_entities_and_relations_hold(index: int, seed: int, data: st.DataObject) -> None:
    shares = {part: data.draw(st.sampled_from([0.0, 0.3, 1.0])) for part in PARTS}
    config = AugmentationConfig.model_validate({"copies": 0, **shares})
    check_sound(articles()[index], augment(articles()[index], config, seed=seed, version=1))


@pytest.mark.parametrize("part", CHANGES)
@many
@given(index=indices, seed=seeds)
def test_nothing_but_mentions_of_its_labels_is_changed(part: str, index: int, seed: int) -> None:
    old = articles()[index]
    new = augment(old, only(part), seed=seed, version=1)
    check_sound(old, new)
    assert outside(new, CHANGES[part]) == outside(old, CHANGES[part])
    assert [(r.head, r.tail, r.label) for r in new.relations] == [
        (r.head, r.tail, r.label) for r in old.relations
    ]
    # One surface becomes one other, all over the article, and no two become the same.
    for label in CHANGES[part] - {"TARGET", "FIG"}:
        pairs = {
            (a.surface, b.surface)
            for a, b in zip(old.entities, new.entities, strict=True)
            if a.label == label
        }
        assert len({a for a, _ in pairs}) == len(pairs) == len({b for _, b in pairs})


def test_every_part_changes_many_articles() -> None:
    for part in PARTS:
        n = sum(augment(d, only(part), seed=1, version=1).text != d.text for d in articles()[:200])
        assert n > 60, part


@many
@given(index=indices, seed=seeds)
def test_order_of_quantities_is_kept(index: int, seed: int) -> None:
    """Judged by the reader of quantities in `facts`, which knows nothing of this one."""
    old = articles()[index]
    new = augment(old, only("quantities"), seed=seed, version=1)
    read_pairs = [
        (parse_quantity(a.surface), parse_quantity(b.surface))
        for a, b in zip(old.entities, new.entities, strict=True)
        if a.label in CHANGES["quantities"]
        and not old.text[: a.start].endswith("等")
        and not re.search("几|数|分之|半", a.surface)
    ]
    pairs = [(a, b) for a, b in read_pairs if a is not None and b is not None]
    for a, b in pairs:
        assert (a.unit, a.comparator, a.precision) == (b.unit, b.comparator, b.precision)
        assert a.upper is None or (b.upper is not None and b.value < b.upper)
        assert b.unit != "%" or a.value > 100 or b.value <= 100
    for (a, b), (c, d) in combinations(pairs, 2):
        if a.unit == c.unit and a.upper is c.upper is None:
            assert (a.value < c.value) == (b.value < d.value), (a, b, c, d)


@many
@given(index=indices, seed=seeds)
def test_order_of_dates_is_kept(index: int, seed: int) -> None:
    """Judged by the reader of dates in `facts`."""
    old = articles()[index]
    new = augment(old, only("dates"), seed=seed, version=1)
    pairs = [
        (parse_date(a.surface, anchor=None), parse_date(b.surface, anchor=None))
        for a, b in zip(old.entities, new.entities, strict=True)
        if a.label == "DATE"
    ]
    assert all((a is None) == (b is None) for a, b in pairs)
    known = [(a.latest, b.latest) for a, b in pairs if a and b and a.latest and b.latest]
    for (a, b), (c, d) in combinations(known, 2):
        assert (a < c) == (b < d)


def plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace("“", '"').replace("”", '"')
    return re.sub("[-—–~～]", "-", re.sub(r"[ \n]+", "", text))


@many
@given(index=indices, seed=seeds)
def test_noise_leaves_all_but_marks_and_spaces(index: int, seed: int) -> None:
    old = articles()[index]
    new = augment(old, only("noise"), seed=seed, version=1)
    assert plain(new.text) == plain(old.text)
    assert new.text.count("\n") == old.text.count("\n")
    assert [plain(e.surface) for e in new.entities] == [plain(e.surface) for e in old.entities]


@many
@given(index=indices, seed=seeds)
def test_a_shuffle_moves_whole_paragraphs_behind_the_first(index: int, seed: int) -> None:
    old = articles()[index]
    new = augment(old, only("shuffle"), seed=seed, version=1)
    lines, new_lines = old.text.split("\n"), new.text.split("\n")
    assert Counter(new_lines) == Counter(lines)
    assert new_lines[0] == lines[0]

    def links(doc: Document) -> Counter[tuple[str, str, str]]:
        ends = [(doc.entities[r.head], r.label, doc.entities[r.tail]) for r in doc.relations]
        return Counter((a.surface, label, b.surface) for a, label, b in ends)

    assert links(new) == links(old)


def test_versions_are_repeatable_differ_and_do_not_depend_on_other_parts() -> None:
    doc = max(articles(), key=lambda d: sum(e.label == "PER" for e in d.entities))
    assert augment(doc, ALL, seed=1, version=1) == augment(doc, ALL, seed=1, version=1)
    assert augment(doc, ALL, seed=1, version=1).text != augment(doc, ALL, seed=1, version=2).text
    assert augment(doc, ALL, seed=1, version=1).text != augment(doc, ALL, seed=2, version=1).text
    both = AugmentationConfig(copies=1, names=1, quantities=1)
    alone, beside = (augment(doc, c, seed=1, version=1) for c in (only("names"), both))
    assert [e.surface for e in alone.entities if e.label == "PER"] == [
        e.surface for e in beside.entities if e.label == "PER"
    ]


def test_epochs_have_versions_of_their_own() -> None:
    config = AugmentationConfig(copies=2, names=1)
    docs = [d for d in articles()[:60] if any(e.label == "PER" for e in d.entities)]
    first, again, second = (augmented(docs, config, seed=1, epoch=n) for n in (0, 0, 1))
    assert first == again
    assert len(first) > 1.5 * len(docs)
    assert not {d.id for d in first} & {d.id for d in second}
    assert not {d.text for d in first} & {d.text for d in second}
    assert not {d.id for d in first} & {d.id for d in docs}
    assert all("page" not in d.meta and "published" not in d.meta for d in first)


def test_a_copy_in_which_nothing_changed_is_left_out() -> None:
    doc = Document("d", "没有名字。")
    assert augmented([doc], AugmentationConfig(copies=3, names=1), seed=1, epoch=0) == []


# Revising --------------------------------------------------------------------------------------


@given(st.data())
def test_revised_text_and_entities(data: st.DataObject) -> None:
    text = data.draw(st.text("甲乙丙丁", min_size=12, max_size=12))
    doc = Document(
        "d",
        text,
        (Entity(2, 5, "ORG", text[2:5]), Entity(5, 7, "PER", text[5:7])),
        (Relation(0, 1, "post_at"),),
    )
    cells = [(0, 2), (2, 5), (5, 7), (7, 12)]  # edits stay inside one of them
    edits, expected = [], []
    for low, high in cells:
        a = data.draw(st.integers(low, high - 1))
        b = data.draw(st.integers(a + 1, high))
        new = data.draw(st.text("戊己", min_size=1, max_size=4))
        edits.append((a, b, new))
        expected.append(text[low:a] + new + text[b:high])
    revised = revise(doc, data.draw(st.permutations(edits)))
    assert revised.text == "".join(expected)
    assert [e.surface for e in revised.entities] == expected[1:3]
    assert all(revised.text[e.start : e.end] == e.surface for e in revised.entities)
    assert revised.relations == doc.relations


def test_what_is_put_in_at_an_edge_stays_outside() -> None:
    doc = Document("d", "甲乙丙丁", (Entity(1, 2, "ORG", "乙"), Entity(2, 3, "PER", "丙")))
    revised = revise(doc, [(1, 1, "*"), (2, 2, "+"), (3, 3, "-")])
    assert revised.text == "甲*乙+丙-丁"
    assert [e.surface for e in revised.entities] == ["乙", "丙"]


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        ([(0, 2, "x")], "crosses"),
        ([(1, 3, "")], "nothing is left"),
        ([(3, 4, "x"), (3, 4, "y")], "overlap"),
    ],
)
def test_edits_that_break_an_entity_are_refused(
    edits: list[tuple[int, int, str]], why: str
) -> None:
    doc = Document("d", "甲乙丙丁", (Entity(1, 3, "ORG", "乙丙"),))
    with pytest.raises(ValueError, match=why):
        revise(doc, edits)


# Each part, word by word -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("王建国", "[一-鿿]{2,4}"),
        ("欧阳劲松", "[一-鿿]{2,4}"),
        ("扎西平措", "[一-鿿]{4,5}"),
        ("阿依古丽·买买提", "[一-鿿]+·[一-鿿]+"),
        ("沙马木呷", "[一-鿿]{4}"),
    ],
)
def test_names_of_every_kind_become_others_of_their_kind(
    name: str, pattern: str, tmp_path: Path
) -> None:
    doc = marked(f"[{name}|PER|a]当选。代表们向[{name}|PER|b]祝贺。", tmp_path)
    for new in versions(doc, "names"):
        surfaces = {e.surface for e in new.entities}
        assert len(surfaces) == 1
        assert re.fullmatch(pattern, surfaces.pop())
    assert all(new.text != doc.text for new in versions(doc, "names"))


def test_a_surname_that_is_said_with_a_title_stays(tmp_path: Path) -> None:
    doc = marked("会长[谢长河|PER|a]发言。谢会长说。", tmp_path)
    news = versions(doc, "names")
    assert all(new.entities[0].surface[0] == "谢" for new in news)
    assert len({new.entities[0].surface for new in news}) > 5


@pytest.mark.parametrize(
    "text",
    [
        "[李长河|PER|a]办起了李长河工作室。",
        "[李长河|PER|a]来了。长河说。",
        "[李长河|PER|a]来了。小河说。",
        "[习近平|PER|a]出席。",
        "[阿依古丽·买买提|PER|a]来了。古丽姐姐说。",
    ],
)
def test_names_that_are_said_otherwise_too_stay(text: str, tmp_path: Path) -> None:
    doc = marked(text, tmp_path)
    assert all(new.text == doc.text for new in versions(doc, "names"))


def test_a_first_name_follows_the_whole_one(tmp_path: Path) -> None:
    doc = marked("[古丽米热·艾山|PER|a]来了。[古丽米热|PER|b]说。", tmp_path)
    for new in versions(doc, "names"):
        whole, first = (e.surface for e in new.entities)
        assert whole.startswith(first + "·")
        assert first != "古丽米热"


def test_places_change_with_what_is_above_and_below_them(tmp_path: Path) -> None:
    doc = marked(
        "[河南省民政厅|ORG|a]、[鹤壁市民政局|ORG|b]到[淇滨区民政局|ORG|c]调研,《[鹤壁市养老服务条例|POLICY|d]》施行。",
        tmp_path,
    )
    codes = {d.name: d.code for d in divisions().values()}
    for new in versions(doc, "organisations"):
        province, city, _, title = (e.surface for e in new.entities)
        county = next(m for m in find(new.entities[2].surface)).divisions
        assert province.endswith("省民政厅")
        assert not province.startswith("河南")
        assert city.endswith("市民政局")
        assert codes[city[:-3]][:2] == codes[province[:-3]][:2]
        assert any(d.level == COUNTY and d.code[:4] == codes[city[:-3]][:4] for d in county)
        assert new.entities[2].surface.endswith("区民政局")
        assert title == f"{city[:-3]}养老服务条例"


@pytest.mark.parametrize(
    "text",
    [
        "鹤壁讯 [鹤壁市民政局|ORG|a]发布通知。",
        "[恩施土家族苗族自治州民政局|ORG|a]发布通知。",
        "[长白山下养老院|ORG|a]揭牌。",
        "[长治市潞州区民政局|ORG|a]在潞州发布通知。",
        "[嘉志协|ORG|a]是[嘉兴市志愿者协会|ORG|b]。\n---\nalias_of a b",
    ],
)
def test_places_that_have_to_stay(text: str, tmp_path: Path) -> None:
    doc = marked(text, tmp_path)
    for new in versions(doc, "organisations"):
        assert [m.divisions for m in find(new.text)] == [m.divisions for m in find(doc.text)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("青岚县红星村村委会", "[一-鿿]{2}县[一-鿿]{2,3}村村委会"),
        ("春晖社会工作服务中心", "[一-鿿]{2,4}社会工作服务中心"),
        ("宏远建材有限公司", "[一-鿿]{4,8}有限公司"),
        ("松江师范学院", "[一-鿿]{2,3}师范学院"),
        ("明理律师事务所", "[一-鿿]{2,3}律师事务所"),
        ("县审计局", "县[一-鿿]{2}局"),
    ],
)
def test_words_change_and_the_kind_stays(name: str, kind: str, tmp_path: Path) -> None:
    doc = marked(f"[{name}|ORG|a]发布通知,[{name}|ORG|b]落实。", tmp_path)
    found = {new.entities[0].surface for new in versions(doc, "organisations")}
    assert name not in found
    assert len(found) > 1
    assert all(re.fullmatch(kind, surface) for surface in found)


@pytest.mark.parametrize(
    "text",
    [
        "[春晖社会工作服务中心|ORG|a]揭牌,春晖社工进村。",
        "[县审计局|ORG|a]公布审计结果。",
        "[县民政局|ORG|a]公布结果。",
        "[中国社会工作联合会|ORG|a]公布结果。",
    ],
)
def test_words_that_have_to_stay(text: str, tmp_path: Path) -> None:
    doc = marked(text, tmp_path)
    assert all(new.text == doc.text for new in versions(doc, "organisations"))


@pytest.mark.parametrize(
    "surface",
    [
        "全覆盖",
        "100%",
        "几十名",
        "数百人",
        "近百家",
        "一半",
        "三分之一",
        "1名",
        "两个",
        "24小时",
        "上万人次",
    ],
)
def test_quantities_that_stay(surface: str, tmp_path: Path) -> None:
    doc = marked(f"达到[{surface}|FIG|a]。", tmp_path)
    assert all(new.text == doc.text for new in versions(doc, "quantities"))


@pytest.mark.parametrize(
    ("surface", "style"),
    [
        ("近700家", r"近\d+00家"),
        ("2.5万人", r"[1-9]\.[1-9]万人"),
        ("1,280元", r"(\d,)?\d{3}元"),
        ("四十多张", "[二三四五六七八]十多张"),
        ("十八个", "(二十|三十|十)?[一二三四五六七八九十]{0,2}个"),
        ("3至5个", r"\d+至\d+个"),
        ("不低于85%", r"不低于\d\d%"),
        ("8000万元", r"\d{4}万元"),
        ("500起", r"\d+起"),
    ],
)
def test_numbers_keep_their_style(surface: str, style: str, tmp_path: Path) -> None:
    doc = marked(f"达到[{surface}|FIG|a]。", tmp_path)
    found = {new.entities[0].surface for new in versions(doc, "quantities")}
    assert len(found) > 3
    assert all(re.fullmatch(style, one) for one in found), found


def test_a_count_that_closes_a_list_stays(tmp_path: Path) -> None:
    doc = marked("民政部、财政部等[15个|FIG|a]部门投入[80万元|FIG|b],“80万元工程”启动。", tmp_path)
    assert all(new.text == doc.text for new in versions(doc, "quantities"))


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("[2019年3月5日|DATE|a]开会。", ("year", "month", "day")),
        ("2019年的会,[2019年3月5日|DATE|a]开。", ("month", "day")),
        ("中秋,[2019年3月5日|DATE|a]开会。", ("year",)),
        ("星期三,[2019年3月5日|DATE|a]开会。", ("year", "month")),
        ("疫情后,[2021年1月1日|DATE|a]施行。", ("month",)),
        ("[1998年|DATE|a]成立。", ()),
        ("3月的会,[5日|DATE|a]开。", ("day",)),
    ],
)
def test_what_holds_a_date(text: str, moved: tuple[str, ...], tmp_path: Path) -> None:
    doc = marked(text, tmp_path)
    parts = re.compile(r"(?:(\d{4})年)?(?:(\d+)月)?(?:(\d+)日)?")
    old = parts.fullmatch(doc.entities[0].surface)
    assert old is not None
    seen = set()
    for new in versions(doc, "dates", n=60):
        match = parts.fullmatch(new.entities[0].surface)
        assert match is not None
        for name, a, b in zip(("year", "month", "day"), old.groups(), match.groups(), strict=True):
            if a != b:
                seen.add(name)
    assert seen == set(moved)


def test_plans_move_with_their_years(tmp_path: Path) -> None:
    doc = marked("《[“十三五”规划|POLICY|a]》到[2020年|DATE|b]、[“十三五”末|DATE|c]。", tmp_path)
    found = {tuple(e.surface for e in new.entities) for new in versions(doc, "dates")}
    assert found <= {
        ("“十三五”规划", "2020年", "“十三五”末"),
        ("“十四五”规划", "2025年", "“十四五”末"),
        ("“十二五”规划", "2015年", "“十二五”末"),
    }
    assert len(found) > 1


def test_paragraphs_that_belong_together_stay_together() -> None:
    lines = [
        "标题", "本报记者 王某", "开头的一段。", "甲段。", "其中一部分。", "乙段。", "一是这样。", "二是那样。",
        "丙段。", "(来源:某报)",
    ]  # fmt: skip
    doc = Document("d", "\n".join(lines))
    orders = {new.text for new in versions(doc, "shuffle", n=40)}
    assert doc.text not in orders
    assert len(orders) == 5  # three blocks in all orders but the old one
    for text in orders:
        found = text.split("\n")
        assert found[:3] == lines[:3]
        assert found[-1] == lines[-1]
        assert found.index("其中一部分。") == found.index("甲段。") + 1
        assert (
            found.index("二是那样。") == found.index("一是这样。") + 1 == found.index("乙段。") + 2
        )


def test_nobody_is_named_before_being_introduced() -> None:
    text = "开头的一段。\n会长张三致辞。\n张三表示赞同。\n李四发言。"
    places = [m.start() for m in re.finditer("张三", text)]
    doc = Document("d", text, tuple(Entity(p, p + 2, "PER", "张三") for p in places))
    for new in versions(doc, "shuffle"):
        assert new.text.index("会长张三") < new.text.index("张三表示")


def test_numbered_sections_and_defined_names_hold_an_article() -> None:
    for text in (
        "开头。\n一、总体要求\n甲。\n二、主要任务\n乙。",
        "开头。\n甲局(以下简称甲)发文。\n乙局表示。\n丙局表示。",
    ):
        doc = Document("d", text)
        assert all(new.text == text for new in versions(doc, "shuffle"))


def test_randomness_comes_from_the_seed_alone() -> None:
    doc = articles()[0]
    for name, part in PARTS.items():
        assert part(doc, 1.0, Random(name)) == part(doc, 1.0, Random(name))
