"""Causes of hand-made errors, and the law that mistakes add up to the counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from swner.document import Document, Entity, Relation, Span
from swner.evaluation.errors import Cause, Mistake, confusion, find_mistakes
from swner.evaluation.scores import score_documents, total
from swner.evaluation.sentences import Sentences
from swner.schema import SCHEMA

TEXT = "今日晴。周惠任民政部部长,李明任财政厅厅长。完。"
PLACES = {
    "周惠": "PER",
    "民政部": "ORG",
    "部长": "POS",
    "李明": "PER",
    "财政厅": "ORG",
    "厅长": "POS",
}
LINKS = [
    ("周惠", "部长", "holds"),
    ("部长", "民政部", "post_at"),
    ("李明", "厅长", "holds"),
    ("厅长", "财政厅", "post_at"),
]


def make(
    places: dict[str, str] | None = None, links: list[tuple[str, str, str]] | None = None
) -> Document:
    places = PLACES if places is None else places
    entities = sorted(
        (Entity(TEXT.index(s), TEXT.index(s) + len(s), label, s) for s, label in places.items()),
        key=lambda e: e.start,
    )
    at = {e.surface: n for n, e in enumerate(entities)}
    kept = [(h, t, r) for h, t, r in (LINKS if links is None else links) if h in at and t in at]
    return Document(
        "d", TEXT, tuple(entities), tuple(Relation(at[h], at[t], r) for h, t, r in kept)
    )


def causes(pred: Document, gold: Document | None = None) -> list[Cause]:
    return sorted(m.cause for m in find_mistakes([(gold or make(), pred)]))


def surfaces(mistake: Mistake) -> tuple[list[str], list[str]]:
    for mark in (*mistake.gold, *mistake.pred):
        assert mistake.sentence[mark.start : mark.end] == mark.surface
    assert TEXT[mistake.start :].startswith(mistake.sentence)
    return [m.surface for m in mistake.gold], [m.surface for m in mistake.pred]


def test_all_right() -> None:
    assert causes(make()) == []


@pytest.mark.parametrize(
    ("without", "extra", "cause", "shown"),
    [
        ("周惠", {}, Cause.MISSED, (["周惠"], [])),
        ("", {"今日": "DATE"}, Cause.SPURIOUS, ([], ["今日"])),
        ("周惠", {"周惠任": "PER"}, Cause.BOUNDARY, (["周惠"], ["周惠任"])),
        ("周惠", {"周惠": "ORG"}, Cause.LABEL, (["周惠"], ["周惠"])),
        ("民政部", {"民政": "POLICY"}, Cause.BOUNDARY_AND_LABEL, (["民政部"], ["民政"])),
    ],
)
def test_entity_causes(
    without: str, extra: dict[str, str], cause: Cause, shown: tuple[list[str], list[str]]
) -> None:
    pred = make({k: v for k, v in PLACES.items() if k != without} | extra)
    (mistake,) = (m for m in find_mistakes([(make(), pred)]) if not m.cause.of_relations)
    assert mistake.cause == cause
    assert surfaces(mistake) == shown
    expected = "今日晴。" if "今日" in extra else "周惠任民政部部长,李明任财政厅厅长。"
    assert mistake.sentence == expected


@pytest.mark.parametrize(
    ("dropped", "added", "cause", "shown"),
    [
        (LINKS[:1], [], Cause.LINK_MISSED, (["周惠", "部长"], [])),
        ([], [("李明", "部长", "holds")], Cause.LINK_SPURIOUS, ([], ["李明", "部长"])),
        (
            LINKS[1:2],
            [("部长", "财政厅", "post_at")],
            Cause.LINK_PARTNER,
            (["部长", "民政部"], ["部长", "财政厅"]),
        ),
    ],
)
def test_link_causes_with_right_ends(
    dropped: list[tuple[str, str, str]],
    added: list[tuple[str, str, str]],
    cause: Cause,
    shown: tuple[list[str], list[str]],
) -> None:
    pred = make(links=[k for k in LINKS if k not in dropped] + added)
    (mistake,) = find_mistakes([(make(), pred)])
    assert mistake.cause == cause
    assert surfaces(mistake) == shown
    assert mistake.label == mistake.relation == (dropped + added)[0][2]


def test_a_link_the_other_way_round_is_one_mistake() -> None:
    gold, pred = (
        make({"民政部": "ORG", "财政厅": "ORG"}, [link])
        for link in (("民政部", "财政厅", "alias_of"), ("财政厅", "民政部", "alias_of"))
    )
    (mistake,) = find_mistakes([(gold, pred)])
    assert mistake.cause == Cause.LINK_PARTNER


def test_a_wrong_end_follows_from_its_entity() -> None:
    places = {k: v for k, v in PLACES.items() if k != "民政部"} | {"民政": "ORG"}
    pred = make(places, [*LINKS, ("部长", "民政", "post_at")])
    entity, link = find_mistakes([(make(), pred)])
    assert (entity.cause, entity.n_links) == (Cause.BOUNDARY, 2)
    assert (link.cause, link.n_links) == (Cause.LINK_END, 0)
    assert surfaces(link) == (["部长", "民政部"], ["部长", "民政"])


def test_one_gold_entity_cut_in_two_is_a_boundary_and_a_spurious_one() -> None:
    places = {k: v for k, v in PLACES.items() if k != "财政厅"} | {"财": "ORG", "政厅": "ORG"}
    found = [m for m in find_mistakes([(make(), make(places))]) if not m.cause.of_relations]
    by_cause = {m.cause: surfaces(m) for m in found}
    assert by_cause == {
        Cause.BOUNDARY: (["财政厅"], ["政厅"]),
        Cause.SPURIOUS: ([], ["财"]),
    }


def test_worst_first() -> None:
    pred = make({k: v for k, v in PLACES.items() if k not in ("周惠", "厅长")})
    first, second = (m for m in find_mistakes([(make(), pred)]) if m.cause == Cause.MISSED)
    assert (first.gold[0].surface, first.n_links) == ("厅长", 2)
    assert (second.gold[0].surface, second.n_links) == ("周惠", 1)


@pytest.mark.parametrize("seed", range(10))
def test_mistakes_add_up_to_the_counts(
    seed: int, articles: list[Document], spoil: Callable[[Document, int], Document]
) -> None:
    pred = [spoil(d, seed) for d in articles]
    scores = total(score_documents(articles, pred))
    found = find_mistakes(list(zip(articles, pred, strict=True)))
    for of_relations, counts in ((False, scores.all), (True, scores.all_relations)):
        some = [m for m in found if m.cause.of_relations == of_relations]
        assert sum(bool(m.gold) for m in some) == counts.n_missed
        assert sum(bool(m.pred) for m in some) == counts.n_spurious
    text = {d.id: d.text for d in articles}
    for mistake in found:
        assert text[mistake.document][mistake.start :].startswith(mistake.sentence)
        for mark in (*mistake.gold, *mistake.pred):
            assert mistake.sentence[mark.start : mark.end] == mark.surface


def test_confusion_counts_equal_spans() -> None:
    places = {k: v for k, v in PLACES.items() if k not in ("周惠", "民政部")}
    pred = make(places | {"周惠": "ORG", "民政": "ORG"})
    found = confusion([(make(), pred)], labels=SCHEMA.labels).counts
    assert found["PER", "ORG"] == 1
    assert found["ORG", None] == 1
    assert found[None, "ORG"] == 1
    assert found["ORG", "ORG"] == 1
    assert sum(n for (gold, _), n in found.items() if gold) == len(PLACES)


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("甲乙。丙丁!戊", (3, 4), "丙丁!"),
        ("甲乙。丙丁!戊", (6, 7), "戊"),
        ("甲“乙。”丙", (2, 3), "甲“乙。”"),
        ("甲乙。丙丁!戊", (1, 4), "甲乙。丙丁!"),
        ("甲乙\n\n  丙丁", (6, 7), "丙丁"),
        ("甲\n乙", (0, 3), "甲\n乙"),
        ("。", (0, 1), "。"),
    ],
)
def test_sentences(text: str, span: tuple[int, int], expected: str) -> None:
    found = Sentences(text).around(Span(*span))
    assert text[found.start : found.end] == expected
