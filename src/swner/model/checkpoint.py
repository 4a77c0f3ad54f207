"""Model directories: what a trained model is on disk.

    config.json, model.safetensors, tokenizer*.json   a Transformers token classifier as it is
    joint.safetensors                                  CRF and relation classifier
    swner.json                                         schema, window size, layer sizes, format
    calibration.json                                   what scores mean, if they were calibrated
    README.md, metrics.json, train.json                model card, measures, the recipe

Weights are safetensors in fp16; nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
)
from transformers.utils import logging

from swner.codec.calibration import Calibration, read_calibration
from swner.codec.tags import TagSet
from swner.codec.tokenize import PieceTable
from swner.config import ModelConfig, WindowConfig
from swner.errors import ConfigError, ModelError
from swner.model.joint import JointModel
from swner.model.tokenizer import character_tokenizer
from swner.schema import Schema

FORMAT = 1
_SETTINGS, _JOINT, _WEIGHTS = "swner.json", "joint.safetensors", "model.safetensors"


@dataclass(frozen=True)
class LoadedModel:
    """A joint model with all that is needed to run it.

    Attributes:
        digest: Names its weights if they are on disk.
        calibration: Of its scores; None where there is none.
    """

    model: JointModel
    pieces: PieceTable
    schema: Schema
    windows: WindowConfig
    config: ModelConfig
    digest: str = ""
    calibration: Calibration | None = None


def new_model(
    encoder: str, *, schema: Schema, config: ModelConfig, windows: WindowConfig
) -> LoadedModel:
    """A joint model with fresh classifiers on an encoder from a folder or the Hub.

    Raises:
        ConfigError: The encoder cannot be found or loaded, or is too short for the windows.
    """
    tags = TagSet.of(schema)
    names = dict(enumerate(tags.names))
    try:
        with _quiet():
            token_model = AutoModelForTokenClassification.from_pretrained(
                encoder,
                num_labels=len(tags),
                id2label=names,
                label2id={name: i for i, name in names.items()},
                classifier_dropout=config.dropout,
                hidden_dropout_prob=config.hidden_dropout,
                attention_probs_dropout_prob=config.attention_dropout,
                dtype=torch.float32,
                attn_implementation="eager",
            )
        vocabulary = AutoTokenizer.from_pretrained(encoder).get_vocab()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"encoder: {encoder!r} cannot be loaded ({str(error).splitlines()[0]}). Give a folder with "
            "config.json, weights and tokenizer, such as models/encoder, or the name of a BERT on "
            "the Hub, such as hfl/chinese-macbert-base (needs a network or a filled cache)."
        ) from error
    longest = token_model.config.max_position_embeddings
    if windows.max_pieces + 2 > longest:
        raise ConfigError(
            f"windows.max_pieces: found {windows.max_pieces}; {encoder} reads {longest} positions, "
            f"two of them specials. Set it to {longest - 2} or less."
        )
    model = JointModel(token_model, schema=schema, config=config)
    return LoadedModel(model, PieceTable(vocabulary), schema, windows, config)


@contextmanager
def _quiet() -> Iterator[None]:
    """No report on the classifier's fresh weights: they are meant to be fresh."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        logging.enable_progress_bar()


def save_model(loaded: LoadedModel, path: Path) -> None:
    """Write weights, tokenizer and settings into a folder; other files there stay."""
    path.mkdir(parents=True, exist_ok=True)
    token_model = loaded.model.token_model
    token_model.config.dtype = torch.float32
    token_model.config.save_pretrained(path)
    half = {k: v.detach().half().contiguous().cpu() for k, v in token_model.state_dict().items()}
    save_file(half, path / _WEIGHTS, metadata={"format": "pt"})
    joint = {
        k: v.detach().half().contiguous().cpu()
        for k, v in loaded.model.state_dict().items()
        if not k.startswith("token_model.")
    }
    save_file(joint, path / _JOINT)
    max_length = token_model.config.max_position_embeddings
    character_tokenizer(loaded.pieces.vocabulary, max_length=max_length).save_pretrained(path)
    settings = {
        "format": FORMAT,
        "schema": loaded.schema.to_json(),
        "windows": loaded.windows.model_dump(),
        "model": loaded.config.model_dump(),
    }
    _write_json(path / _SETTINGS, settings)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_model(path: Path) -> LoadedModel:
    """Load a model directory on the CPU in fp32, ready for prediction.

    Raises:
        ModelError: A file is missing or damaged, or the format is another one.
    """
    for name in (_SETTINGS, "config.json", _WEIGHTS, _JOINT, "tokenizer.json"):
        if not (path / name).is_file():
            raise ModelError(
                f"{path}: no {name}; a model directory holds config.json, tokenizer.json, {_SETTINGS}, "
                f"{_WEIGHTS} and {_JOINT}. Give the folder that `swner train` wrote."
            )
    schema, windows, config = _read_settings(path / _SETTINGS)
    try:
        token_config = AutoConfig.from_pretrained(path, attn_implementation="eager")
        token_model = AutoModelForTokenClassification.from_config(token_config)
        token_model.float()
        vocabulary = AutoTokenizer.from_pretrained(path).get_vocab()
        model = JointModel(token_model, schema=schema, config=config)
        weights = {f"token_model.{k}": v.float() for k, v in load_file(path / _WEIGHTS).items()}
        weights |= {k: v.float() for k, v in load_file(path / _JOINT).items()}
        model.load_state_dict(weights)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{path}: cannot be loaded ({str(error).splitlines()[0]}). The files are damaged or do not "
            "belong together; train or copy the model again."
        ) from error
    model.eval()
    return LoadedModel(
        model,
        PieceTable(vocabulary),
        schema,
        windows,
        config,
        _digest(path),
        read_calibration(path, schema),
    )


def _digest(path: Path) -> str:
    """Twelve hex digits that change with the weights."""
    hashed = hashlib.sha256()
    for name in (_WEIGHTS, _JOINT):
        hashed.update((path / name).read_bytes())
    return hashed.hexdigest()[:12]


def _read_settings(path: Path) -> tuple[Schema, WindowConfig, ModelConfig]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        if settings["format"] != FORMAT:
            raise ModelError(
                f"{path}: format {settings['format']!r}; this version of swner reads {FORMAT}. "
                "Train the model again, or install the version that wrote it."
            )
        return (
            Schema.from_json(settings["schema"]),
            WindowConfig.model_validate(settings["windows"]),
            ModelConfig.model_validate(settings["model"]),
        )
    except (
        json.JSONDecodeError,
        KeyError,
        TypeError,
        ValidationError,
        UnicodeDecodeError,
    ) as error:
        raise ModelError(f"{path}: damaged ({error!r}). Train or copy the model again.") from error
