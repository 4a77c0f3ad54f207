"""`swner evaluate` with predictions put in place of a model's."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from swner.cli.app import main
from swner.corpus import doccano
from swner.document import Document

Spoil = Callable[[Document, int], Document]


@pytest.fixture
def data(articles: list[Document], tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    doccano.write(articles, path)
    return path


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, spoil: Spoil) -> Callable[..., int]:
    def annotate(model: Path, gold: Sequence[Document], backend: str) -> list[Document]:
        return [spoil(d, len(model.name)) for d in gold]

    monkeypatch.setattr("swner.cli.evaluate._annotate", annotate)

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["swner", "evaluate", *map(str, arguments)])
        with pytest.raises(SystemExit) as raised:
            main()
        return int(raised.value.code or 0)

    return run


def test_one_model(
    call: Callable[..., int], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("model", data, "--output", tmp_path / "out") == 0
    shown = capsys.readouterr().out
    assert "core labels" in shown
    assert "intervals of F1" in shown
    record = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert record["model"] == "model"
    assert "comparison" not in record
    assert (tmp_path / "out" / "report.html").is_file()


def test_two_models(
    call: Callable[..., int], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("a", "bb", data, "--output", tmp_path / "out") == 0
    assert "paired bootstrap" in capsys.readouterr().out
    record = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert (record["model"], record["comparison"]["model"]) == ("a", "bb")


def test_without_output_nothing_is_written(
    call: Callable[..., int], data: Path, tmp_path: Path
) -> None:
    assert call("model", data) == 0
    assert list(tmp_path.iterdir()) == [data]


@pytest.mark.parametrize("n_paths", [1, 4])
def test_other_counts_are_refused(
    call: Callable[..., int], n_paths: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*"abcd"[:n_paths]) == 2
    message = capsys.readouterr().err
    assert f"found {n_paths} paths" in message
    assert "swner evaluate MODEL DATA.jsonl" in message


def test_a_model_in_the_place_of_data_is_refused(
    call: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "swner.json").write_text("{}", encoding="utf-8")
    assert call("model", tmp_path) == 2
    assert "model directory" in capsys.readouterr().err
