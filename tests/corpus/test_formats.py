"""Round trips through every format, relations included where the format holds them."""

from dataclasses import replace
from pathlib import Path

import pytest

from swner.corpus import brat, conll, label_studio, markup
from swner.corpus.formats import FORMATS, format_named
from swner.document import Document, Entity, Relation
from swner.errors import ConfigError, DataError


def bare(doc: Document) -> Document:
    return replace(doc, meta={})


@pytest.mark.parametrize("name", list(FORMATS))
def test_round_trip(name: str, documents: list[Document], tmp_path: Path) -> None:
    docs = [*documents, replace(documents[0], id="two lines", text=documents[0].text + "\n第 二段")]
    target = tmp_path / "out"
    assert FORMATS[name].write(docs, target) == len(docs)
    found = {d.id: d for d in FORMATS[name].read(target)}
    for doc in docs:
        other = found[doc.id]
        assert other.text == doc.text
        assert other.entities == doc.entities
        if "relations" not in FORMATS[name].loses:
            assert other.relation_keys() == doc.relation_keys()
        if not {"meta", "nested meta"} & set(FORMATS[name].loses):
            assert other.meta == doc.meta


def test_predictions_keep_scores_in_label_studio_and_doccano(tmp_path: Path) -> None:
    entities = (Entity(0, 2, "PER", "周惠", "周惠", 0.5), Entity(2, 4, "POS", "部长", "部长", 0.75))
    doc = Document("a", "周惠部长", entities, (Relation(0, 1, "holds", 0.25),))
    for name in ("doccano", "label_studio"):
        FORMATS[name].write([doc], tmp_path / name)
        assert list(FORMATS[name].read(tmp_path / name)) == [doc]


def test_unknown_format_is_named() -> None:
    with pytest.raises(ConfigError, match="'xml' is unknown; allowed are doccano"):
        format_named("xml")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("# id: a\n---\n[民政部|ORG|o1]和[财政部|ORG|o1]\n---\n", "'o1' marks two"),
        ("# id: a\n---\n[民政部|ORG]\n---\n", "does not read"),
        ("# id: a\n---\n[民政部|ORG|o1]\n---\nholds o1 o2\n", "holds o1 o2"),
        ("# id: a\n---\n[民政部|LOC|o1]\n---\n", "'LOC'"),
    ],
)
def test_markup_errors_name_the_place(source: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(source, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        list(markup.read(tmp_path / "a.txt"))


def test_markup_cannot_hold_its_own_marks(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="doccano instead"):
        markup.write([Document("a", "a|b")], tmp_path / "a.txt")


def test_conll_reads_bmes_and_refuses_unknown_tags(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("周 B-PER\n惠 E-PER\n任 O\n部 S-POS\n", encoding="utf-8")
    (doc,) = conll.read(path)
    assert [(e.surface, e.label) for e in doc.entities] == [("周惠", "PER"), ("部", "POS")]
    path.write_text("周 B-LOC\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.conll:1"):
        list(conll.read(path))


def test_brat_and_label_studio_name_broken_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.ann"):
        list(brat.read(tmp_path))
    (tmp_path / "a.txt").write_text("周惠", encoding="utf-8")
    (tmp_path / "a.ann").write_text("T1\tPER 0 1;1 2\t周惠\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.ann:1"):
        list(brat.read(tmp_path))
    (tmp_path / "a.json").write_text('[{"data": {}}]', encoding="utf-8")
    with pytest.raises(DataError, match="task 1"):
        list(label_studio.read(tmp_path / "a.json"))
