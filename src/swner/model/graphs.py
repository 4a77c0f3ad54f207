"""The network as ONNX Runtime is to run it: the joint model's layers in the form that is traced.

What differs from `JointModel` is only how it computes. Windows come without padding, so there is no
mask. In 8 bits the two special positions go apart from the text, since a scale is taken from all
values of a layer's input and those of [CLS] and [SEP] reach 10 to 30 times the others' ("attention
sinks": Xiao et al., ICLR 2024), which would leave the text a few levels of 256. On the shipped model
that makes the error of the tag scores three times smaller.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.onnx import ops
from transformers import BertModel
from transformers.models.bert.modeling_bert import BertLayer

from swner.errors import ModelError
from swner.model.classifiers import RelationClassifier
from swner.model.joint import JointModel

INT8_LEVELS = 127
INT8_PRODUCT = "DynamicQuantizeMatMul"


class EncoderGraph(nn.Module):
    """Piece ids to tag scores and states; the layers are the joint model's own.

    Args:
        model: A joint model on a BERT.
        apart: Let [CLS] and [SEP] pass the linear layers apart from the text.

    Raises:
        ModelError: The encoder is not built as a BERT is.
    """

    def __init__(self, model: JointModel, *, apart: bool) -> None:
        super().__init__()
        encoder = model.encoder
        if not isinstance(encoder, BertModel):
            raise ModelError(
                f"the encoder is of the type {model.token_model.config.model_type!r}; only 'bert' can "
                "be exported. Predict with --backend torch."
            )
        self.embeddings: nn.Module = encoder.embeddings
        self.layers: nn.ModuleList = encoder.encoder.layer
        self.classifier = model.token_model.classifier
        self.apart = apart

    def forward(self, input_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Scores and states of the characters.

        Args:
            input_ids: int64, shape (windows, length), specials included; all windows of one length.

        Returns:
            Emissions, shape (windows, length - 2, tags), and states, (windows, length - 2, width).
        """
        # shape: (windows, length, width)
        states = self.embeddings(input_ids=input_ids)
        # The positions lie in the states by now, so their order is free: specials first.
        specials, text = torch.cat([states[:, :1], states[:, -1:]], dim=1), states[:, 1:-1]
        parts = [specials, text] if self.apart else [torch.cat([specials, text], dim=1)]
        for layer in self.layers:
            parts = _run_layer(layer, parts)
        text = parts[-1] if self.apart else parts[0][:, 2:]
        return self.classifier(text), text


def _run_layer(layer: BertLayer, parts: Sequence[Tensor]) -> list[Tensor]:
    """One layer of a BERT; all parts attend to all, and all else is done part by part.

    Args:
        layer: With the model's weights.
        parts: Shape (windows, positions of the part, width) each.
    """
    attention = layer.attention.self
    n_heads = attention.num_attention_heads
    projections = (attention.query, attention.key, attention.value)
    # shape: (windows, length, width)
    query, key, value = (torch.cat([linear(x) for x in parts], dim=1) for linear in projections)
    context, *_ = ops.attention(
        query,
        key,
        value,
        q_num_heads=n_heads,
        kv_num_heads=n_heads,
        scale=attention.attention_head_size**-0.5,
    )
    done = []
    attended_by_part = torch.split(context, [x.shape[1] for x in parts], dim=1)
    for x, attended in zip(parts, attended_by_part, strict=True):
        mixed = layer.attention.output(attended, x)
        done.append(layer.output(layer.intermediate(mixed), mixed))
    return done


class PairsGraph(nn.Module):
    """Scores of pairs in one document."""

    def __init__(self, model: JointModel) -> None:
        super().__init__()
        self.relations: RelationClassifier = model.relations

    def forward(self, states: Tensor, spans: Tensor, features: Tensor) -> Tensor:
        """Logits, shape (pairs,).

        Args:
            states: Shape (characters, width).
            spans: int64, shape (pairs, 4), in characters.
            features: int64, shape (pairs, number of features).
        """
        rows = torch.zeros_like(spans[:, 0])
        return torch.as_tensor(self.relations(states[None], rows, spans, features))


class Int8Linear(nn.Module):
    """A linear layer on 8-bit integers, as ONNX Runtime's DynamicQuantizeMatMul computes it.

    Weights are rounded once, to 127 steps on either side of 0 for each output; inputs as they
    come, to 256 steps between their least and greatest value. Can be exported, not run.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        # shape: (inputs, outputs)
        weight = linear.weight.detach().T
        scale = (weight.abs().amax(0) / INT8_LEVELS).clamp_min(torch.finfo(torch.float32).tiny)
        self.register_buffer("weight", torch.round(weight / scale).to(torch.int8).contiguous())
        self.register_buffer("scale", scale)
        self.register_buffer("bias", linear.bias.detach())
        self.weight: Tensor
        self.scale: Tensor
        self.bias: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., inputs) to (..., outputs)."""
        return ops.symbolic(
            f"com.microsoft::{INT8_PRODUCT}",
            (x, self.weight, self.scale, None, self.bias),
            dtype=torch.float32,
            shape=(*x.shape[:-1], len(self.scale)),
            version=1,
        )


class Int8Embedding(nn.Module):
    """A table of vectors, each stored in 127 steps on either side of 0 of its own size."""

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        table = embedding.weight.detach()
        # shape: (entries, 1)
        scale = table.abs().amax(1, keepdim=True) / INT8_LEVELS
        scale = scale.clamp_min(torch.finfo(torch.float32).tiny)
        self.register_buffer("table", torch.round(table / scale).to(torch.int8))
        self.register_buffer("scale", scale)
        self.table: Tensor
        self.scale: Tensor

    def forward(self, ids: Tensor) -> Tensor:
        """The vectors of ids; shape (...) to (..., width)."""
        return self.table[ids].float() * self.scale[ids]


def overflow_probe() -> tuple[Int8Linear, Tensor]:
    """A layer of ones, and an input of ones: each output is the number of inputs, 64.

    Processors without 8-bit dot products (VNNI) add pairs of products in 16 bits, where two of
    255 * 127 do not fit; on them less comes out.
    """
    linear = nn.Linear(64, 32)
    nn.init.ones_(linear.weight)
    nn.init.zeros_(linear.bias)
    return Int8Linear(linear), torch.ones(8, 64)


def in_int8(model: JointModel) -> JointModel:
    """A copy whose large layers are 8-bit: all linear maps and tables but the classifiers' last ones.

    The token classifier and the small layers of the relation classifier stay as they are: they take
    no time and no room, and what they give is what is decoded.
    """
    model = copy.deepcopy(model)
    _replace(model.encoder)
    model.relations.roles = Int8Linear(model.relations.roles)  # type: ignore[assignment]
    return model


def _replace(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, Int8Linear(child))
        elif isinstance(child, nn.Embedding):
            setattr(module, name, Int8Embedding(child))
        else:
            _replace(child)
