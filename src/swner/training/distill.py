"""Distillation: a student with some of a teacher's layers learns the teacher's scores and states.

Follows DistilBERT (Sanh et al. 2019: layers taken from the teacher) and TinyBERT (Jiao et al. 2020:
squared distance of states); the tag scores are matched by squared distance before the CRF, whose
transitions the student takes over.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from swner.config import DistillationConfig
from swner.errors import ConfigError
from swner.model.checkpoint import LoadedModel, load_model
from swner.model.joint import JointModel, JointOutput


def keep_layers(student: LoadedModel, config: DistillationConfig) -> None:
    """Keep the chosen layers of a model's encoder, in place, and take over the teacher's classifiers.

    Raises:
        ConfigError: A layer does not exist, or the teacher has other widths.
    """
    token_model = student.model.token_model
    stack: Any = student.model.encoder.encoder
    layers: nn.ModuleList = stack.layer
    n_layers = len(layers)
    if list(config.layers) != sorted(set(config.layers)) or not all(
        0 <= i < n_layers for i in config.layers
    ):
        raise ConfigError(
            f"distillation.layers: found {list(config.layers)}; allowed are rising numbers from 0 to "
            f"{n_layers - 1}, the layers of the encoder."
        )
    stack.layer = nn.ModuleList(layers[i] for i in config.layers)
    token_model.config.num_hidden_layers = len(config.layers)
    teacher = load_model(Path(config.teacher)).model
    try:
        student.model.crf.load_state_dict(teacher.crf.state_dict())
        student.model.relations.load_state_dict(teacher.relations.state_dict())
        token_model.classifier.load_state_dict(teacher.token_model.classifier.state_dict())
    except RuntimeError as error:
        raise ConfigError(
            f"distillation.teacher: {config.teacher} has classifiers of another size "
            f"({str(error).splitlines()[-1].strip()}). Give encoder a folder of the same width, such as the "
            "teacher itself, and model.relation_width the teacher's."
        ) from error


class Teacher:
    """A trained model whose scores a student learns.

    Args:
        config: Names its folder and the weights of the losses.
    """

    def __init__(self, config: DistillationConfig) -> None:
        self.config = config
        self._model = load_model(Path(config.teacher)).model.eval()

    def loss(
        self,
        student: JointModel,
        output: JointOutput,
        *,
        input_ids: Tensor,
        attention_mask: Tensor,
        pair_rows: Tensor,
        pair_spans: Tensor,
        pair_features: Tensor,
    ) -> Tensor:
        """How far the student's output on a batch is from the teacher's, a scalar.

        Args:
            student: The model that learns.
            output: Of the student on the batch.
            input_ids: int64, shape (windows, length).
            attention_mask: int64, same shape.
            pair_rows: int64, shape (pairs,); see `JointModel.losses` for this and the next two.
            pair_spans: int64, shape (pairs, 4).
            pair_features: int64, shape (pairs, features).
        """
        self._model.to(input_ids.device)
        with torch.no_grad():
            taught = self._model(input_ids, attention_mask)
            pairs = self._model.relations(taught.states, pair_rows, pair_spans, pair_features)
        real = attention_mask.bool()
        squared = nn.functional.mse_loss
        emission_loss = squared(output.emissions[real], taught.emissions[real])
        state_loss = squared(output.states[real].float(), taught.states[real].float())
        loss = self.config.emission_weight * emission_loss + self.config.state_weight * state_loss
        if len(pair_rows):
            learnt = student.relations(output.states, pair_rows, pair_spans, pair_features)
            pair_loss = nn.functional.binary_cross_entropy_with_logits(
                learnt.float(), torch.sigmoid(pairs.float())
            )
            loss = loss + self.config.pair_weight * pair_loss
        return loss
