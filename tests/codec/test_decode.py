"""Titles in 《》 are found whole or not at all; no entity holds half a pair of marks."""

from swner.codec.decode import balanced, whole_titles
from swner.corpus.load import load
from swner.document import Entity


def entity(text: str, surface: str, label: str, score: float = 0.5) -> Entity:
    start = text.index(surface)
    return Entity(start, start + len(surface), label, surface, surface, score)


def keys(entities: list[Entity]) -> list[tuple[str, str, float | None]]:
    return [(e.label, e.surface, e.score) for e in entities]


def test_pieces_of_a_title_become_one() -> None:
    text = "近日印发《青岚区关于2023年养老服务的通知》,青岚区民政局"
    found = [
        entity(text, "青岚区", "ORG"),
        entity(text, "关于", "POLICY", 0.3),
        entity(text, "2023年", "DATE"),
        entity(text, "养老服务的通知", "POLICY", 0.7),
        entity(text, "青岚区民政局", "ORG", 0.9),
    ]
    assert keys(whole_titles(text, found)) == [
        ("POLICY", "青岚区关于2023年养老服务的通知", 0.7),
        ("ORG", "青岚区民政局", 0.9),
    ]


def test_titles_without_a_policy_stay_as_they_are() -> None:
    text = "据《民政部公报》报道"
    found = [entity(text, "民政部", "ORG")]
    assert whole_titles(text, found) == found


def test_an_entity_that_runs_into_a_title_keeps_what_lies_outside() -> None:
    text = "民政部《实施办法》"
    found = [
        Entity(0, 6, "ORG", text[:6], text[:6], 0.4),
        Entity(6, 8, "POLICY", "办法", "办法", 0.6),
    ]
    assert keys(whole_titles(text, found)) == [("ORG", "民政部", 0.4), ("POLICY", "实施办法", 0.6)]


def test_two_titles_found_as_one_are_two() -> None:
    text = "《甲办法》《乙办法》"
    found = [Entity(1, 9, "POLICY", text[1:9], text[1:9], 0.5)]
    assert [e.surface for e in whole_titles(text, found)] == ["甲办法", "乙办法"]


def test_a_title_inside_a_title_belongs_to_the_outer_one() -> None:
    text = "《关于印发〈落实《某意见》方案〉的通知》"
    found = [entity(text, "某意见", "POLICY")]
    assert [e.surface for e in whole_titles(text, found)] == [text[1:-1]]


def test_the_rule_leaves_all_annotated_data_as_it_is() -> None:
    for doc in load(["data/gold/articles.jsonl", "data/synthetic"]):
        assert [e.key for e in whole_titles(doc.text, doc.entities)] == [
            e.key for e in doc.entities
        ]


def test_half_pairs_are_mended() -> None:
    text = "据“三区”计划(以下简称“委员会”)的“朝歌"
    found = [
        entity(text, "三区”计划", "POLICY"),
        entity(text, "委员会”", "ORG"),
        entity(text, "“朝歌", "ORG"),
    ]
    assert [e.surface for e in balanced(text, found)] == ["“三区”计划", "委员会", "朝歌"]


def test_mending_never_makes_entities_overlap() -> None:
    text = "“甲”乙"
    found = [entity(text, "“甲", "ORG"), entity(text, "”乙", "ORG")]
    result = balanced(text, found)
    assert result[0].end <= result[1].start


def test_balanced_data_stays_as_it_is() -> None:
    for doc in load(["data/gold/articles.jsonl", "data/synthetic"]):
        assert [e.key for e in balanced(doc.text, doc.entities)] == [e.key for e in doc.entities]
