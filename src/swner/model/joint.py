"""The joint model: one encoder, a token classifier with a CRF, a relation classifier."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from swner.codec.tags import TagSet
from swner.config import ModelConfig
from swner.model.classifiers import RelationClassifier
from swner.model.crf import Crf
from swner.schema import Schema


@dataclass
class JointOutput:
    """What a forward pass gives.

    Attributes:
        emissions: Tag scores, shape (windows, length, tags), specials included.
        states: The encoder's last states, shape (windows, length, width).
    """

    emissions: Tensor
    states: Tensor


class JointModel(nn.Module):
    """Entities and relations on a shared encoder.

    Args:
        token_model: A Transformers token classifier whose labels are the tags of `schema`.
        schema: Labels and relations.
        config: Sizes and weights of the layers on top.
    """

    def __init__(
        self, token_model: PreTrainedModel, *, schema: Schema, config: ModelConfig
    ) -> None:
        super().__init__()
        self.token_model = token_model
        self.schema = schema
        self.relation_weight = config.relation_weight
        self.crf = Crf(TagSet.of(schema), learned=config.crf)
        self.relations = RelationClassifier(
            state_width=token_model.config.hidden_size,
            width=config.relation_width,
            dropout=config.dropout,
        )

    @property
    def encoder(self) -> nn.Module:
        """The bare encoder inside the token classifier."""
        return self.token_model.base_model  # type: ignore[no-any-return]

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> JointOutput:
        """Emissions and states. Both inputs int64, shape (windows, length), specials included."""
        states = self.encoder(input_ids, attention_mask=attention_mask).last_hidden_state
        emissions = self.token_model.classifier(self.token_model.dropout(states))
        return JointOutput(emissions.float(), states)

    def losses(
        self,
        output: JointOutput,
        *,
        tags: Tensor,
        pair_rows: Tensor,
        pair_spans: Tensor,
        pair_features: Tensor,
        pair_gold: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """The tag loss and the relation loss (0 without pairs), both scalars.

        Args:
            output: Of the same batch.
            tags: int64, shape (windows, length); -100 where no loss is taken. The rest of a row is
                one run.
            pair_rows: int64, shape (pairs,).
            pair_spans: int64, shape (pairs, 4), positions as in `tags`.
            pair_features: int64, shape (pairs, features).
            pair_gold: float, shape (pairs,).
        """
        emissions, own_tags, mask = _align(output.emissions, tags)
        tag_loss = self.crf.loss(emissions, own_tags, mask)
        if len(pair_rows) == 0:
            return tag_loss, tag_loss.new_zeros(())
        logits = self.relations(output.states, pair_rows, pair_spans, pair_features)
        relation_loss = nn.functional.binary_cross_entropy_with_logits(logits.float(), pair_gold)
        return tag_loss, self.relation_weight * relation_loss


def _align(emissions: Tensor, tags: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Shift each row so that its run of gold tags begins at position 0; adds the mask."""
    known = tags >= 0
    first = known.int().argmax(1)
    lengths = known.sum(1)
    length = int(lengths.max())
    # shape: (windows, length)
    at = (first[:, None] + torch.arange(length, device=tags.device)).clamp_max(tags.shape[1] - 1)
    mask = torch.arange(length, device=tags.device) < lengths[:, None]
    gathered = emissions.gather(1, at[:, :, None].expand(-1, -1, emissions.shape[2]))
    return gathered, tags.gather(1, at), mask
