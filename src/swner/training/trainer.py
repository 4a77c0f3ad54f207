"""The Hugging Face Trainer with what this task needs: batches sorted by length under a budget of
positions, rates by depth, and evaluation of whole documents by the shared decoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch import Tensor, nn
from torch.utils.data import DataLoader, Sampler
from transformers import (
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from swner.codec.collate import N_SPECIALS, collate, group_within
from swner.codec.encode import Features
from swner.config import TrainingConfig
from swner.document import Document
from swner.evaluation.scores import score_documents, total
from swner.inference.predictor import Predictor
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import LoadedModel
from swner.training.distill import Teacher

BEST = "core_and_relations"  # what early stopping watches, as eval_<BEST>


@dataclass(frozen=True)
class TrainingWindows:
    """What a stage learns from.

    Attributes:
        features: All windows.
        by_epoch: Which of them each epoch takes; the last entry holds for all later epochs too.
    """

    features: Sequence[Features]
    by_epoch: Sequence[Sequence[int]]

    @classmethod
    def same_for_all(cls, features: Sequence[Features]) -> TrainingWindows:
        """All windows in every epoch."""
        return cls(features, [range(len(features))])


class LengthBatches(Sampler[list[int]]):
    """Batches of windows of like length, shuffled anew each epoch.

    Lengths are rounded up to multiples of `ROUND` before sorting, so that windows of about one length
    meet in ever new company, while the number of batches stays the same. Epochs may have windows of
    their own; one that makes fewer batches than another has some of them twice, since the schedule
    and the place to resume from count on epochs of one length.

    Args:
        lengths: Characters of each window.
        by_epoch: Which windows each epoch takes; the last entry holds for all later epochs too.
        budget: Positions in a batch.
        seed: Of the shuffling, together with `epoch`.
    """

    ROUND = 16

    def __init__(
        self, lengths: Sequence[int], by_epoch: Sequence[Sequence[int]], *, budget: int, seed: int
    ) -> None:
        self._sizes = [-(-(n + N_SPECIALS) // self.ROUND) * self.ROUND for n in lengths]
        self._by_epoch = by_epoch
        self._budget = budget
        self._seed = seed
        self._n_batches = max(len(self._batches(windows)) for windows in by_epoch)
        self.epoch = 0

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng([self._seed, self.epoch])
        windows = self._by_epoch[min(self.epoch, len(self._by_epoch) - 1)]
        order = random.permutation(len(windows)).tolist()
        batches = self._batches([windows[i] for i in order])
        random.shuffle(batches)
        return islice(cycle(batches), self._n_batches)

    def _batches(self, order: Sequence[int]) -> list[list[int]]:
        """Batches of the windows, longest first, those of one size in the given order."""
        longest_first = sorted(order, key=lambda i: -self._sizes[i])
        return group_within(self._budget, self._sizes, longest_first)

    def __len__(self) -> int:
        return self._n_batches


class _EpochOfSampler(TrainerCallback):  # type: ignore[misc]
    """Tells the sampler which epoch begins, a resumed one too."""

    def __init__(self, sampler: LengthBatches) -> None:
        self._sampler = sampler

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """See TrainerCallback."""
        self._sampler.epoch = int(state.epoch or 0)


class JointTrainer(Trainer):  # type: ignore[misc]
    """Trains a joint model on windows and evaluates it on documents.

    Args:
        loaded: The model with its pieces and schema.
        args: Hugging Face's arguments.
        windows: To learn from.
        dev: Documents to measure on; may be empty.
        config: Rates and budgets.
        learning_rate: Of the encoder's top layer.
        callbacks: Hugging Face's callbacks.
        teacher: A larger model to learn from beside the gold answers.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        *,
        args: TrainingArguments,
        windows: TrainingWindows,
        dev: Sequence[Document],
        config: TrainingConfig,
        learning_rate: float,
        callbacks: list[Any],
        teacher: Teacher | None = None,
    ) -> None:
        self._loaded = loaded
        self._teacher = teacher
        self._dev = list(dev)
        self._config = config
        self._learning_rate = learning_rate
        self._features = list(windows.features)
        dataset = Dataset.from_dict({"window": list(range(len(self._features)))})
        super().__init__(
            model=loaded.model,
            args=args,
            train_dataset=dataset,
            eval_dataset=dataset if dev else None,
            data_collator=self._collate,
            callbacks=callbacks,
        )
        self._sampler = LengthBatches(
            [len(f) for f in self._features],
            windows.by_epoch,
            budget=config.batch_pieces,
            seed=args.seed,
        )
        self.add_callback(_EpochOfSampler(self._sampler))

    def _collate(self, rows: list[dict[str, int]]) -> dict[str, Tensor]:
        batch = collate([self._features[row["window"]] for row in rows], pieces=self._loaded.pieces)
        arrays = {
            "input_ids": batch.batch.input_ids,
            "attention_mask": batch.batch.attention_mask,
            "tags": batch.tags,
            "pair_rows": batch.pair_windows,
            "pair_spans": batch.pair_spans,
            "pair_features": batch.pair_features,
            "pair_gold": batch.pair_gold,
        }
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Batches by length, the same for a seed and epoch on every machine."""
        return DataLoader(
            self.train_dataset,
            batch_sampler=self._sampler,
            collate_fn=self._collate,
        )

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Tag loss plus relation loss, and the distance to the teacher where there is one."""
        ids, mask = inputs.pop("input_ids"), inputs.pop("attention_mask")
        output = model(ids, mask)
        tag_loss, relation_loss = self._loaded.model.losses(output, **inputs)
        loss = tag_loss + relation_loss
        if self._teacher is not None:
            pairs = {
                k: v for k, v in inputs.items() if k in {"pair_rows", "pair_spans", "pair_features"}
            }
            taught = self._teacher.loss(
                self._loaded.model, output, input_ids=ids, attention_mask=mask, **pairs
            )
            loss = self._teacher.config.gold_weight * loss + taught
        return (loss, output) if return_outputs else loss

    def create_optimizer(self, *_: Any) -> torch.optim.Optimizer:
        """AdamW; a layer's rate is `layer_decay` times the next one's, classifiers' is higher."""
        groups = parameter_groups(self._loaded, self._config, self._learning_rate)
        self.optimizer: torch.optim.Optimizer = torch.optim.AdamW(groups, lr=self._learning_rate)
        return self.optimizer

    def evaluate(self, *_: Any, metric_key_prefix: str = "eval", **__: Any) -> dict[str, float]:
        """Score the dev documents end to end, by the decoder that prediction uses."""
        self.model.eval()
        predictor = Predictor(TorchBackend(self._loaded, bf16=bool(self.args.bf16)))
        scores = total(score_documents(self._dev, predictor.annotate(self._dev)))
        self.model.train()
        values = {
            "core_f1": scores.core.f1,
            "all_f1": scores.all.f1,
            "relation_f1": scores.all_relations.f1,
            BEST: (2 * scores.core.f1 + scores.all.f1 + scores.all_relations.f1) / 4,
        }
        values |= {f"{label}_f1": counts.f1 for label, counts in scores.entities.items()}
        metrics = {f"{metric_key_prefix}_{name}": round(v, 4) for name, v in values.items()}
        self.log(metrics)
        self.control: TrainerControl = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


def parameter_groups(
    loaded: LoadedModel, config: TrainingConfig, learning_rate: float
) -> list[dict[str, Any]]:
    """Parameters by depth and by whether weight decay applies (matrices only)."""
    n_layers = int(loaded.model.token_model.config.num_hidden_layers)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    encoder = {id(p) for p in loaded.model.encoder.parameters()}
    for name, parameter in loaded.model.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = learning_rate * config.head_learning_rate_factor
        if id(parameter) in encoder:
            rate = learning_rate * config.layer_decay ** (n_layers - _depth(name, n_layers))
        decay = config.weight_decay if parameter.dim() > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": decay}
        for (rate, decay), parameters in groups.items()
    ]


def _depth(name: str, n_layers: int) -> int:
    """0 for embeddings, 1 to n_layers for the layers, n_layers for what lies above."""
    if ".layer." in name:
        return int(name.split(".layer.")[1].split(".")[0]) + 1
    return 0 if "embeddings" in name else n_layers
