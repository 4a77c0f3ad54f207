"""The output folder of a batch prediction: documents, a ledger, and how a killed run is taken up.

    documents.jsonl   one record an article, in input order
    ledger.jsonl      one line an input, in the same order
    run.json          what the records depend on: model, columns, sizes of groups and batches
    .lock             held by the run that writes; .running says which process that is

A group's documents are written first, then its ledger lines, the last of which is marked
`group_end`. Whatever a kill leaves behind, the lines up to the last mark whose documents are there
are whole; a resumed run cuts both files back to it and goes on with the next input. As groups are
cut by the inputs alone, `documents.jsonl` is then byte for byte that of an unbroken run, and so is
the ledger but for `seconds`.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from swner.errors import DataError
from swner.inference.batch import Outcome, n_chars_of, to_bytes

DOCUMENTS, LEDGER, SETTINGS = "documents.jsonl", "ledger.jsonl", "run.json"
_LOCK, _HOLDER = ".lock", ".running"
N_FAILURES_KEPT = 20


@dataclass(frozen=True)
class LedgerLine:
    """What became of one input.

    Attributes:
        id: The input's id.
        path: Its file.
        status: "done" or "failed".
        reason: Why it failed; None if it did not.
        n_documents: Articles written.
        n_chars_read: Characters of the input that lie in an article.
        n_chars_present: Characters of the input.
        seconds: Wall time of the group it was predicted in, shared by length.
        documents_end: Bytes of the file of documents once this input was written.
        group_end: Whether it is the last input of its group; a run is resumed after such a line.
    """

    id: str
    path: str
    status: str
    reason: str | None
    n_documents: int
    n_chars_read: int
    n_chars_present: int
    seconds: float
    documents_end: int
    group_end: bool

    def to_bytes(self) -> bytes:
        """The line as it stands in the file."""
        return to_bytes(json.dumps(asdict(self), ensure_ascii=False) + "\n")


def ledger_lines(outcomes: Sequence[Outcome], *, documents_start: int) -> list[LedgerLine]:
    """The lines of a group whose documents begin at a byte of the file of documents."""
    lines = []
    end = documents_start
    for number, outcome in enumerate(outcomes, start=1):
        end += sum(map(len, outcome.lines))
        lines.append(
            LedgerLine(
                id=outcome.read.id,
                path=str(outcome.read.path),
                status="failed" if outcome.reason else "done",
                reason=outcome.reason,
                n_documents=len(outcome.lines),
                n_chars_read=outcome.n_chars_read,
                n_chars_present=n_chars_of(outcome.read),
                seconds=round(outcome.seconds, 4),
                documents_end=end,
                group_end=number == len(outcomes),
            )
        )
    return lines


@dataclass
class Tally:
    """Sums over ledger lines, and the first failures as (id, reason)."""

    n_inputs: int = 0
    n_documents: int = 0
    n_chars: int = 0
    n_failed: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)

    def add(self, line: LedgerLine) -> None:
        """Count a line."""
        self.n_inputs += 1
        self.n_documents += line.n_documents
        self.n_chars += line.n_chars_read
        if line.reason is not None:
            self.n_failed += 1
            if len(self.failures) < N_FAILURES_KEPT:
                self.failures.append((line.id, line.reason))


class OutputFolder:
    """Writes outcomes; knows what an earlier run has done. Use it in a `with` statement.

    Args:
        path: The folder; it is made where it is missing.
        settings: What the records depend on besides the inputs, as JSON values.
        resume: Keep what an earlier run has done and go on after it.
        overwrite: Replace an earlier run's output.

    Attributes:
        tally: Of all inputs written, those of the earlier run included.

    Raises:
        DataError: The folder holds output, and neither `resume` nor `overwrite` is set; the earlier
            run had other settings; another run writes into it; or it cannot be written.
    """

    def __init__(
        self, path: Path, *, settings: Mapping[str, Any], resume: bool, overwrite: bool
    ) -> None:
        self.path = path
        self._lock = FolderLock(path)
        try:
            self.tally = self._open(settings, resume=resume, overwrite=overwrite)
        except BaseException:
            self._lock.release()
            raise

    def _open(self, settings: Mapping[str, Any], *, resume: bool, overwrite: bool) -> Tally:
        documents, ledger = self.path / DOCUMENTS, self.path / LEDGER
        if documents.exists() and not resume and not overwrite:
            raise DataError(
                f"{self.path}: holds {DOCUMENTS} already. Choose another folder, or add --resume "
                "to go on with that run, or --overwrite to replace it."
            )
        kept = _Kept.of(ledger, documents) if resume and not overwrite else _Kept()
        if kept.tally.n_inputs:
            check_settings(self.path / SETTINGS, settings)
        # The ledger first: what it does not vouch for is none of the run's.
        for file, n_bytes in ((ledger, kept.ledger_end), (documents, kept.documents_end)):
            with file.open("ab") as stream:
                stream.truncate(n_bytes)
        write_atomically(self.path / SETTINGS, to_bytes(json.dumps(dict(settings), indent=1)))
        self._n_resumed = kept.tally.n_inputs
        self._documents = documents.open("ab")
        self._ledger = ledger.open("ab")
        return kept.tally

    def done(self) -> Iterator[str]:
        """The ids of the inputs that the earlier run has done, in order."""
        with (self.path / LEDGER).open("rb") as stream:
            for _, raw in zip(range(self._n_resumed), stream, strict=False):
                yield json.loads(raw)["id"]

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Write the documents of a group, then its ledger lines.

        Raises:
            DataError: The disk is full, or the like.
        """
        try:
            start = self._documents.seek(0, os.SEEK_END)
            self._documents.write(b"".join(line for one in outcomes for line in one.lines))
            self._documents.flush()
            lines = ledger_lines(outcomes, documents_start=start)
            self._ledger.write(b"".join(line.to_bytes() for line in lines))
            self._ledger.flush()
        except OSError as error:
            raise DataError(
                f"{self.path}: cannot be written ({error.strerror}). Make room, then go on with "
                "--resume."
            ) from error
        for line in lines:
            self.tally.add(line)

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stream in (self._documents, self._ledger):
            with suppress(OSError):  # all that was written is flushed, or its error is on its way
                stream.close()
        self._lock.release()


@dataclass
class _Kept:
    """What of an earlier run is whole: ends of its files in bytes, and the sums over its lines."""

    ledger_end: int = 0
    documents_end: int = 0
    tally: Tally = field(default_factory=Tally)

    @classmethod
    def of(cls, ledger: Path, documents: Path) -> _Kept:
        """Read a ledger up to where a kill, or a failing disk, cut it or the documents short."""
        kept, group = cls(), list[LedgerLine]()
        if not ledger.exists() or not documents.exists():
            return kept
        n_bytes = documents.stat().st_size
        at = 0
        with ledger.open("rb") as stream:
            for raw in stream:
                line = _parse(raw)
                if line is None or line.documents_end > n_bytes:
                    break
                at += len(raw)
                group.append(line)
                if line.group_end:
                    kept.ledger_end, kept.documents_end = at, line.documents_end
                    for one in group:
                        kept.tally.add(one)
                    group.clear()
        return kept


def _parse(raw: bytes) -> LedgerLine | None:
    """A whole line of a ledger; None where it is cut short or none of ours."""
    if not raw.endswith(b"\n"):
        return None
    try:
        return LedgerLine(**json.loads(raw))
    except (ValueError, TypeError):
        return None


def read_ledger(path: Path) -> list[LedgerLine]:
    """All lines of a ledger that is whole; none where it does not exist."""
    if not path.exists():
        return []
    with path.open("rb") as stream:
        return [line for raw in stream if (line := _parse(raw)) is not None]


def check_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Compare the settings of the run to go on with.

    Raises:
        DataError: They differ, or are not there.
    """
    try:
        before = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read ({error}), so it is not known whether that run had the same "
            "model and settings. Begin anew with --overwrite."
        ) from error
    for name in sorted({*before, *settings}):
        if before.get(name) != settings.get(name):
            raise DataError(
                f"{path}: the run to go on with had {name} = {before.get(name)!r}; now it is "
                f"{settings.get(name)!r}. Give the same as then, or begin anew with --overwrite."
            )


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a kill leaves either the old one or the whole new one."""
    beside = path.with_name(f".{path.name}.{socket.gethostname()}-{os.getpid()}")
    beside.write_bytes(data)
    os.replace(beside, path)


class FolderLock:
    """Keeps a folder for this process until `release`, or until the process ends in any way.

    Raises:
        DataError: Another process has it, which the message names; or the folder cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._holder = path / _HOLDER
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path / _LOCK, timeout=0)
            self._lock.acquire()
            write_atomically(self._holder, f"{os.getpid()} on {socket.gethostname()}".encode())
        except Timeout as error:
            raise DataError(
                f"{path}: another run writes into it (process {self._other()}). Wait until it has "
                "ended, or choose another folder."
            ) from error
        except OSError as error:
            raise DataError(
                f"{path}: cannot be made or written ({error.strerror}). Choose another folder."
            ) from error

    def _other(self) -> str:
        try:
            return self._holder.read_text(encoding="utf-8")
        except OSError:
            return "unknown"

    def release(self) -> None:
        """Let others have the folder."""
        self._holder.unlink(missing_ok=True)
        self._lock.release()
