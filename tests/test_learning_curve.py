"""The learning curve on a tiny encoder: nested shares, points that are kept, table and picture."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from swner.config import load_config
from swner.corpus import doccano
from swner.corpus.load import load
from swner.document import Document

SCRIPT = Path(__file__).parents[1] / "scripts" / "learning_curve.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("learning_curve", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["learning_curve"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def recipe(tiny_encoder: Path, documents: list[Document], tmp_path: Path) -> Path:
    """Four gold articles on two pages, and sixteen others, in a stage of each and as replay."""
    gold = [
        replace(d, id=f"gold-{n}", meta={"page": f"p{n % 2}"}) for n, d in enumerate(documents[::2])
    ]
    others = [replace(d, id=f"{d.id}-{n}", meta={}) for n in range(2) for d in documents]
    doccano.write(gold, tmp_path / "gold.jsonl")
    doccano.write(others, tmp_path / "others.jsonl")
    values = {
        "encoder": str(tiny_encoder), "output": str(tmp_path / "model"), "dev_share": 0.0,
        "gold": str(tmp_path / "gold.jsonl"), "windows": {"max_pieces": 62, "context": 8},
        "model": {"relation_width": 32}, "training": {"batch_pieces": 256, "bf16": "no"},
        "stages": [
            {"name": "news", "train": [str(tmp_path / "others.jsonl")], "epochs": 2},
            {
                "name": "gold", "train": [str(tmp_path / "gold.jsonl")], "epochs": 1,
                "replay": [str(tmp_path / "others.jsonl")], "replay_share": 0.5,
            },
        ],
    }  # fmt: skip
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def test_smaller_shares_lie_in_larger_ones_and_have_more_epochs(
    script: ModuleType, recipe: Path, tmp_path: Path
) -> None:
    config = load_config(recipe)
    ids, epochs = [], []
    for percent in (0, 25, 50, 100):
        point = script.point_config(
            config, percent=percent, seed=3, max_repeat=5, folder=tmp_path / str(percent)
        )
        news, gold = point.stages
        ids.append({d.id for d in load(news.train)})
        epochs.append(news.epochs)
        assert {d.id for d in load(gold.train)} == {f"gold-{n}" for n in range(4)}
        assert gold.epochs == 1
        assert bool(gold.replay) == (percent > 0)
        assert point.seed == 3
    assert ids[0] == {f"gold-{n}" for n in range(4)}
    assert ids[1] < ids[2] < ids[3]
    assert ids[3] == {d.id for d in load(config.stages[0].train)}
    assert epochs[0] > epochs[2] > epochs[3] == 2
    assert max(epochs) <= 10


def test_points_are_kept_and_a_broken_run_goes_on(
    script: ModuleType, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "curve"
    arguments = [
        "--config", str(recipe), "--output", str(output), "--seeds", "1", "--max-repeat", "1",
        "--shares",
    ]  # fmt: skip
    assert script.main([*arguments, "0", "100"]) == 0
    lines = (output / "points.jsonl").read_text("utf-8").splitlines()
    points = [json.loads(line) for line in lines]
    assert [(p["percent"], p["n_articles"]) for p in points] == [(0, 0), (100, 16)]
    assert all(set(p["by_page"]) == {"p0", "p1"} for p in points)
    assert all(0 <= p["f1"][name] <= 1 for p in points for name in script.SCORES)
    assert sorted(p.name for p in output.iterdir()) == ["curve.md", "curve.png", "points.jsonl"]
    assert (output / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert "| 100 % (16) |" in (output / "curve.md").read_text("utf-8")

    (output / "points.jsonl").write_text(lines[0] + "\n", encoding="utf-8")
    capsys.readouterr()
    assert script.main([*arguments, "0", "100"]) == 0
    shown = capsys.readouterr().out
    assert "100 % of" in shown
    assert "\n0 % of" not in "\n" + shown
    again = [json.loads(x) for x in (output / "points.jsonl").read_text("utf-8").splitlines()]
    assert [p["f1"] for p in again] == [p["f1"] for p in points]

    assert script.main([*arguments, "0", "--set", "stages.0.epochs=3"]) == 3
    assert "another recipe" in capsys.readouterr().err


def test_the_table_has_mean_and_spread_of_the_seeds(script: ModuleType) -> None:
    def point(percent: float, seed: int, f1: float) -> object:
        scores = dict.fromkeys(script.SCORES, f1)
        return script.Point("r", percent, seed, int(percent * 10), 1000, scores, {}, 1.0)

    rows = script.table([point(50, 1, 0.5), point(50, 2, 0.7), point(10, 1, 0.25)]).splitlines()
    assert rows[2] == "| 10 % (100) | 1,000 | 1 | 0.250 | 0.250 | 0.250 |"
    assert rows[3].endswith("| 2 | 0.600 ± 0.141 | 0.600 ± 0.141 | 0.600 ± 0.141 |")


def test_shares_outside_of_0_to_100_are_refused(
    script: ModuleType, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--config", str(recipe), "--output", str(tmp_path / "c"), "--shares", "0.1", "120"]
    assert script.main(arguments) == 2
    assert "120" in capsys.readouterr().err
    assert script.main(["--config", str(tmp_path / "none.yaml")]) == 2
