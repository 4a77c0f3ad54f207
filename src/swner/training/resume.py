"""Taking up an interrupted stage so that it ends with the weights an unbroken one would have.

The trainer saves a checkpoint after each epoch: weights, optimizer, schedule, state of the random
numbers, early stopping and the log. What was done of an epoch after it is done again.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STATE = "trainer_state.json"  # the last file that the trainer writes into a checkpoint


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint.

    Attributes:
        path: Its folder.
        n_epochs: Epochs done.
        stopped: Whether training was to end there (patience is at its end, or the last epoch was done).
    """

    path: Path
    n_epochs: int
    stopped: bool


def last_checkpoint(stage_dir: Path) -> Checkpoint | None:
    """The last whole checkpoint of a stage; later ones that a kill cut short are removed."""
    folders = stage_dir.glob("checkpoint-*")
    for path in sorted(folders, key=lambda folder: -int(folder.name.rpartition("-")[2])):
        state = _state(path)
        if state is not None:
            control = state["stateful_callbacks"]["TrainerControl"]["args"]
            return Checkpoint(path, round(state["epoch"]), bool(control["should_training_stop"]))
        shutil.rmtree(path)
    return None


def _state(checkpoint: Path) -> dict[str, Any] | None:
    """The trainer's state, None where it was not written to the end."""
    try:
        state = json.loads((checkpoint / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) else None
