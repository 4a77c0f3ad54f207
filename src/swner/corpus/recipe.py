"""The documents of a training recipe: those of each stage, their versions, and those held out."""

from __future__ import annotations

from collections.abc import Sequence

from swner.config import StageConfig, TrainConfig
from swner.corpus.augment import augmented
from swner.corpus.clean import on_clean_text
from swner.corpus.load import load
from swner.corpus.split import hold_out, unit
from swner.document import Document

SELF_LABELLED = "self-labelled"
"""`meta["kind"]` of documents with labels that a model gave; see `scripts/self_label.py`."""


def stage_data(config: TrainConfig, stage: StageConfig) -> list[Document]:
    """A stage's documents: all of `train`, and a share of `replay` fixed by the seed; text clean.

    The share is taken from the other end of the hash than the dev documents, which are never trained on.
    """
    docs = on_clean_text(load(stage.train))
    known = {d.id for d in docs}
    replay = on_clean_text(load(stage.replay)) if stage.replay else []
    return docs + [
        d for d in replay if d.id not in known and unit(d.id, config.seed) >= 1 - stage.replay_share
    ]


def stage_versions(
    docs: Sequence[Document], stage: StageConfig, *, seed: int
) -> list[list[Document]]:
    """For each epoch the augmented versions that it has beside the documents; none without copies."""
    if not stage.augmentation.copies:
        return []
    return [
        augmented(docs, stage.augmentation, seed=seed, epoch=epoch) for epoch in range(stage.epochs)
    ]


def dev_documents(config: TrainConfig) -> list[Document]:
    """The files of `dev`, else a share of the first stage's documents; text clean.

    Documents that a model labelled are not held out: they would measure how like that model one is.
    """
    if config.dev:
        return on_clean_text(load(config.dev))
    docs = [d for d in load(config.stages[0].train) if d.meta.get("kind") != SELF_LABELLED]
    return on_clean_text(hold_out(docs, config.dev_share, seed=config.seed)[1])


def training_documents(config: TrainConfig) -> list[Document]:
    """What the stages learn from, each document once, without those held out."""
    held = {d.id for d in dev_documents(config)}
    found = {d.id: d for stage in config.stages for d in stage_data(config, stage)}
    return [d for d in found.values() if d.id not in held]
