"""What a model directory holds, and how prediction reads it without torch.

    config.json, model.safetensors, tokenizer*.json   a Transformers token classifier as it is
    joint.safetensors                                 CRF and relation classifier
    swner.json                                        schema, window size, layer sizes, format
    calibration.json                                  what scores mean, if they were calibrated
    README.md, metrics.json, train.json               model card, measures, the recipe
    onnx/                                             what `swner export` adds:
        encoder.int8.onnx, pairs.int8.onnx            both parts of the network in 8-bit integers
        probe.int8.onnx                               tells if the processor overflows in 8 bits
        encoder.fp32.onnx, pairs.fp32.onnx            the same in full precision, if asked for
        manifest.json                                 whose weights they are, and the CRF's scores

ONNX Runtime needs of these only swner.json, tokenizer.json, calibration.json and onnx/
(`PREDICTION_FILES`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from pydantic import ValidationError

from swner.codec.viterbi import Transitions
from swner.config import ModelConfig, WindowConfig
from swner.errors import ModelError
from swner.schema import Schema

FORMAT = 1
SETTINGS, TOKENIZER = "swner.json", "tokenizer.json"
WEIGHTS, JOINT = "model.safetensors", "joint.safetensors"

ONNX, MANIFEST = "onnx", "manifest.json"
ONNX_FORMAT = 1
Precision = Literal["int8", "fp32"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
Part = Literal["encoder", "pairs", "probe"]
PARTS: Mapping[Precision, tuple[Part, ...]] = {
    "int8": ("encoder", "pairs", "probe"),
    "fp32": ("encoder", "pairs"),
}

PREDICTION_FILES = (SETTINGS, TOKENIZER, "calibration.json", "README.md", f"{ONNX}/{MANIFEST}")
"""What a copy of a model directory takes along besides the graphs; the calibration if there is one."""


@dataclass(frozen=True)
class Settings:
    """What swner.json says."""

    schema: Schema
    windows: WindowConfig
    model: ModelConfig


def read_settings(model_dir: Path) -> Settings:
    """Read swner.json.

    Raises:
        ModelError: It is missing or damaged, or its format is another one.
    """
    path = model_dir / SETTINGS
    try:
        settings = _read_json(path, FORMAT, "Train the model again")
        return Settings(
            Schema.from_json(settings["schema"]),
            WindowConfig.model_validate(settings["windows"]),
            ModelConfig.model_validate(settings["model"]),
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise ModelError(f"{path}: damaged ({error!r}). Train or copy the model again.") from error


def read_vocabulary(model_dir: Path) -> dict[str, int]:
    """Piece to id, special pieces included, as tokenizer.json has them.

    Raises:
        ModelError: The file is missing or damaged.
    """
    path = model_dir / TOKENIZER
    try:
        value = json.loads(_read_text(path))
        pieces = {str(piece): int(i) for piece, i in value["model"]["vocab"].items()}
        pieces |= {str(added["content"]): int(added["id"]) for added in value["added_tokens"]}
        return pieces
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: damaged ({error!r}). Train or copy the model again.") from error


def weights_digest(model_dir: Path) -> str:
    """Twelve hex digits that change with the weights; the same for everything made from them."""
    hashed = hashlib.sha256()
    for name in (WEIGHTS, JOINT):
        hashed.update((model_dir / name).read_bytes())
    return hashed.hexdigest()[:12]


@dataclass(frozen=True)
class Manifest:
    """What `swner export` says of the graphs beside it.

    Attributes:
        weights: `weights_digest` of the model that they were made from.
        transitions: Scores of the model's CRF.
        made_with: Versions of the packages that made the graphs.
    """

    weights: str
    transitions: Transitions
    made_with: Mapping[str, str]

    def write(self, model_dir: Path) -> None:
        """Write onnx/manifest.json; floats are written so that they read back the same."""
        scores = self.transitions
        record = {
            "format": ONNX_FORMAT,
            "weights": self.weights,
            "made_with": dict(self.made_with),
            "transitions": {
                "start": scores.start.tolist(),
                "step": scores.step.tolist(),
                "end": scores.end.tolist(),
            },
        }
        path = model_dir / ONNX / MANIFEST
        path.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")


def read_manifest(model_dir: Path) -> Manifest:
    """Read onnx/manifest.json.

    Raises:
        ModelError: It is missing or damaged, its format is another one, or the weights that lie in
            the model directory are not those that the graphs were made from.
    """
    path = model_dir / ONNX / MANIFEST
    again = f"Run `swner export {model_dir}`"
    try:
        record = _read_json(path, ONNX_FORMAT, again)
        start, step, end = (
            np.array(record["transitions"][name], np.float64) for name in ("start", "step", "end")
        )
        if not start.shape == end.shape == step.shape[:1] == step.shape[1:]:
            raise ValueError(f"transitions of shapes {start.shape}, {step.shape}, {end.shape}")
        made_with = {str(k): str(v) for k, v in record["made_with"].items()}
        manifest = Manifest(str(record["weights"]), Transitions(start, step, end), made_with)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path}: damaged ({error!r}). {again} again.") from error
    if all((model_dir / name).is_file() for name in (WEIGHTS, JOINT)):
        found = weights_digest(model_dir)
        if found != manifest.weights:
            raise ModelError(
                f"{path}: made from the weights {manifest.weights}, but {WEIGHTS} and {JOINT} beside "
                f"it are {found}: the model was trained again since. {again} again, or delete {ONNX}/."
            )
    return manifest


def graph_path(model_dir: Path, part: Part, precision: Precision) -> Path:
    """Where a part of the network lies in a model directory."""
    return model_dir / ONNX / f"{part}.{precision}.onnx"


def exported(model_dir: Path) -> list[Precision]:
    """The precisions that the directory has all graphs of, the fastest first."""
    return [
        p for p in PRECISIONS if all(graph_path(model_dir, part, p).is_file() for part in PARTS[p])
    ]


def prediction_files(model_dir: Path) -> Iterator[Path]:
    """The files that ONNX Runtime predicts with, of the fastest precision there is."""
    names = [model_dir / name for name in PREDICTION_FILES]
    graphs = [graph_path(model_dir, part, p) for p in exported(model_dir)[:1] for part in PARTS[p]]
    return (path for path in (*names, *graphs) if path.is_file())


def _read_json(path: Path, known_format: int, again: str) -> dict[str, Any]:
    """A JSON object whose `format` is the known one."""
    try:
        record: dict[str, Any] = json.loads(_read_text(path))
        found = record["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: damaged ({error!r}). {again} or copy it again.") from error
    if found != known_format:
        raise ModelError(
            f"{path}: format {found!r}; this version of swner reads {known_format}. {again}, or "
            "install the version that wrote it."
        )
    return record


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise ModelError(
            f"{path}: no such file. Give a folder that `swner train` or `swner export` wrote."
        )
    return path.read_text(encoding="utf-8")
