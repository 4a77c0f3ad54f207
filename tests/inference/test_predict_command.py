"""`swner predict`: killed for real and resumed, progress, exit codes, other formats."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from inference_helpers import make_text

from swner.cli import predict
from swner.cli.progress import RunProgress, count_bytes
from swner.corpus import brat
from swner.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some six groups' worth of records, a few broken."""
    path = tmp_path_factory.mktemp("in") / "records.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for n in range(150):
            record = {"id": n, "text": make_text(n, 1000 + 40 * (n % 25))}
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
            if n % 40 == 0:
                stream.write("{\n")
    return path


def run(inputs: list[Path], output: Path, model: Path, **changed: object) -> int:
    """Run the command in this process; returns its exit code."""
    import typer

    options = {
        "resume": False, "overwrite": False, "text_column": None, "id_column": None, "also": None,
        **changed,
    }  # fmt: skip
    try:
        predict.run(inputs, output, model=model, **options)  # type: ignore[arg-type]
    except typer.Exit as error:
        return error.exit_code
    return 0


def ledger(output: Path) -> list[dict[str, object]]:
    lines = map(json.loads, (output / "ledger.jsonl").read_text(encoding="utf-8").splitlines())
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL as on Unix")
def test_killed_at_random_and_resumed_it_ends_as_an_unbroken_run(
    tiny_model: Path, records: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    unbroken, output = tmp_path / "unbroken", tmp_path / "killed"
    assert run([records], unbroken, tiny_model) == 3
    command = [sys.executable, "-m", "swner", "predict", records, "--output", output]
    command += ["--model", tiny_model, "--resume", "--quiet"]
    n_bytes = (unbroken / "documents.jsonl").stat().st_size
    for share in (0.05, 0.5):
        process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE)
        deadline = time.monotonic() + 120
        documents = output / "documents.jsonl"
        while not (documents.exists() and documents.stat().st_size > share * n_bytes):
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.002)
        time.sleep(random.Random(share).random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert documents.stat().st_size < n_bytes
    capfd.readouterr()
    assert run([records], output, tiny_model, resume=True) == 3
    assert documents.read_bytes() == (unbroken / "documents.jsonl").read_bytes()
    assert ledger(output) == ledger(unbroken)
    said = capfd.readouterr()
    assert "154 inputs, 150 articles" in said.out
    assert "4 inputs failed" in said.out
    assert said.err.count("broken JSON") == 4


@pytest.mark.skipif(sys.platform == "win32", reason="a second process holds the lock")
def test_a_second_process_is_told_who_writes(
    tiny_model: Path, records: Path, tmp_path: Path
) -> None:
    code = (
        "import sys, pathlib; from swner.inference.output import FolderLock\n"
        "lock = FolderLock(pathlib.Path(sys.argv[1])); print('held', flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(DataError, match=rf"process {other.pid} on "):
        run([records], tmp_path, tiny_model, resume=True)
    other.kill()
    other.communicate()
    small = tmp_path.parent / "small.jsonl"
    small.write_text('{"id": "a", "text": "周惠任部长。"}', encoding="utf-8")
    assert run([small], tmp_path, tiny_model) == 0  # a killed process holds nothing


def test_an_interrupt_says_how_to_go_on(
    tiny_model: Path,
    records: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(predict, "predict_groups", interrupted)
    assert run([records], tmp_path / "out", tiny_model) == 130
    assert "--resume goes on" in capsys.readouterr().err


def test_other_formats_appear_whole(tiny_model: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"id": "a", "text": "周惠任部长。"}\n', encoding="utf-8")
    for overwrite in (False, True):
        output = tmp_path / "out"
        assert run([source], output, tiny_model, also="brat", overwrite=overwrite) == 0
        assert [doc.id for doc in brat.read(output / "documents.brat")] == ["a"]
    assert not [path for path in output.iterdir() if path.name.endswith((".tmp", str(os.getpid())))]
    empty = tmp_path / "empty.txt"
    empty.touch()
    assert run([empty], tmp_path / "none", tiny_model, also="conll") == 3


def test_engines_and_their_options_are_checked(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="allowed are local, ray"):
        run([tmp_path], tmp_path / "o", tiny_model, engine="spark")
    with pytest.raises(ConfigError, match="needs --engine ray"):
        run([tmp_path], tmp_path / "o", tiny_model, ray_address="auto")


def test_without_ray_the_extra_is_named(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "swner.batch.ray", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'swner\[ray\]'"):
        run([tmp_path], tmp_path / "o", tiny_model, engine="ray")


def test_plain_lines_now_and_then(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * 4000)
    assert count_bytes([tmp_path]) == 4000
    with RunProgress([tmp_path], seconds=0.0) as progress:
        deadline = time.monotonic() + 10
        while progress.total_bytes is None and time.monotonic() < deadline:
            time.sleep(0.001)
        progress.skip(1000)
        progress.add(n_inputs=10, n_documents=8, n_chars=900, n_bytes=1000)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("10 inputs, 8 articles (")
    assert "characters a second, 0:00:00 left" in line
    with RunProgress([tmp_path], seconds=60.0) as progress:
        progress.add(n_inputs=10, n_documents=8, n_chars=900, n_bytes=1000)
    with RunProgress([tmp_path], seconds=0.0, quiet=True) as progress:
        progress.add(n_inputs=10, n_documents=8, n_chars=900, n_bytes=1000)
    assert capsys.readouterr().err == ""


def test_no_time_left_where_no_size_is_known(tmp_path: Path) -> None:
    with RunProgress([tmp_path / "nothing"], seconds=60.0) as progress:
        time.sleep(0.05)
        progress.add(n_inputs=1, n_documents=1, n_chars=9, n_bytes=0)
        assert "left" not in progress.text()


def test_a_bar_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with RunProgress([tmp_path]) as progress:
        progress.add(n_inputs=3, n_documents=2, n_chars=900, n_bytes=10)
    assert "3 inputs, 2 articles" in capsys.readouterr().err
