"""Hugging Face's training arguments from our configuration."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from transformers import TrainingArguments

from swner.config import StageConfig, TrainConfig
from swner.training.trainer import BEST


def arguments(
    config: TrainConfig, stage: StageConfig, folder: Path, *, n_epochs: int, has_dev: bool
) -> TrainingArguments:
    """Hugging Face's arguments for a stage.

    Args:
        config: The recipe.
        stage: One of its stages.
        folder: Of the checkpoints.
        n_epochs: To train, those of an interrupted run included.
        has_dev: Whether there are documents to measure on after each epoch.
    """
    stops = has_dev and stage.patience is not None
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=n_epochs,
        learning_rate=stage.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=config.training.warmup_share,
        max_grad_norm=config.training.max_grad_norm,
        seed=config.seed,
        bf16=use_bf16(config),
        use_cpu=not torch.cuda.is_available(),
        eval_strategy="epoch" if has_dev else "no",
        save_strategy="epoch",
        save_total_limit=1,
        restore_callback_states_from_checkpoint=True,
        load_best_model_at_end=stops,
        metric_for_best_model=f"eval_{BEST}" if stops else None,
        greater_is_better=True if stops else None,
        logging_steps=20,
        report_to=[],
        disable_tqdm=not _is_terminal(),
        remove_unused_columns=False,
        label_names=["tags"],
        dataloader_num_workers=0,
    )


def use_bf16(config: TrainConfig) -> bool:
    """Whether to train in bfloat16 autocast: by the configuration, or where the machine has it."""
    if config.training.bf16 != "auto":
        return config.training.bf16 == "yes"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.exists() and "avx512_bf16" in cpuinfo.read_text()


def _is_terminal() -> bool:
    return os.isatty(2) or bool(os.environ.get("SWNER_PROGRESS"))
