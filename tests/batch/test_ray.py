"""The ray engine writes what the local one does, and goes on where it was killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from swner.corpus import doccano
from swner.document import Document
from swner.errors import ConfigError, DataError
from swner.inference.annotator import Annotator
from swner.inference.batch import Columns, predict_groups, read_groups
from swner.inference.output import DOCUMENTS, LEDGER, LedgerLine, OutputFolder

pytest.importorskip("ray", reason="the ray engine needs: pip install 'swner[ray]'")
pytestmark = pytest.mark.slow

GROUP_CHARS, BLOCK_CHARS = 120, 300
SETTINGS = {"model": "tiny"}


@pytest.fixture(scope="module")
def model_dir(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from swner.config import ModelConfig, WindowConfig
    from swner.model.checkpoint import new_model, save_model
    from swner.schema import SCHEMA

    torch.manual_seed(3)
    loaded = new_model(
        str(tiny_encoder),
        schema=SCHEMA,
        config=ModelConfig(dropout=0.0, relation_width=32),
        windows=WindowConfig(max_pieces=64, context=8),
    )
    with torch.no_grad():
        loaded.model.token_model.classifier.weight.mul_(60)
    path = tmp_path_factory.mktemp("model") / "tiny"
    save_model(loaded, path)
    return path


@pytest.fixture(scope="module")
def inputs(documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("in")
    pages = folder / "pages"
    pages.mkdir()
    for n in range(20):
        text = "\n".join(d.text for d in documents[n % 5 : n % 5 + 3])
        (pages / f"{n:02}.txt").write_text(f"新闻标题{n}\n{text}", encoding="utf-8")
    (pages / "empty.txt").touch()
    with (folder / "records.jsonl").open("w", encoding="utf-8") as stream:
        for n in range(50):
            record = {"id": f"r{n}", "text": documents[n % 8].text * (1 + n % 4)}
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
        stream.write("{broken\n")
    return [pages, folder / "records.jsonl"]


@pytest.fixture(scope="module")
def local(model_dir: Path, inputs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from swner.inference.choose import load_backend

    output = tmp_path_factory.mktemp("local")
    annotator = Annotator(load_backend(model_dir, n_threads=1))
    with OutputFolder(output, settings={}, resume=False, overwrite=False) as folder:
        groups = read_groups(inputs, columns=Columns(), group_chars=GROUP_CHARS)
        for outcomes in predict_groups(annotator, groups):
            folder.write(outcomes)
    return output


def job(output: Path, model_dir: Path, **changed: Any) -> Any:
    from swner.batch import ray

    values = {"group_chars": GROUP_CHARS, "block_chars": BLOCK_CHARS, "columns": Columns()}
    return ray.Job(output=output, model=model_dir, folder=Path.cwd(), **{**values, **changed})


@pytest.fixture(scope="module")
def session() -> Any:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


def run(inputs: list[Path], wanted: Any, *, settings: Any = SETTINGS, **how: Any) -> Any:
    from swner.batch import ray

    how = {"resume": False, "overwrite": False, "address": None, **how}
    return ray.predict(inputs, wanted, settings=settings, **how)


def joined(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("part-*")))


def without_times(ledger: bytes) -> list[dict[str, Any]]:
    drop = ("seconds", "documents_end")
    lines = [json.loads(line) for line in ledger.splitlines()]
    return [{k: v for k, v in line.items() if k not in drop} for line in lines]


def test_the_same_records_and_ledger_as_the_local_engine(
    session: Any, inputs: list[Path], model_dir: Path, local: Path, tmp_path: Path
) -> None:
    blocks: list[Any] = []
    tally = run(inputs, job(tmp_path, model_dir), on_block=blocks.append)
    parts = sorted(path.name for path in (tmp_path / "documents.parts").iterdir())
    assert len(parts) > 5
    assert {name[:11] for name in parts} == {"part-000000", "part-000001"}
    assert joined(tmp_path / "documents.parts") == (local / DOCUMENTS).read_bytes()
    ledger = joined(tmp_path / "ledger.parts")
    assert without_times(ledger) == without_times((local / LEDGER).read_bytes())
    assert (tally.n_inputs, tally.n_failed) == (72, 2)
    n_entities = sum(
        len(json.loads(x)["entities"]) for x in joined(tmp_path / "documents.parts").splitlines()
    )
    assert n_entities > 50
    assert sum(len(block.lines) for block in blocks) == 72

    (tmp_path / "ledger.parts" / parts[1]).unlink()  # as if killed before it was written
    (tmp_path / "documents.parts" / parts[1]).write_bytes(b"half")
    blocks.clear()
    tally = run(inputs, job(tmp_path, model_dir), resume=True, on_block=blocks.append)
    assert [block.name for block in blocks if not block.was_done] == [
        parts[1].removesuffix(".jsonl")
    ]
    assert (tally.n_inputs, tally.n_failed) == (72, 2)
    assert joined(tmp_path / "documents.parts") == (local / DOCUMENTS).read_bytes()

    with pytest.raises(DataError, match="--resume"):
        run(inputs, job(tmp_path, model_dir))
    with pytest.raises(DataError, match="model = 'tiny'"):
        run(inputs, job(tmp_path, model_dir), resume=True, settings={"model": "other"})
    with pytest.raises(DataError, match="no longer there"):
        run(inputs[:1], job(tmp_path, model_dir), resume=True)
    with pytest.raises(DataError, match="other inputs"):
        run(inputs[::-1], job(tmp_path, model_dir), resume=True)
    run(inputs[:1], job(tmp_path, model_dir), overwrite=True)
    assert len(joined(tmp_path / "ledger.parts").splitlines()) == 21


def test_parquet_partitions_hold_the_same(
    session: Any, inputs: list[Path], model_dir: Path, local: Path, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    run(inputs, job(tmp_path, model_dir, format="parquet"))
    rows = [
        {**row, "meta": json.loads(row["meta"])}
        for path in sorted((tmp_path / "documents.parts").glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]
    found = [doccano.from_record(row, where="") for row in rows]
    assert found == list(doccano.read(local / DOCUMENTS))


def test_a_folder_and_a_format_are_checked_before_anything_starts(
    model_dir: Path, inputs: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="doccano or parquet"):
        run(inputs, job(tmp_path, model_dir, format="brat"))
    with (
        OutputFolder(tmp_path, settings={}, resume=False, overwrite=False),
        pytest.raises(DataError, match="another run writes into it"),
    ):
        run(inputs, job(tmp_path, model_dir))


def test_a_ledger_partition_reads_back(local: Path) -> None:
    from swner.inference.output import read_ledger

    lines = read_ledger(local / LEDGER)
    assert len(lines) == 72
    assert all(isinstance(line, LedgerLine) for line in lines)
    assert b"".join(line.to_bytes() for line in lines) == (local / LEDGER).read_bytes()
