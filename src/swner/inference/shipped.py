"""Where the model that ships with swner lies."""

from __future__ import annotations

import os
from pathlib import Path

from swner.errors import ModelError

_ENVIRONMENT = "SWNER_MODEL"
_HERE = Path(__file__).resolve()
_PACKAGE = _HERE.parents[1] / "shipped"
_REPOSITORY = _HERE.parents[3] / "models" / "swner-base"


def shipped_model() -> Path:
    """The folder in the variable SWNER_MODEL, else the one in the installed package or the repository.

    Raises:
        ModelError: There is none.
    """
    named = os.environ.get(_ENVIRONMENT)
    path = Path(named) if named else _PACKAGE if _PACKAGE.is_dir() else _REPOSITORY
    if not path.is_dir():
        raise ModelError(
            f"{path}: no such model directory. Give one with --model or swner.load(PATH), or set "
            f"{_ENVIRONMENT}; `swner train configs/base.yaml` makes one."
        )
    return path
