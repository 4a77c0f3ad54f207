"""Where the model that ships with swner lies."""

from __future__ import annotations

import os
from pathlib import Path

from swner.errors import ModelError

_ENVIRONMENT = "SWNER_MODEL"
_REPOSITORY = Path(__file__).resolve().parents[3] / "models" / "swner-base"


def shipped_model() -> Path:
    """The folder in the variable SWNER_MODEL, else `models/swner-base` of the repository.

    Raises:
        ModelError: Neither exists.
    """
    named = os.environ.get(_ENVIRONMENT)
    path = Path(named) if named else _REPOSITORY
    if not path.is_dir():
        raise ModelError(
            f"{path}: no such model directory. Give one with --model or swner.load(PATH), or set "
            f"{_ENVIRONMENT}; `swner train configs/base.yaml` makes one."
        )
    return path
