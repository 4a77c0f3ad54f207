"""A training that is killed and taken up ends with exactly the weights of an unbroken one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from swner.config import TrainConfig, load_config
from swner.training.resume import last_checkpoint
from swner.training.train import train

KILLED = """
import os, signal, sys
from pathlib import Path
from swner.config import load_config
from swner.training import train as training

owner, name, n_calls = sys.argv[2], sys.argv[3], int(sys.argv[4])
place = training if owner == "training" else getattr(training, owner)
method, done = getattr(place, name), 0

def killing(*args, **kwargs):
    global done
    done += 1
    if done < n_calls:
        return method(*args, **kwargs)
    if owner == "training":
        method(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(place, name, killing)
training.train(load_config(Path(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def recipe_of(
    tiny_encoder: Path, data_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Makes a recipe of its own folder: a stage that stops early, and one that does not."""

    def make(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        values = {
            "encoder": str(tiny_encoder),
            "output": str(folder / "model"),
            "work": str(folder / "runs"),
            "seed": 5,
            "dev_share": 0.3,
            "windows": {"max_pieces": 64, "context": 8},
            "model": {"dropout": 0.2, "relation_width": 32},
            "training": {"batch_pieces": 64, "bf16": "no", "n_threads": 1},
            "stages": [
                {
                    "name": "one", "train": [str(data_path)], "epochs": 6, "patience": 1,
                    "learning_rate": 1e-5,
                },
                {"name": "two", "train": [str(data_path)], "epochs": 3, "learning_rate": 4e-3},
            ],
        }  # fmt: skip
        path = folder / "recipe.json"
        path.write_text(json.dumps(values), encoding="utf-8")
        return path

    return make


def weights(config: TrainConfig) -> list[bytes]:
    names = ("model.safetensors", "joint.safetensors")
    return [(Path(config.output) / name).read_bytes() for name in names]


@dataclass(frozen=True)
class Unbroken:
    """The weights of a run nobody killed, and how many steps its stages took."""

    weights: list[bytes]
    n_steps: list[int]
    n_epochs: list[int]


@pytest.fixture(scope="module")
def unbroken(recipe_of: Callable[[str], Path]) -> Unbroken:
    config = load_config(recipe_of("unbroken"))
    train(config)
    record = json.loads((Path(config.output) / "train.json").read_text("utf-8"))
    last = [rows[-1] for rows in record["stages"].values()]
    return Unbroken(
        weights(config), [row["step"] for row in last], [round(row["epoch"]) for row in last]
    )


def kill_and_resume(path: Path, owner: str, name: str, n_calls: int) -> list[bytes]:
    """Weights of a run that was killed in the given call of a method, and then taken up."""
    config = load_config(path)
    command = [sys.executable, "-c", KILLED, str(path), owner, name, str(n_calls)]
    killed = subprocess.run(command, check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not Path(config.output).exists()
    train(config, resume=True)
    return weights(config)


def test_the_first_stage_stops_early(unbroken: Unbroken) -> None:
    """So that the tests below see whether patience is remembered."""
    assert 2 <= unbroken.n_epochs[0] < 6
    assert unbroken.n_epochs[1] == 3


@pytest.mark.parametrize(
    ("owner", "name", "n_calls"),
    [
        pytest.param("JointTrainer", "training_step", 2, id="in the first epoch"),
        pytest.param("JointTrainer", "_save_rng_state", 2, id="with half a checkpoint"),
        pytest.param("training", "save_model", 1, id="before a stage counts as finished"),
    ],
)
def test_killed_in_the_first_stage(
    recipe_of: Callable[[str], Path], unbroken: Unbroken, owner: str, name: str, n_calls: int
) -> None:
    assert kill_and_resume(recipe_of("killed"), owner, name, n_calls) == unbroken.weights


def test_killed_in_the_second_epoch_of_the_second_stage(
    recipe_of: Callable[[str], Path], unbroken: Unbroken, capsys: pytest.CaptureFixture[str]
) -> None:
    n_calls = unbroken.n_steps[0] + unbroken.n_steps[1] // unbroken.n_epochs[1] + 1
    found = kill_and_resume(recipe_of("killed"), "JointTrainer", "training_step", n_calls)
    assert found == unbroken.weights
    shown = capsys.readouterr().err
    assert "stage one: finished before" in shown
    assert "stage two: taken up after epoch 1" in shown


def test_a_checkpoint_without_its_last_file_is_removed(tmp_path: Path) -> None:
    whole, half = tmp_path / "checkpoint-9", tmp_path / "checkpoint-10"
    for folder in (whole, half):
        folder.mkdir()
    control = {"TrainerControl": {"args": {"should_training_stop": False}}}
    state = {"epoch": 3.0, "stateful_callbacks": control}
    (whole / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    (half / "trainer_state.json").write_text(json.dumps(state)[:20], encoding="utf-8")
    found = last_checkpoint(tmp_path)
    assert found is not None
    assert (found.path, found.n_epochs, found.stopped) == (whole, 3, False)
    assert not half.exists()
