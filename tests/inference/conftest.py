"""A model directory with random weights, and a backend whose scores depend on the whole batch."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from swner.cli import export
from swner.codec.collate import Batch
from swner.config import ModelConfig, WindowConfig
from swner.inference.annotator import Annotator
from swner.inference.backend import Encoded
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import load_model, new_model, save_model
from swner.schema import SCHEMA

sys.path.insert(
    0, str(Path(__file__).parent)
)  # `inference_helpers`; import mode importlib adds nothing


class QuantisingBackend(TorchBackend):
    """Rounds emissions to 255 steps between the extremes of a batch, as dynamic int8 does.

    So a document's scores depend on what else is in its batch, and on the padding.
    """

    def encode(self, batch: Batch) -> Sequence[Encoded]:
        found = super().encode(batch)
        step = max(np.abs(one.emissions).max() for one in found) * batch.input_ids.size / 40_000
        return [replace(one, emissions=np.round(one.emissions / step) * step) for one in found]


@pytest.fixture(scope="session")
def tiny_model(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers with random weights, loud enough to find something in most sentences."""
    torch.manual_seed(3)
    loaded = new_model(
        str(tiny_encoder),
        schema=SCHEMA,
        config=ModelConfig(dropout=0.0, relation_width=32),
        windows=WindowConfig(max_pieces=64, context=8),
    )
    with torch.no_grad():
        loaded.model.token_model.classifier.weight.mul_(60)
        loaded.model.token_model.classifier.bias[0] += 16
    path = tmp_path_factory.mktemp("random") / "model"
    save_model(loaded, path)
    return path


@pytest.fixture(scope="session")
def exported_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with graphs of both precisions."""
    path = tmp_path_factory.mktemp("exported") / "model"
    shutil.copytree(tiny_model, path)
    export.run(path, [], output=None, int8=True, fp32=True)
    return path


@pytest.fixture(scope="session")
def annotator(tiny_model: Path) -> Annotator:
    return Annotator(TorchBackend(load_model(tiny_model)))


@pytest.fixture(scope="session")
def quantising(tiny_model: Path) -> Annotator:
    return Annotator(QuantisingBackend(load_model(tiny_model)))
