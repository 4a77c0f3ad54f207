"""`swner calibrate`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from swner.corpus.load import files, load, sha256
from swner.errors import ConfigError, DataError, ModelError
from swner.inference.annotator import Annotator, as_document
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import LoadedModel, load_model
from swner.text.articles import whole
from swner.training.calibrate import (
    HELD_OUT,
    FittedCalibration,
    HeldOut,
    Quality,
    fit_calibration,
    held_out_items,
    read_held_out,
)
from swner.training.record import (
    CROSSVAL,
    METRICS,
    TRAIN,
    read_json,
    record_calibration,
    same_recipe,
    write_json,
)


def run(model: Path, data: Sequence[Path], folds: Path | None) -> None:
    """Fit a model's calibration to held-out articles and write it into the model directory.

    Args:
        model: The model directory.
        data: Annotated documents that the model was not trained on.
        folds: Folder of the run that `swner crossval` left; without it and without `data`, the one
            that the model's own recipe names.

    Raises:
        ConfigError: The cross-validation is of another recipe or other data.
        DataError: Data is missing or wrong, or the model was trained on it.
        ModelError: The model cannot be loaded, or does not say what it was trained on.
    """
    loaded = load_model(model)
    record = _training_record(model)
    held_out = HeldOut()
    if folds or not data:
        folds = folds or _own_folds(record)
        held_out += _from_folds(model, record, folds)
    if data:
        _refuse_training_data(model, record, data)
        held_out += _from_data(loaded, data)
    fitted = fit_calibration(held_out, loaded.schema)
    if folds and (folds / CROSSVAL).is_file():
        write_json(model / METRICS, {**read_json(model / METRICS), **read_json(folds / CROSSVAL)})
    record_calibration(model, fitted)
    _print(fitted, title=str(model))


def _training_record(model: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = read_json(model / TRAIN)
        return record
    except (OSError, json.JSONDecodeError) as error:
        raise ModelError(
            f"{model / TRAIN}: cannot be read ({error}). Calibration needs to know what the model was "
            "trained on; give the folder that `swner train` wrote."
        ) from error


def _own_folds(record: dict[str, Any]) -> Path:
    """Where the model's recipe keeps its runs."""
    return Path(record["config"]["work"]) / Path(record["config"]["output"]).name


def _from_folds(model: Path, record: dict[str, Any], folds: Path) -> HeldOut:
    held_out, recipe = read_held_out(folds / HELD_OUT)
    if not same_recipe(recipe, record):
        raise ConfigError(
            f"{folds / HELD_OUT}: the folds were trained by another recipe, or on other data, than "
            f"{model}. Run `swner crossval` with the model's recipe, or give annotated documents "
            "that the model was not trained on."
        )
    return held_out


def _refuse_training_data(model: Path, record: dict[str, Any], data: Sequence[Path]) -> None:
    """On text that it was trained on, a model is surer than it has reason to be elsewhere."""
    known = {digest: name for name, digest in record["data"].items()}
    for path in files(data):
        trained_on = known.get(sha256(path))
        if trained_on:
            raise DataError(
                f"{path}: {model} was trained on it (as {trained_on}), so its scores there say nothing "
                "about other text. Give annotated documents that it has not seen."
            )


def _from_data(loaded: LoadedModel, data: Sequence[Path]) -> HeldOut:
    """Raw predictions in the texts of annotated documents, as `swner predict` makes them."""
    gold = load(data)
    annotator = Annotator(TorchBackend(replace(loaded, calibration=None)))
    pred = annotator.annotate(as_document(doc.id, whole(doc.text)) for doc in gold)
    return held_out_items(zip(gold, pred, strict=True))


def _print(fitted: FittedCalibration, *, title: str) -> None:
    table = Table(title=f"{title}: reliability on held-out articles, before and after calibration")
    for name in ("", "items", "fitted to", "calibration error", "log loss"):
        table.add_column(name, justify="left" if not name else "right")
    for name, quality in (("entities", fitted.entities), ("relations", fitted.relations)):
        table.add_row(name, *_cells(quality))
    Console().print(table)


def _cells(quality: Quality) -> tuple[str, ...]:
    return (
        str(quality.after.n),
        str(quality.n_fitted),
        f"{quality.before.ece:.3f} to {quality.after.ece:.3f}",
        f"{quality.loss_before:.3f} to {quality.loss_after:.3f}",
    )
