import json
from pathlib import Path
from typing import Any

import pytest

from swner.corpus import doccano
from swner.corpus.load import load
from swner.corpus.split import hold_out
from swner.document import Document
from swner.errors import DataError

GOOD: dict[str, Any] = {
    "id": "a",
    "text": "周惠任民政部部长",
    "entities": [
        {"id": 7, "label": "ORG", "start_offset": 3, "end_offset": 6},
        {"id": 3, "label": "PER", "start_offset": 0, "end_offset": 2},
        {"id": 5, "label": "POS", "start_offset": 6, "end_offset": 8},
    ],
    "relations": [{"id": 0, "from_id": 3, "to_id": 5, "type": "holds"}],
}


def write(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), "utf-8")
    return path


def test_entities_are_sorted_and_relations_follow_them(tmp_path: Path) -> None:
    (doc,) = doccano.read(write(tmp_path / "a.jsonl", GOOD))
    assert [e.surface for e in doc.entities] == ["周惠", "民政部", "部长"]
    assert doc.relation_keys() == {((0, 2, "PER"), "holds", (6, 8, "POS"))}


def test_round_trip(documents: list[Document], tmp_path: Path) -> None:
    doccano.write(documents, tmp_path / "a.jsonl")
    assert list(doccano.read(tmp_path / "a.jsonl")) == documents


def entity(start: Any, end: Any, label: str = "ORG") -> dict[str, Any]:
    return {"id": 99, "label": label, "start_offset": start, "end_offset": end}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"entities": [*GOOD["entities"], entity(1, 4)]}, ["overlap", "周惠", "a.jsonl:1"]),
        ({"entities": [entity(3, 20)]}, ["[3, 20)", "8 characters", "record a"]),
        ({"entities": [entity(3, 3)]}, ["start < end"]),
        ({"entities": [entity("3", 5)]}, ["integers"]),
        ({"entities": [entity(3, 6, "LOC")]}, ["'LOC'", "ORG, PER", "民政部"]),
        ({"relations": [{"from_id": 3, "to_id": 44, "type": "holds"}]}, ["44", "holds"]),
        ({"relations": [{"from_id": 5, "to_id": 3, "type": "holds"}]}, ["not allowed", "部长"]),
        ({"text": None}, ["text is None"]),
        ({"id": None}, ["id is None"]),
        ({"entities": "x"}, ["entities", "list"]),
    ],
)
def test_a_wrong_record_is_named_with_place_value_and_remedy(
    change: dict[str, Any], words: list[str], tmp_path: Path
) -> None:
    path = write(tmp_path / "a.jsonl", {**GOOD, **change})
    with pytest.raises(DataError) as error:
        list(doccano.read(path))
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"id": 1, "text": "a"}\n{"id": 2, ', [":2", "broken JSON"]),
        (b"[1]\n", [":1", "list"]),
        (b'{"id": 1, "text": "\xb0\xa1"}\n', ["UTF-8"]),
        (b"", ["no records"]),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    content: bytes, words: list[str], tmp_path: Path
) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(DataError) as error:
        list(doccano.read(tmp_path / "a.jsonl"))
    for word in words:
        assert word in str(error.value)


def test_missing_sources_and_twin_ids(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load([tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"no \.jsonl"):
        load([tmp_path / "empty"])
    write(tmp_path / "a.jsonl", GOOD)
    write(tmp_path / "b.jsonl", GOOD)
    with pytest.raises(DataError, match="'a' is in"):
        load([tmp_path])


def test_held_out_documents_stay_when_data_is_added(documents: list[Document]) -> None:
    some = {d.id for d in hold_out(documents[:5], 0.5, seed=1)[1]}
    more = {d.id for d in hold_out(documents, 0.5, seed=1)[1]}
    assert some == {d.id for d in documents[:5]} & more


def test_project_data_reads_clean() -> None:
    docs = load(["data/gold", "data/synthetic"])
    assert len(docs) > 300
    for doc in docs:
        for e in doc.entities:
            assert doc.text[e.start : e.end] == e.surface == e.surface.strip()
            assert "\n" not in e.surface
        for r in doc.relations:
            low, high = sorted((doc.entities[r.head].start, doc.entities[r.tail].start))
            assert "\n" not in doc.text[low:high]
