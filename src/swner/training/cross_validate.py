"""`swner crossval`: train without one page at a time and score that page.

Stages that hold no gold document are the same for all folds, so they are trained once; what they
give is also scored on all pages, as quality on real text that was never trained on. What the folds
find in their pages, and in a share each of the dev documents, is kept to calibrate scores with.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from swner.config import TrainConfig
from swner.corpus.clean import on_clean_text
from swner.corpus.load import load
from swner.corpus.recipe import dev_documents, stage_data
from swner.document import Document
from swner.evaluation.crossval import page_folds, summary
from swner.evaluation.scores import Scores, score_documents, total
from swner.model.checkpoint import LoadedModel
from swner.training.calibrate import HELD_OUT, HeldOut, held_out_items, write_held_out
from swner.training.record import CROSSVAL, recipe_record, write_json
from swner.training.train import (
    annotate,
    console,
    measure,
    prepare_torch,
    start_model,
    train_stage,
    work_dir,
)


def cross_validate(config: TrainConfig, *, resume: bool = False) -> dict[str, Any]:
    """Score every gold page by a model that never saw it.

    Writes `crossval.json` and `held_out.json` in the run's folder; `swner train` and
    `swner calibrate` take the model's measures and calibration from there.

    Args:
        config: The recipe; `config.gold` names the pages.
        resume: Take up finished stages of an earlier run of the same recipe on the same data.

    Returns:
        `crossval`: pooled scores with mean and spread over pages; `unseen_real`: the shared
        stages' scores on all pages, or None if every stage holds gold.
    """
    prepare_torch(config)
    gold = on_clean_text(load([config.gold]))
    folds = page_folds(gold)
    gold_ids = {d.id for d in gold}
    dev = [d for d in dev_documents(config) if d.id not in gold_ids]
    stages = [stage_data(config, stage) for stage in config.stages]
    n_shared = _n_shared(stages, gold_ids)
    shared = _run(
        start_model(config), config, stages, range(n_shared), dev, work_dir(config), resume
    )
    result: dict[str, Any] = {"unseen_real": None}
    if n_shared:
        unseen = {f.page: measure(shared, f.test) for f in folds}
        result["unseen_real"] = summary(unseen)
    scores: dict[str, Scores] = {}
    held_out = HeldOut()
    for number, fold in enumerate(folds):
        prepare_torch(config)
        held = {d.id for d in fold.test}
        rest = [[d for d in docs if d.id not in held] for docs in stages]
        folder = work_dir(config) / f"without-{Path(fold.page).stem}"
        numbers = range(n_shared, len(stages))
        model = _run(copy.deepcopy(shared), config, rest, numbers, dev, folder, resume)
        pred = annotate(model, fold.test)
        scores[fold.page] = total(score_documents(fold.test, pred))
        share = dev[number :: len(folds)]
        held_out += held_out_items(
            zip([*fold.test, *share], [*pred, *annotate(model, share)], strict=True)
        )
        console.print(
            f"without {fold.page}: core {scores[fold.page].core.f1:.3f}, "
            f"all {scores[fold.page].all.f1:.3f}, relations {scores[fold.page].all_relations.f1:.3f}"
        )
    result["crossval"] = summary(scores)
    write_json(work_dir(config) / CROSSVAL, result)
    write_held_out(held_out, work_dir(config) / HELD_OUT, recipe=recipe_record(config))
    return result


def _n_shared(stages: Sequence[Sequence[Document]], gold_ids: set[str]) -> int:
    """How many stages come before the first that holds a gold document."""
    for number, docs in enumerate(stages):
        if any(d.id in gold_ids for d in docs):
            return number
    return len(stages)


def _run(
    model: LoadedModel,
    config: TrainConfig,
    stages: Sequence[Sequence[Document]],
    numbers: range,
    dev: Sequence[Document],
    folder: Path,
    resume: bool,
) -> LoadedModel:
    for number in numbers:
        model = train_stage(
            model,
            stages[number],
            number=number,
            dev=dev,
            config=config,
            folder=folder,
            resume=resume,
        )
    return model
