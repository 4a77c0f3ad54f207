"""How far a batch prediction is, on stderr: a bar on a terminal, else a plain line now and then."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from swner.text.read import list_files

LINE_SECONDS = 30.0


class RunProgress:
    """Shows inputs, articles and characters done, their rates, and the time left.

    The time left follows from the bytes of all files, which are counted beside the run; there is
    none until that is done. Use it in a `with` statement.

    Args:
        paths: The files and folders that are read.
        quiet: Show nothing.
        seconds: Between two plain lines.

    Attributes:
        total_bytes: Of all files; None as long as it is not known.
    """

    def __init__(
        self, paths: Iterable[Path], *, quiet: bool = False, seconds: float = LINE_SECONDS
    ) -> None:
        self._paths = list(paths)
        self._quiet = quiet
        self._seconds = seconds
        self.total_bytes: int | None = None
        self._bytes_before = self._bytes_done = 0
        self._n_inputs = self._n_documents = self._n_chars = 0
        self._started = self._last_line = time.monotonic()
        self._stopped = threading.Event()
        self._bar: Progress | None = None
        if not quiet and sys.stderr.isatty():
            columns = (SpinnerColumn(), BarColumn(bar_width=24), TaskProgressColumn())
            console = Console(stderr=True)
            self._bar = Progress(
                *columns, TextColumn("{task.description}"), console=console, transient=True
            )
            self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> RunProgress:
        if not self._quiet:
            threading.Thread(target=self._count_bytes, name="bytes", daemon=True).start()
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        if self._bar is not None:
            self._bar.stop()

    def skip(self, n_bytes: int) -> None:
        """Count an input that an earlier run has done."""
        self._bytes_before += n_bytes

    def add(self, *, n_inputs: int, n_documents: int, n_chars: int, n_bytes: int) -> None:
        """Count a group, and show it."""
        self._n_inputs += n_inputs
        self._n_documents += n_documents
        self._n_chars += n_chars
        self._bytes_done += n_bytes
        if self._bar is not None:
            self._bar.update(
                self._task,
                description=self.text(),
                completed=self._bytes_before + self._bytes_done,
                total=self.total_bytes,
            )
        elif not self._quiet and time.monotonic() - self._last_line >= self._seconds:
            self._last_line = time.monotonic()
            sys.stderr.write(f"{self.text()}\n")
            sys.stderr.flush()

    def text(self) -> str:
        """Counts, rates and, where the bytes are known, the time left."""
        seconds = max(1e-6, time.monotonic() - self._started)
        parts = [
            f"{self._n_inputs:,} inputs",
            f"{self._n_documents:,} articles ({self._n_documents / seconds:,.1f} a second)",
            f"{self._n_chars / seconds:,.0f} characters a second",
        ]
        if self.total_bytes is not None and self._bytes_done:
            left = max(0, self.total_bytes - self._bytes_before - self._bytes_done)
            remaining = timedelta(seconds=round(seconds * left / self._bytes_done))
            parts.append(f"{remaining} left")
        return ", ".join(parts)

    def _count_bytes(self) -> None:
        total = count_bytes(self._paths, is_stopped=self._stopped.is_set)
        self.total_bytes = total or None


def count_bytes(paths: Iterable[Path], *, is_stopped: Callable[[], bool] = lambda: False) -> int:
    """The bytes of all files that can be read."""
    total = 0
    for file in list_files(paths):
        if is_stopped():
            break
        try:
            total += file.path.stat().st_size if file.path.is_file() else 0
        except OSError:
            continue
    return total
