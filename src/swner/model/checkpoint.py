"""Model directories with torch: a joint model to disk and back. `model.files` says what they hold.

Weights are safetensors in fp16; nothing is unpickled.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
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
from swner.model.files import (
    FORMAT,
    JOINT,
    ONNX,
    SETTINGS,
    TOKENIZER,
    WEIGHTS,
    read_settings,
    read_vocabulary,
    weights_digest,
)
from swner.model.joint import JointModel
from swner.model.tokenizer import character_tokenizer
from swner.schema import Schema


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
    """Write weights, tokenizer and settings into a folder.

    Other files there stay, but for graphs that `swner export` made from earlier weights.
    """
    path.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(path / ONNX, ignore_errors=True)
    token_model = loaded.model.token_model
    token_model.config.dtype = torch.float32
    token_model.config.save_pretrained(path)
    half = {k: v.detach().half().contiguous().cpu() for k, v in token_model.state_dict().items()}
    save_file(half, path / WEIGHTS, metadata={"format": "pt"})
    joint = {
        k: v.detach().half().contiguous().cpu()
        for k, v in loaded.model.state_dict().items()
        if not k.startswith("token_model.")
    }
    save_file(joint, path / JOINT)
    max_length = token_model.config.max_position_embeddings
    character_tokenizer(loaded.pieces.vocabulary, max_length=max_length).save_pretrained(path)
    settings = {
        "format": FORMAT,
        "schema": loaded.schema.to_json(),
        "windows": loaded.windows.model_dump(),
        "model": loaded.config.model_dump(),
    }
    _write_json(path / SETTINGS, settings)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_model(path: Path) -> LoadedModel:
    """Load a model directory on the CPU in fp32, ready for prediction.

    Raises:
        ModelError: A file is missing or damaged, or the format is another one.
    """
    for name in (SETTINGS, "config.json", WEIGHTS, JOINT, TOKENIZER):
        if not (path / name).is_file():
            raise ModelError(
                f"{path}: no {name}; torch needs config.json, {TOKENIZER}, {SETTINGS}, {WEIGHTS} and "
                f"{JOINT}. Give the folder that `swner train` wrote."
            )
    settings = read_settings(path)
    try:
        token_config = AutoConfig.from_pretrained(path, attn_implementation="eager")
        token_model = AutoModelForTokenClassification.from_config(token_config)
        token_model.float()
        model = JointModel(token_model, schema=settings.schema, config=settings.model)
        weights = {f"token_model.{k}": v.float() for k, v in load_file(path / WEIGHTS).items()}
        weights |= {k: v.float() for k, v in load_file(path / JOINT).items()}
        model.load_state_dict(weights)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{path}: cannot be loaded ({str(error).splitlines()[0]}). The files are damaged or do not "
            "belong together; train or copy the model again."
        ) from error
    model.eval()
    return LoadedModel(
        model,
        PieceTable(read_vocabulary(path)),
        settings.schema,
        settings.windows,
        settings.model,
        weights_digest(path),
        read_calibration(path, settings.schema),
    )
