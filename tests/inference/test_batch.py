"""Files to records: whatever kills a run and whenever, the resumed one ends as an unbroken one."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from inference_helpers import make_text

from swner.codec.collate import Batch
from swner.corpus import doccano
from swner.errors import DataError
from swner.inference.annotator import Annotator
from swner.inference.backend import Encoded
from swner.inference.batch import Columns, Outcome, predict_groups, read_groups, shards
from swner.inference.output import DOCUMENTS, LEDGER, OutputFolder
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import load_model
from swner.text.articles import Article, whole
from swner.text.raw import Read
from swner.text.read import list_files

GROUP_CHARS = 1500
SETTINGS = {"model": "tiny", "group_chars": GROUP_CHARS}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pages, records, broken ones of both, two records of one id, and a long one."""
    folder = tmp_path_factory.mktemp("inputs")
    pages = folder / "pages"
    (pages / "sub").mkdir(parents=True)
    for n in range(14):
        (pages / f"p{n:02}.txt").write_text(f"{make_text(n, 60 + 40 * n)}\n", encoding="utf-8")
    (pages / "sub" / "空 页.md").write_text("", encoding="utf-8")
    (pages / "bytes.txt").write_bytes(bytes(range(256)) * 3)
    (pages / "sub" / "gbk.txt").write_bytes(make_text(99, 300).encode("gb18030"))
    Path(os.fsdecode(os.fsencode(pages) + b"/\xff\xfe.txt")).write_text(make_text(98, 90), "utf-8")
    with (folder / "records.jsonl").open("w", encoding="utf-8") as stream:
        for n in range(40):
            record = {"id": f"r{n % 39}", "text": make_text(n, 30 + 31 * (n % 13)), "self": n}
            stream.write(json.dumps(record, ensure_ascii=n % 2 == 0) + "\n")
        stream.write('{"id": "broken\n{"id": "none"}\n{"id": "half", "text": "\\ud800"}\n')
        long = {"id": "long", "text": make_text(77, 4 * GROUP_CHARS), "odd": "\ud801"}
        stream.write(json.dumps(long) + "\n")
    return [pages, folder / "records.jsonl"]


def run(
    annotator: Annotator,
    inputs: list[Path],
    output: Path,
    *,
    stop_after: int = 10**9,
    settings: dict[str, Any] = SETTINGS,
    **how: bool,
) -> OutputFolder:
    """Predict, and stop after so many groups as if killed."""
    how = {"resume": False, "overwrite": False, **how}
    with OutputFolder(output, settings=settings, **how) as folder:
        groups = read_groups(inputs, columns=Columns(), done=folder.done(), group_chars=GROUP_CHARS)
        for number, outcomes in enumerate(predict_groups(annotator, groups)):
            if number == stop_after:
                break
            folder.write(outcomes)
    return folder


def ledger(output: Path) -> list[dict[str, Any]]:
    """The lines of a ledger without what may differ between runs."""
    lines = (output / LEDGER).read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


@pytest.fixture(scope="module")
def unbroken(
    quantising: Annotator, inputs: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    output = tmp_path_factory.mktemp("unbroken")
    run(quantising, inputs, output)
    return output


def test_every_input_is_accounted_for(unbroken: Path, inputs: list[Path]) -> None:
    lines = ledger(unbroken)
    ids = [line["id"] for line in lines]
    pages = [f"p{n:02}" for n in range(14)]
    assert ids[:16] == ["bytes", *pages, "\ufffd\ufffd"]
    assert ids[16:18] == ["sub/gbk", "sub/空 页"]
    assert ids[18:58] == [f"r{n % 39}" for n in range(40)]
    assert ids[58:] == ["records:41", "none", "half", "long"]
    failed = {line["id"]: line["reason"] for line in lines if line["status"] == "failed"}
    assert list(failed) == ["bytes", "sub/空 页", "records:41", "none", "half"]
    assert all(failed.values())
    docs = [
        json.loads(line) for line in (unbroken / DOCUMENTS).read_text(encoding="utf-8").splitlines()
    ]
    assert len(docs) == sum(line["n_documents"] for line in lines)
    assert sum(len(d["entities"]) for d in docs) > 200
    records = [d for d in docs if "#" not in d["id"]]
    assert [d["id"] for d in records] == [*ids[18:58], "long"]
    assert records[3]["text"] == make_text(3, 30 + 31 * 3)
    assert records[3]["meta"]["self"] == 3
    assert records[-1]["meta"]["odd"] == "\ud801"
    assert len(list(doccano.read(unbroken / DOCUMENTS))) == len(docs)
    for line in lines[18:58]:
        assert line["n_chars_read"] == line["n_chars_present"]
    assert [line["documents_end"] for line in lines][-1] == (unbroken / DOCUMENTS).stat().st_size


def test_the_scores_depend_on_how_groups_are_cut(
    quantising: Annotator, inputs: list[Path], unbroken: Path, tmp_path: Path
) -> None:
    """Else the tests below would prove nothing."""
    with OutputFolder(tmp_path, settings={}, resume=False, overwrite=False) as folder:
        for outcomes in predict_groups(
            quantising, read_groups(inputs, columns=Columns(), group_chars=5 * GROUP_CHARS)
        ):
            folder.write(outcomes)
    assert (tmp_path / DOCUMENTS).read_bytes() != (unbroken / DOCUMENTS).read_bytes()


def killed_states(unbroken: Path, seed: int) -> Iterator[tuple[bytes, bytes]]:
    """Contents of both files that a kill can leave: at a group's end, in its documents, in its ledger."""
    source = random.Random(seed)
    documents = (unbroken / DOCUMENTS).read_bytes()
    raw = (unbroken / LEDGER).read_bytes().splitlines(keepends=True)
    lines = ledger(unbroken)
    ends = [n for n, line in enumerate(lines, start=1) if line["group_end"]]
    for first, last in zip([0, *ends], ends, strict=False):
        if source.random() < 0.5:
            continue
        start, end = (lines[n - 1]["documents_end"] if n else 0 for n in (first, last))
        before, group = b"".join(raw[:first]), b"".join(raw[first:last])
        yield documents[: source.randint(start, end)], before
        yield documents[:end], before + group[: source.randint(0, len(group))]


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_run_is_taken_up_without_a_trace(
    quantising: Annotator, inputs: list[Path], unbroken: Path, tmp_path: Path, seed: int
) -> None:
    n_states = 0
    for number, (documents, lines) in enumerate(killed_states(unbroken, seed)):
        output = tmp_path / str(number)
        output.mkdir()
        (output / DOCUMENTS).write_bytes(documents)
        (output / LEDGER).write_bytes(lines)
        (output / "run.json").write_bytes((unbroken / "run.json").read_bytes())
        folder = run(quantising, inputs, output, resume=True)
        assert (output / DOCUMENTS).read_bytes() == (unbroken / DOCUMENTS).read_bytes()
        assert ledger(output) == ledger(unbroken)
        assert folder.tally.n_inputs == len(ledger(unbroken))
        assert folder.tally.n_failed == 5
        n_states += 1
    assert n_states > 8


def test_resumed_again_and_again(
    quantising: Annotator, inputs: list[Path], unbroken: Path, tmp_path: Path
) -> None:
    for stop_after in (0, 3, 1, 4, 10**9, 10**9):
        run(quantising, inputs, tmp_path, resume=True, stop_after=stop_after)
    assert (tmp_path / DOCUMENTS).read_bytes() == (unbroken / DOCUMENTS).read_bytes()
    assert ledger(tmp_path) == ledger(unbroken)


def test_in_eight_bits_too_and_with_other_threads(
    tiny_model: Path, inputs: list[Path], tmp_path: Path
) -> None:
    """Each window runs alone there, so not even the number of threads makes a difference."""
    for package in ("onnx", "onnxscript"):
        pytest.importorskip(package, reason="exporting needs: pip install 'swner[export]'")
    from swner.inference.choose import load_backend
    from swner.model.checkpoint import load_model
    from swner.model.export import export_graphs

    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    export_graphs(load_model(model), model, ["int8"])
    one, three = (Annotator(load_backend(model, "onnx", n_threads=n)) for n in (1, 3))
    run(one, inputs, tmp_path / "unbroken")
    for annotator, stop_after in ((three, 3), (one, 4), (three, 10**9)):
        run(annotator, inputs, tmp_path / "broken", resume=True, stop_after=stop_after)
    names = [DOCUMENTS, "run.json"]
    unbroken, broken = (
        [(tmp_path / which / name).read_bytes() for name in names]
        for which in ("unbroken", "broken")
    )
    assert unbroken == broken
    assert unbroken[0].count(b'"label"') > 100
    assert ledger(tmp_path / "unbroken") == ledger(tmp_path / "broken")


def test_documents_that_a_failing_disk_lost_are_made_again(
    quantising: Annotator, inputs: list[Path], unbroken: Path, tmp_path: Path
) -> None:
    for name in (LEDGER, "run.json"):
        (tmp_path / name).write_bytes((unbroken / name).read_bytes())
    (tmp_path / DOCUMENTS).write_bytes((unbroken / DOCUMENTS).read_bytes()[:5000])
    run(quantising, inputs, tmp_path, resume=True)
    assert (tmp_path / DOCUMENTS).read_bytes() == (unbroken / DOCUMENTS).read_bytes()


def test_a_bad_input_costs_only_itself(
    tiny_model: Path,
    inputs: list[Path],
    unbroken: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One fails in cleaning, and those that begin as another does in the network."""

    class Failing(TorchBackend):
        def encode(self, batch: Batch) -> Sequence[Encoded]:
            bad = self.pieces.ids(make_text(5, 20)).tolist()
            if any(row[1:21] == bad for row in batch.input_ids.tolist()):
                raise MemoryError("too much")
            return super().encode(batch)

    def unclean(text: str) -> Article:
        if text == make_text(7, 30 + 31 * 7):
            raise ZeroDivisionError("a rule's bug")
        return whole(text)

    monkeypatch.setattr("swner.inference.batch.whole", unclean)
    run(Annotator(Failing(load_model(tiny_model))), inputs, tmp_path)
    reasons = {line["id"]: line["reason"] for line in ledger(tmp_path) if line["reason"]}
    assert "ZeroDivisionError" in reasons.pop("r7")
    assert "MemoryError" in reasons.pop("r5")
    assert "MemoryError" in reasons.pop("p05")
    known = {line["id"] for line in ledger(unbroken) if line["reason"]}
    assert set(reasons) == known
    assert len(ledger(tmp_path)) == len(ledger(unbroken))


def test_other_settings_are_refused(
    annotator: Annotator, inputs: list[Path], tmp_path: Path
) -> None:
    run(annotator, inputs, tmp_path, stop_after=2)
    with pytest.raises(DataError, match=r"model = 'tiny'; now it is 'other'"):
        run(annotator, inputs, tmp_path, resume=True, settings={**SETTINGS, "model": "other"})
    with pytest.raises(DataError, match="--resume"):
        run(annotator, inputs, tmp_path)
    (tmp_path / "run.json").unlink()
    with pytest.raises(DataError, match=r"run\.json"):
        run(annotator, inputs, tmp_path, resume=True)
    run(annotator, inputs, tmp_path, overwrite=True, settings={"model": "other"})
    assert len(ledger(tmp_path)) == 62


def test_other_inputs_are_refused(annotator: Annotator, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for n in range(30):
        (pages / f"{n:02}.txt").write_text(make_text(n, 200), encoding="utf-8")
    output = tmp_path / "out"
    run(annotator, [pages], output, stop_after=2)
    (pages / "00a.txt").write_text("周惠任部长。", encoding="utf-8")
    with pytest.raises(DataError, match=r"'00a' stands where .* '01'"):
        run(annotator, [pages], output, resume=True)
    (pages / "00a.txt").unlink()
    for n in range(1, 30):
        (pages / f"{n:02}.txt").unlink()
    with pytest.raises(DataError, match="'01' that is no longer there"):
        run(annotator, [pages], output, resume=True)


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        OutputFolder(tmp_path, settings={}, resume=False, overwrite=False),
        pytest.raises(DataError, match=rf"process {os.getpid()} on "),
    ):
        OutputFolder(tmp_path, settings={}, resume=True, overwrite=False)
    with OutputFolder(tmp_path, settings={}, resume=True, overwrite=False):
        pass


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def seek(self, *_: int) -> int:
            return 0

        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            raise OSError(28, "No space left on device")

    with OutputFolder(tmp_path, settings={}, resume=False, overwrite=False) as folder:
        monkeypatch.setattr(folder, "_documents", Full())
        with pytest.raises(DataError, match="No space left on device"):
            folder.write([])
    with OutputFolder(tmp_path, settings={}, resume=True, overwrite=False):
        pass  # the lock was let go, though the file could not be closed


def test_shards_are_tables_and_runs_of_pages(tmp_path: Path) -> None:
    for n in range(600):
        (tmp_path / f"{n:03}.txt").touch()
    (tmp_path / "100b.jsonl").touch()
    parts = list(shards(list_files([tmp_path])))
    assert [len(part) for part in parts] == [101, 1, 256, 243]


def test_groups_do_not_cross_files_of_records(tmp_path: Path) -> None:
    for name in "ab":
        lines = (json.dumps({"id": f"{name}{n}", "text": "x" * 100}) for n in range(20))
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    groups: list[list[Read]] = list(
        read_groups([tmp_path], columns=Columns(), group_chars=GROUP_CHARS)
    )
    assert [[one.id for one in (g[0], g[-1])] for g in groups] == [
        ["a0", "a14"], ["a15", "a19"], ["b0", "b14"], ["b15", "b19"],
    ]  # fmt: skip


def test_an_exception_in_reading_costs_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.html", "b.html", "c.txt"):
        (tmp_path / name).write_text("<p>周惠任部长。</p>", encoding="utf-8")

    def extract(html: str) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("swner.text.web.extract", extract)
    (group,) = read_groups([tmp_path], columns=Columns())
    assert [type(one).__name__ for one in group] == ["Unreadable", "Unreadable", "RawDocument"]
    assert "too deep" in group[0].reason  # type: ignore[union-attr]


def test_seconds_of_a_group_are_shared_by_length(annotator: Annotator, inputs: list[Path]) -> None:
    outcomes: list[Outcome] = [
        one
        for group in predict_groups(annotator, read_groups(inputs, columns=Columns()))
        for one in group
    ]
    by_id = {one.read.id: one.seconds for one in outcomes}
    assert by_id["long"] > by_id["r1"] > 0
    assert by_id["none"] == 0
