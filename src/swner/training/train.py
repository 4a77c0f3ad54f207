"""`swner train`: a configuration to a model directory, stage after stage.

Each stage starts from the weights that the one before it left (the best epoch by dev F1 where dev
documents exist). A finished stage is marked in the run's folder; `resume` skips finished stages and
continues an unfinished one from its last checkpoint.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from transformers import EarlyStoppingCallback, set_seed

from swner.codec.encode import Encoder, EncodingLoss
from swner.config import StageConfig, TrainConfig
from swner.corpus import doccano
from swner.corpus.load import sha256
from swner.corpus.recipe import dev_documents, stage_data, stage_versions
from swner.document import Document
from swner.errors import DataError
from swner.evaluation.scores import Scores, score_documents, total
from swner.inference.predictor import Predictor
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import LoadedModel, load_model, new_model, save_model
from swner.schema import SCHEMA
from swner.training.arguments import arguments
from swner.training.distill import Teacher, keep_layers
from swner.training.record import record_run, write_json
from swner.training.resume import last_checkpoint
from swner.training.trainer import JointTrainer, TrainingWindows

console = Console(stderr=True)


@dataclass(frozen=True)
class TrainResult:
    """What a training run leaves.

    Attributes:
        loaded: The trained model.
        dev_scores: On the dev documents; None where there are none.
        seconds: Wall time.
    """

    loaded: LoadedModel
    dev_scores: Scores | None
    seconds: float


def train(config: TrainConfig, *, resume: bool = False) -> TrainResult:
    """Train all stages and write the model directory `config.output`.

    Args:
        config: The recipe.
        resume: Take up finished and interrupted stages of an earlier run of the same recipe on the
            same data, such as those that `swner crossval` left.

    Raises:
        ConfigError: The encoder cannot be loaded.
        DataError: A data file is missing or wrong, or too much gold cannot be encoded.
    """
    started = time.monotonic()
    prepare_torch(config)
    stages = [stage_data(config, stage) for stage in config.stages]
    dev = dev_documents(config)
    loaded = start_model(config)
    for number, docs in enumerate(stages):
        loaded = train_stage(
            loaded,
            docs,
            number=number,
            dev=dev,
            config=config,
            folder=work_dir(config),
            resume=resume,
        )
    scores = measure(loaded, dev) if dev else None
    output = Path(config.output)
    save_model(loaded, output)
    seconds = time.monotonic() - started
    if not record_run(config, output, work=work_dir(config), scores=scores):
        console.print(
            f"{output}: scores are not calibrated, as {work_dir(config)} holds no cross-validation of "
            "this recipe on this data. Run `swner crossval` with the recipe and then "
            f"`swner calibrate {output}`."
        )
    return TrainResult(loaded, scores, seconds)


def work_dir(config: TrainConfig) -> Path:
    """Where a run keeps its checkpoints and finished stages."""
    return Path(config.work) / Path(config.output).name


def start_model(config: TrainConfig) -> LoadedModel:
    """The encoder with fresh classifiers; for a student, its chosen layers and the teacher's classifiers.

    Always the same for a recipe: the fresh weights follow from its seed.
    """
    set_seed(config.seed)
    loaded = new_model(config.encoder, schema=SCHEMA, config=config.model, windows=config.windows)
    if config.distillation:
        keep_layers(loaded, config.distillation)
    return loaded


def prepare_torch(config: TrainConfig) -> None:
    """Seeds and threads."""
    set_seed(config.seed)
    if config.training.n_threads:
        torch.set_num_threads(config.training.n_threads)


def train_stage(
    loaded: LoadedModel,
    docs: Sequence[Document],
    *,
    number: int,
    dev: Sequence[Document],
    config: TrainConfig,
    folder: Path,
    resume: bool = False,
) -> LoadedModel:
    """Train one stage; returns the model with the weights to go on with.

    Args:
        loaded: The model to start from; its weights are changed.
        docs: Documents to learn from; those in `dev` are left out.
        number: Which of `config.stages`.
        dev: Documents to measure on after each epoch. Where the stage has a `patience`, the best
            epoch on them is taken, else the last one.
        config: The recipe.
        folder: Holds `NUMBER-NAME/`, with checkpoints and, at the end, the finished stage in `done/`.
        resume: Take up a finished or an interrupted stage of the same recipe and data.
    """
    stage = config.stages[number]
    folder = folder / f"{number}-{stage.name}"
    held = {d.id for d in dev}
    docs = [d for d in docs if d.id not in held]
    if not docs:
        raise DataError(
            f"stage {stage.name}: no documents to train on in {', '.join(stage.train)} once the dev "
            "documents are taken out. Add data, or lower dev_share."
        )
    versions = stage_versions(docs, stage, seed=config.seed)
    learnt = [*docs, *chain.from_iterable(versions)]
    mark = fingerprint(config, number, learnt, dev=dev, start=loaded)
    same = resume and _read(folder / "fingerprint") == mark
    if same and (folder / "done").exists():
        console.print(f"stage {stage.name}: finished before, taken from {folder}")
        return load_model(folder / "done")
    if not same and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fingerprint").write_text(mark, encoding="utf-8")
    windows = stage_windows(loaded, docs, versions, stage=stage, config=config)
    checkpoint = last_checkpoint(folder) if same else None
    if checkpoint:
        console.print(f"stage {stage.name}: taken up after epoch {checkpoint.n_epochs}")
    callbacks: list[Any] = []
    if dev and stage.patience:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=stage.patience))
    stopped = checkpoint is not None and checkpoint.stopped
    n_epochs = checkpoint.n_epochs if checkpoint and stopped else stage.epochs
    trainer = JointTrainer(
        loaded,
        args=arguments(config, stage, folder, n_epochs=n_epochs, has_dev=bool(dev)),
        windows=windows,
        dev=dev,
        config=config.training,
        learning_rate=stage.learning_rate,
        callbacks=callbacks,
        teacher=Teacher(config.distillation) if config.distillation else None,
    )
    trainer.train(resume_from_checkpoint=str(checkpoint.path) if checkpoint else None)
    loaded.model.eval()
    write_json(folder / "history.json", trainer.state.log_history)
    save_model(loaded, folder / "saving")
    (folder / "saving").rename(folder / "done")  # at once, so that a kill leaves no half of it
    for old in folder.glob("checkpoint-*"):
        shutil.rmtree(old)
    # The stored weights are rounded: the next stage starts from them whether or not it is resumed.
    return load_model(folder / "done")


def stage_windows(
    loaded: LoadedModel,
    docs: Sequence[Document],
    versions: Sequence[Sequence[Document]],
    *,
    stage: StageConfig,
    config: TrainConfig,
) -> TrainingWindows:
    """Training windows of a stage; what is lost is shown, and too much of it refused."""
    sizes = config.windows
    encoder = Encoder(loaded.pieces, loaded.schema, sizes.max_pieces, sizes.context)
    features, loss = encoder.encode_all(docs)
    n_chars = sum(len(d.text) for d in docs)
    console.print(
        f"stage {stage.name}: {len(docs)} documents, {n_chars:,} characters, {len(features)} windows"
    )
    own = range(len(features))
    by_epoch: list[Sequence[int]] = []
    for others in versions:
        found, lost = encoder.encode_all(others)
        by_epoch.append([*own, *range(len(features), len(features) + len(found))])
        features += found
        loss += lost
    if versions:
        console.print(
            f"stage {stage.name}: and {len(versions[0])} augmented versions, others in each epoch"
        )
    report_loss(loss, stage, config)
    return TrainingWindows(features, by_epoch or [own])


def fingerprint(
    config: TrainConfig,
    number: int,
    docs: Sequence[Document],
    *,
    dev: Sequence[Document],
    start: LoadedModel,
) -> str:
    """Changes with anything that a stage's result depends on: recipe, weights at its start, data."""
    recipe = config.model_dump(exclude={"output", "work", "stages", "gold"})
    recipe["stages"] = [
        s.model_dump(exclude=None if s.augmentation.copies else {"augmentation"})
        for s in config.stages[: number + 1]
    ]
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode())
    for weights in start.model.state_dict().values():
        digest.update(weights.detach().cpu().contiguous().numpy().tobytes())
    if config.distillation:
        digest.update(sha256(Path(config.distillation.teacher) / "model.safetensors").encode())
    for doc in (*docs, *(dev if config.stages[number].patience else ())):
        digest.update(doccano.to_line(doc).encode())
    return digest.hexdigest()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def report_loss(loss: EncodingLoss, stage: StageConfig, config: TrainConfig) -> None:
    """Show what training cannot see; refuse past the configured share.

    Raises:
        DataError: More gold spans than `training.max_unencodable_share` cannot be encoded.
    """
    share = loss.n_lost_spans / loss.n_spans if loss.n_spans else 0.0
    console.print(
        f"stage {stage.name}: {loss.n_lost_spans} of {loss.n_spans} gold spans and "
        f"{loss.n_lost_relations} of {loss.n_relations} gold relations cross a window and are not "
        "learnt from"
    )
    if share > config.training.max_unencodable_share:
        raise DataError(
            f"stage {stage.name}: {loss.n_lost_spans} of {loss.n_spans} gold spans ({share:.1%}) cannot "
            f"be encoded; allowed are {config.training.max_unencodable_share:.1%} "
            "(training.max_unencodable_share). Raise windows.max_pieces, or mend spans that cross "
            "a paragraph."
        )


def measure(loaded: LoadedModel, docs: Sequence[Document]) -> Scores:
    """Scores of a model on documents, summed."""
    return total(score_documents(docs, annotate(loaded, docs)))


def annotate(loaded: LoadedModel, docs: Sequence[Document]) -> list[Document]:
    """What a model finds in clean documents, in full precision."""
    return list(Predictor(TorchBackend(loaded)).annotate(docs))
