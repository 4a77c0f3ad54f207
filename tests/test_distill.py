"""A student with fewer layers learns from its teacher."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from swner.codec.collate import pad
from swner.config import TrainConfig, load_config
from swner.document import Document
from swner.errors import ConfigError
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import LoadedModel, load_model
from swner.training.train import start_model, train


def recipe(folder: Path, data: Path, **more: object) -> TrainConfig:
    values = {
        "work": str(folder / "runs"), "dev_share": 0.0,
        "windows": {"max_pieces": 64, "context": 8}, "model": {"relation_width": 32, "dropout": 0.0, "hidden_dropout": 0.0},
        "training": {"batch_pieces": 256, "bf16": "no"},
        "stages": [{"name": "only", "train": [str(data)], "epochs": 40, "learning_rate": 4e-3}],
        **more,
    }  # fmt: skip
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(values), encoding="utf-8")
    return load_config(path)


@pytest.fixture(scope="module")
def teacher(tiny_encoder: Path, data_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher")
    train(recipe(folder, data_path, encoder=str(tiny_encoder), output=str(folder / "model")))
    return folder / "model"


def distance(one: LoadedModel, other: LoadedModel, documents: list[Document]) -> float:
    """Mean squared distance of tag scores over documents."""
    batch = pad([one.pieces.ids(d.text[:60]) for d in documents], pieces=one.pieces)
    pairs = zip(TorchBackend(one).encode(batch), TorchBackend(other).encode(batch), strict=True)
    return float(np.mean([np.square(a.emissions - b.emissions).mean() for a, b in pairs]))


def test_distillation_brings_the_student_closer(
    teacher: Path, data_path: Path, documents: list[Document], tmp_path: Path
) -> None:
    config = recipe(
        tmp_path, data_path, encoder=str(teacher), output=str(tmp_path / "small"),
        distillation={"teacher": str(teacher), "layers": [1], "gold_weight": 0.0},
    )  # fmt: skip
    before = distance(load_model(teacher), start_model(config), documents)
    train(config)
    student = load_model(tmp_path / "small")
    assert student.model.token_model.config.num_hidden_layers == 1
    after = distance(load_model(teacher), student, documents)
    assert after < 0.5 * before


def test_layers_that_do_not_exist_are_refused(
    teacher: Path, data_path: Path, tmp_path: Path
) -> None:
    config = recipe(
        tmp_path, data_path, encoder=str(teacher), output=str(tmp_path / "small"),
        distillation={"teacher": str(teacher), "layers": [0, 9]},
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"layers: found \[0, 9\]; allowed are rising numbers"):
        start_model(config)


def test_a_teacher_of_another_width_is_refused(
    teacher: Path, data_path: Path, tmp_path: Path
) -> None:
    config = recipe(
        tmp_path, data_path, encoder=str(teacher), output=str(tmp_path / "small"),
        model={"relation_width": 16}, distillation={"teacher": str(teacher), "layers": [0]},
    )  # fmt: skip
    with pytest.raises(ConfigError, match="classifiers of another size"):
        start_model(config)
