"""What a run leaves beside the weights: train.json, metrics.json, calibration, pictures, the card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from swner.codec.calibration import FILE as CALIBRATION
from swner.codec.calibration import write_calibration
from swner.config import TrainConfig
from swner.corpus.load import files, sha256
from swner.evaluation.scores import Scores
from swner.schema import SCHEMA
from swner.training.calibrate import (
    HELD_OUT,
    FittedCalibration,
    HeldOut,
    fit_calibration,
    read_held_out,
)
from swner.training.model_card import write_model_card
from swner.training.pictures import CURVES, RELIABILITY, draw_curves, draw_reliability

CROSSVAL, METRICS, TRAIN = "crossval.json", "metrics.json", "train.json"


def recipe_record(config: TrainConfig) -> dict[str, Any]:
    """What a trained model follows from: the configuration and the SHA-256 of each data file."""
    sources = {s for stage in config.stages for s in (*stage.train, *stage.replay)}
    paths = files(sorted(sources | set(config.dev)))
    return {
        "config": config.model_dump(mode="json"),
        "data": {str(path): sha256(path) for path in paths},
    }


def same_recipe(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two records of recipes lead to the same model, wherever it is put.

    A field that a record does not have, since it is newer, has its default.
    """
    try:
        configs = [
            TrainConfig.model_validate(record["config"]).model_dump(exclude={"output", "work"})
            for record in (one, other)
        ]
    except ValidationError:
        return False
    return configs[0] == configs[1] and bool(one["data"] == other["data"])


def record_run(config: TrainConfig, output: Path, *, work: Path, scores: Scores | None) -> bool:
    """Write all that belongs to a trained model but the weights.

    Args:
        config: The recipe.
        output: The model directory, weights in it.
        work: The run's folder: histories of the stages, and what `swner crossval` left.
        scores: On the dev documents; None where there are none.

    Returns:
        Whether a cross-validation of this recipe on this data was found, whose measures and
        calibration the model then has.
    """
    folders = [work / f"{number}-{stage.name}" for number, stage in enumerate(config.stages)]
    histories = {folder.name: read_json(folder / "history.json") for folder in folders}
    seconds = {
        stage: next(row["train_runtime"] for row in rows if "train_runtime" in row)
        for stage, rows in histories.items()
    }
    recipe = recipe_record(config)
    record = {
        **recipe,
        "versions": {n: version(n) for n in ("swner", "torch", "transformers", "numpy")},
        "seconds": {stage: round(spent) for stage, spent in seconds.items()},
        "n_threads": torch.get_num_threads(),
        "stages": histories,
    }
    write_json(output / TRAIN, record)
    draw_curves(histories, output / CURVES)
    metrics = {"dev": scores.to_json() if scores else None}
    held_out = _held_out(work, recipe)
    if held_out is not None:
        metrics |= read_json(work / CROSSVAL)
    write_json(output / METRICS, metrics)
    fitted = fit_calibration(held_out, SCHEMA) if held_out and held_out.entities else None
    record_calibration(output, fitted)
    return held_out is not None


def _held_out(work: Path, recipe: Mapping[str, Any]) -> HeldOut | None:
    """What a cross-validation of this very recipe kept; None where there was none."""
    path = work / HELD_OUT
    if not path.is_file():
        return None
    held_out, theirs = read_held_out(path)
    return held_out if same_recipe(theirs, recipe) else None


def record_calibration(model_dir: Path, fitted: FittedCalibration | None) -> None:
    """Put a calibration into a model directory, its quality into metrics.json and the card.

    Args:
        model_dir: With metrics.json and train.json.
        fitted: None takes away the calibration of earlier weights.
    """
    metrics = read_json(model_dir / METRICS)
    metrics.pop("calibration", None)
    if fitted is None:
        for name in (CALIBRATION, RELIABILITY):
            (model_dir / name).unlink(missing_ok=True)
    else:
        write_calibration(fitted.calibration, model_dir)
        metrics["calibration"] = fitted.to_json()
        draw_reliability(metrics["calibration"], model_dir / RELIABILITY)
    write_json(model_dir / METRICS, metrics)
    write_model_card(model_dir)


def read_json(path: Path) -> Any:
    """The value of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON in UTF-8."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
