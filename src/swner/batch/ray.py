"""Batch prediction over Ray Data: one machine without set-up, or a cluster.

    documents.parts/part-000012-0003.jsonl    records, or .parquet
    ledger.parts/part-000012-0003.jsonl       a line for each of their inputs
    run.json                                  as the local engine has it

Tasks read shards (a table, or 256 pages in a row) and stream them as blocks of whole groups; a pool of
actors, each with the model on one core, annotates blocks and writes a partition for each. Groups are
cut as the local engine cuts them, and partitions are named by shard and block, so laid end to end in
the order of their names they are the local engine's files.

A ledger partition appears, whole, after its documents did, whole: a block that has one is done. A block
whose actor or node is lost is annotated again elsewhere, and its partitions replaced by the same ones.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")

import ray
import ray.data
from ray.data import ActorPoolStrategy, DataContext

from swner.errors import ConfigError, DataError
from swner.inference.annotator import Annotator
from swner.inference.batch import (
    Columns,
    Outcome,
    groups_of,
    n_chars_of,
    predict_groups,
    read_shard,
    shards,
    to_bytes,
)
from swner.inference.choose import load_backend
from swner.inference.output import (
    SETTINGS,
    FolderLock,
    LedgerLine,
    Tally,
    check_settings,
    ledger_lines,
    read_ledger,
    write_atomically,
)
from swner.inference.predictor import GROUP_CHARS
from swner.text.raw import Read
from swner.text.read import InputFile, list_files

DOCUMENTS_DIR, LEDGER_DIR = "documents.parts", "ledger.parts"
FORMATS = {"doccano": ".jsonl", "parquet": ".parquet"}
BLOCK_CHARS = 1_000_000
"""Characters of a block: a few minutes of one core, which is what a lost actor costs."""
_READER_CPUS, _ACTOR_CPUS = 0.1, 0.9  # so that actors never take the cores that readers wait for
_ROW_BYTES = 1 << 18  # rows larger than it travel alone, and are annotated as soon as they are read


@dataclass(frozen=True)
class Job:
    """What tasks and actors need to know; everything in it can be pickled.

    Attributes:
        output: Absolute path of the output folder, which all nodes share.
        model: Absolute path of the model directory, the same on all nodes.
        folder: Where relative paths of inputs start.
        columns: Where records have text and id.
        format: A key of `FORMATS`.
        backend: What runs the network, as `load_backend` has it.
        group_chars: Characters of a group.
        block_chars: Characters of a block.
    """

    output: Path
    model: Path
    folder: Path
    columns: Columns
    format: str = "doccano"
    backend: str = "auto"
    group_chars: int = GROUP_CHARS
    block_chars: int = BLOCK_CHARS

    def documents_path(self, name: str) -> Path:
        """The partition of records of that name."""
        return self.output / DOCUMENTS_DIR / f"{name}{FORMATS[self.format]}"

    def ledger_path(self, name: str) -> Path:
        """The partition of the ledger of that name."""
        return self.output / LEDGER_DIR / f"{name}.jsonl"


@dataclass(frozen=True)
class BlockResult:
    """What one block adds to the run; `n_bytes` are those of the files it was read from."""

    name: str
    n_bytes: int
    was_done: bool
    lines: tuple[LedgerLine, ...]


def predict(
    inputs: Sequence[Path],
    job: Job,
    *,
    settings: Mapping[str, Any],
    address: str | None,
    resume: bool,
    overwrite: bool,
    on_block: Callable[[BlockResult], None] = lambda result: None,
) -> Tally:
    """Annotate inputs on a cluster, or on this machine.

    Args:
        inputs: Files and folders, which all nodes see by the same paths.
        job: Where and how.
        settings: What the records depend on besides the inputs, as JSON values.
        address: Of the cluster; None starts Ray on this machine, or takes RAY_ADDRESS.
        resume: Keep the blocks that an earlier run has done.
        overwrite: Replace an earlier run's partitions.
        on_block: Called with each block that is done.

    Raises:
        ConfigError: The format is unknown, or the cluster cannot be reached.
        DataError: The folder holds partitions, and neither `resume` nor `overwrite` is set; another
            run writes into it; or the inputs are not those of the run to go on with.
    """
    if job.format not in FORMATS:
        raise ConfigError(
            f"format {job.format!r}: the ray engine writes {' or '.join(FORMATS)}; "
            "`swner convert` makes the others from it."
        )
    lock = FolderLock(job.output)
    try:
        settings = {**settings, "format": job.format, "block_chars": job.block_chars}
        _make_ready(job, settings, resume=resume, overwrite=overwrite)
        tally, names = Tally(), set[str]()
        with _connected(address):
            for result in _run(inputs, job):
                names.add(result.name)
                for line in result.lines:
                    tally.add(line)
                on_block(result)
        _check_none_left(job, names)
    finally:
        lock.release()
    return tally


def _make_ready(job: Job, settings: Mapping[str, Any], *, resume: bool, overwrite: bool) -> None:
    folders = [job.output / LEDGER_DIR, job.output / DOCUMENTS_DIR]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    there = list(folders[0].glob("part-*"))
    if there and not resume and not overwrite:
        raise DataError(
            f"{folders[0]}: holds {len(there):,} partitions already. Choose another folder, or add "
            "--resume to go on with that run, or --overwrite to replace it."
        )
    if there and not overwrite:
        check_settings(job.output / SETTINGS, settings)
    for folder in folders if overwrite else ():
        for path in folder.glob("part-*"):
            path.unlink()
    write_atomically(job.output / SETTINGS, to_bytes(json.dumps(dict(settings), indent=1)))


@contextmanager
def _connected(address: str | None) -> Iterator[None]:
    """A Ray session: the one there is, a cluster's, or one on this machine that ends with it."""
    if ray.is_initialized():
        yield
        return
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    here = {} if address or os.environ.get("RAY_ADDRESS") else {"include_dashboard": False}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **here)
    except Exception as error:  # Ray raises bare ones too
        where = f"no cluster at {address!r}" if address else "Ray does not start on this machine"
        raise ConfigError(
            f"{where}: {error} Start a cluster with `ray start --head` and give its address with "
            "--ray-address, or predict with --engine local."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _run(inputs: Sequence[Path], job: Job) -> Iterator[BlockResult]:
    """The blocks' results, as they come."""
    rows = [
        {"shard": number, "files": pickle.dumps(files)}
        for number, files in enumerate(shards(list_files(inputs)))
    ]
    context = DataContext.get_current()
    before = context.enable_progress_bars, context.target_max_block_size
    context.enable_progress_bars, context.target_max_block_size = False, _ROW_BYTES
    try:
        n_cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
        results = (
            ray.data.from_items(rows, override_num_blocks=max(1, len(rows)))
            .map_batches(read_blocks, fn_kwargs={"job": job}, batch_size=1, num_cpus=_READER_CPUS)
            .map_batches(
                BlockAnnotator,
                fn_constructor_kwargs={"job": job},
                batch_size=1,
                num_cpus=_ACTOR_CPUS,
                compute=ActorPoolStrategy(min_size=1, max_size=n_cpus),
            )
        )
        for row in results.iter_rows():
            if row["problem"]:
                raise DataError(row["problem"])
            yield pickle.loads(row["result"])
    finally:
        context.enable_progress_bars, context.target_max_block_size = before


def read_blocks(batch: Mapping[str, Any], *, job: Job) -> Iterator[dict[str, list[Any]]]:
    """Read shards and give their blocks, a row each, one after another; runs in a task."""
    for number, pickled in zip(batch["shard"], batch["files"], strict=True):
        files: list[InputFile] = pickle.loads(pickled)
        is_relative = any(not file.path.is_absolute() for file in files)
        with chdir(job.folder) if is_relative else nullcontext():
            for block, groups in enumerate(_blocks(files, job)):
                row = {"name": f"part-{number:06}-{block:04}", "groups": pickle.dumps(groups)}
                yield {key: [value] for key, value in row.items()}


def _blocks(files: Iterable[InputFile], job: Job) -> Iterator[list[list[Read]]]:
    """The groups of a shard, in blocks of some `block_chars` characters."""
    block: list[list[Read]] = []
    n_chars = 0
    for group in groups_of(read_shard(files, job.columns), group_chars=job.group_chars):
        block.append(group)
        n_chars += sum(map(n_chars_of, group))
        if n_chars >= job.block_chars:
            yield block
            block, n_chars = [], 0
    if block:
        yield block


class BlockAnnotator:
    """An actor: holds the model, annotates blocks, writes their partitions."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._annotator: Annotator | None = None

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Annotate the blocks of a batch; a row each with its `BlockResult`."""
        rows: dict[str, list[Any]] = {"problem": [], "result": []}
        for name, pickled in zip(batch["name"], batch["groups"], strict=True):
            groups: list[list[Read]] = pickle.loads(pickled)
            problem, result = "", None
            try:
                result = self._annotate(str(name), groups)
            except DataError as error:
                problem = str(error)
            rows["problem"].append(problem)
            rows["result"].append(pickle.dumps(result))
        return rows

    def _annotate(self, name: str, groups: list[list[Read]]) -> BlockResult:
        job = self._job
        reads = [read for group in groups for read in group]
        n_bytes = sum(read.n_bytes for read in reads)
        known = read_ledger(job.ledger_path(name))
        if known:
            _check_same(job.ledger_path(name), known, reads)
            return BlockResult(name, n_bytes, True, tuple(known))
        if self._annotator is None:
            self._annotator = Annotator(load_backend(job.model, job.backend, n_threads=1))
        outcomes = list(predict_groups(self._annotator, groups))
        lines = _write(job, name, outcomes)
        return BlockResult(name, n_bytes, False, tuple(lines))


def _check_same(path: Path, known: Sequence[LedgerLine], reads: Sequence[Read]) -> None:
    if [line.id for line in known] != [read.id for read in reads]:
        raise DataError(
            f"{path}: is of other inputs than there are now: files were added, removed or changed "
            "since. Restore them, or begin anew with --overwrite."
        )


def _write(job: Job, name: str, outcomes: Sequence[list[Outcome]]) -> list[LedgerLine]:
    """Write a block's partitions, the ledger's last."""
    lines: list[LedgerLine] = []
    for group in outcomes:
        start = lines[-1].documents_end if lines else 0
        lines += ledger_lines(group, documents_start=start)
    records = [line for group in outcomes for one in group for line in one.lines]
    try:
        if job.format == "parquet":
            _write_parquet(records, job.documents_path(name))
        else:
            write_atomically(job.documents_path(name), b"".join(records))
        write_atomically(job.ledger_path(name), b"".join(line.to_bytes() for line in lines))
    except OSError as error:
        raise DataError(
            f"{job.output}: cannot be written ({error.strerror}). All nodes have to see this folder "
            "by the same path, with room in it; then go on with --resume."
        ) from error
    return lines


def _write_parquet(records: Sequence[bytes], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, offset, score = pa.string(), pa.int64(), pa.float64()
    entity = {"id": offset, "label": text, "start_offset": offset, "end_offset": offset}
    entity |= {"surface": text, "clean": text, "score": score}
    relation = {"id": offset, "from_id": offset, "to_id": offset, "type": text, "score": score}
    schema = pa.schema(
        {
            "id": text,
            "text": text,
            "entities": pa.list_(pa.struct(list(entity.items()))),
            "relations": pa.list_(pa.struct(list(relation.items()))),
            "meta": text,
        }
    )
    rows = []
    for record in map(json.loads, records):
        rows.append({**record, "meta": json.dumps(record["meta"])})
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), buffer, compression="zstd")
    write_atomically(path, buffer.getvalue().to_pybytes())


def _check_none_left(job: Job, names: set[str]) -> None:
    """Refuse to end with partitions of inputs that are no longer there."""
    left = sorted(
        path.name for path in (job.output / LEDGER_DIR).glob("part-*") if path.stem not in names
    )
    if left:
        raise DataError(
            f"{job.output / LEDGER_DIR}: {', '.join(left[:3])} belong to inputs that are no longer "
            "there. Restore them, or begin anew with --overwrite."
        )
