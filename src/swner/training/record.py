"""What a run leaves beside the weights: metrics.json, train.json and the model card."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import torch

from swner.config import TrainConfig
from swner.corpus.load import files, sha256
from swner.evaluation.scores import Scores
from swner.training.model_card import write_model_card


def record_run(config: TrainConfig, output: Path, *, work: Path, scores: Scores | None) -> None:
    """Write metrics.json, train.json (config, data hashes, versions, histories) and the card."""
    sources = sorted({s for stage in config.stages for s in (*stage.train, *stage.replay)})
    folders = [work / f"{number}-{stage.name}" for number, stage in enumerate(config.stages)]
    histories = {
        folder.name: json.loads((folder / "history.json").read_text(encoding="utf-8"))
        for folder in folders
    }
    seconds = {
        stage: next(row["train_runtime"] for row in rows if "train_runtime" in row)
        for stage, rows in histories.items()
    }
    record = {
        "config": config.model_dump(),
        "data": {str(path): sha256(path) for path in files(sources)},
        "versions": {n: version(n) for n in ("swner", "torch", "transformers", "numpy")},
        "seconds": {stage: round(spent) for stage, spent in seconds.items()},
        "n_threads": torch.get_num_threads(),
        "stages": histories,
    }
    write_json(output / "train.json", record)
    metrics = {"dev": scores.to_json() if scores else None}
    crossval = work / "crossval.json"
    if crossval.is_file():
        metrics |= json.loads(crossval.read_text(encoding="utf-8"))
    write_json(output / "metrics.json", metrics)
    write_model_card(output)


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON in UTF-8."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
