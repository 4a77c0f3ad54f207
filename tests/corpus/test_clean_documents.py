"""Annotated documents over raw text, moved onto clean text."""

from __future__ import annotations

from dataclasses import replace

from swner.corpus.clean import on_clean_text
from swner.document import Document, Entity


def mark(text: str, *found: tuple[str, str]) -> Document:
    entities = [
        Entity(text.index(s), text.index(s) + len(s), label, s, score=0.5) for s, label in found
    ]
    return Document("a", text, tuple(entities))


def test_clean_documents_come_back_as_they_are(documents: list[Document]) -> None:
    assert all(a is b for a, b in zip(documents, on_clean_text(documents), strict=True))


def test_entities_move_with_the_text() -> None:
    raw = mark(
        "標題\n举办中国城乡社区论坛,以增进国内外交流,四是推动城乡生\n\n态文明建设的发展,到 2025 年達到５ 万人。",
        ("中国城乡社区论坛", "ORG"), ("生\n\n态文明", "IND"), ("2025 年", "DATE"), ("５ 万人", "TARGET"),
    )  # fmt: skip
    (found,) = on_clean_text([raw])
    assert [e.surface for e in found.entities] == [
        "中国城乡社区论坛", "生态文明", "2025年", "5万人",
    ]  # fmt: skip
    assert found.text.startswith("标题\n")
    for e in found.entities:
        assert found.text[e.start : e.end] == e.surface


def test_relations_stay_between_the_same_entities(documents: list[Document]) -> None:
    doc = documents[2]
    text = "\ufeff" + doc.text
    raw = replace(
        doc,
        text=text,
        entities=tuple(replace(e, start=e.start + 1, end=e.end + 1) for e in doc.entities),
    )
    assert on_clean_text([raw])[0].relation_keys() == doc.relation_keys()


def test_a_document_that_cannot_be_moved_stays() -> None:
    raw = mark("民政部\u200b印发 通知。", ("\u200b", "ORG"))
    assert on_clean_text([raw]) == [raw]
