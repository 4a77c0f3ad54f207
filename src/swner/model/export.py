"""A trained model's network to ONNX: what `swner export` writes into a model directory.

For ONNX Runtime, in standard operators of opset 23 and, in 8 bits, its own DynamicQuantizeMatMul:

    encoder   input_ids (windows, length)              -> emissions, states of the characters
    pairs     states (characters, width), spans, features of the pairs -> logits
    probe     x, ones                                  -> sums, each 64 where nothing overflows
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from swner.codec.pairs import FEATURE_SIZES
from swner.errors import ConfigError
from swner.model.checkpoint import LoadedModel
from swner.model.files import ONNX, Manifest, Precision, graph_path
from swner.model.graphs import INT8_PRODUCT, EncoderGraph, PairsGraph, in_int8, overflow_probe

try:
    import onnx
    import onnxscript  # noqa: F401  torch.onnx.export needs it
except ModuleNotFoundError as error:
    raise ConfigError(
        f"exporting needs {error.name}, which is not installed. Run `pip install 'swner[export]'`; "
        "predicting with exported graphs does not need it."
    ) from error

OPSET = 23  # the first with Attention and its heads in one operator


def export_graphs(loaded: LoadedModel, folder: Path, precisions: Sequence[Precision]) -> None:
    """Write `folder/onnx/`: both graphs in each precision, and the manifest.

    Args:
        loaded: A model from disk, on the CPU.
        folder: A model directory; graphs of other precisions in it stay.
        precisions: Which to write.

    Raises:
        ModelError: The encoder is of a kind that cannot be exported.
    """
    (folder / ONNX).mkdir(parents=True, exist_ok=True)
    for precision in precisions:
        model = loaded.model.eval() if precision == "fp32" else in_int8(loaded.model.eval())
        encoder = EncoderGraph(model, apart=precision == "int8")
        longest = loaded.windows.max_pieces + 2
        _write_encoder(encoder, graph_path(folder, "encoder", precision), longest=longest)
        _write_pairs(PairsGraph(model), graph_path(folder, "pairs", precision), model_width(loaded))
    if "int8" in precisions:
        probe, ones = overflow_probe()
        path = graph_path(folder, "probe", "int8")
        _write(probe, {"x": ones}, path, outputs=("sums",), dynamic={"x": {}})
    made_with = {name: version(name) for name in ("torch", "onnx", "onnxscript")}
    Manifest(loaded.digest, loaded.model.crf.to_transitions(), made_with).write(folder)


def model_width(loaded: LoadedModel) -> int:
    """The number of values in a state."""
    return int(loaded.model.token_model.config.hidden_size)


def _write_encoder(graph: nn.Module, path: Path, *, longest: int) -> None:
    windows = torch.export.Dim("windows")
    length = torch.export.Dim("length", min=3, max=longest)
    _write(
        graph,
        {"input_ids": torch.zeros(2, min(8, longest), dtype=torch.int64)},
        path,
        outputs=("emissions", "states"),
        dynamic={"input_ids": {0: windows, 1: length}},
    )


def _write_pairs(graph: nn.Module, path: Path, width: int) -> None:
    characters, pairs = torch.export.Dim("characters", min=2), torch.export.Dim("pairs", min=2)
    inputs = {
        "states": torch.zeros(8, width),
        "spans": torch.tensor([[0, 2, 3, 5]] * 3),
        "features": torch.zeros(3, len(FEATURE_SIZES), dtype=torch.int64),
    }
    dynamic = {"states": {0: characters}, "spans": {0: pairs}, "features": {0: pairs}}
    _write(graph, inputs, path, outputs=("logits",), dynamic=dynamic)


def _write(
    graph: nn.Module,
    inputs: Mapping[str, Tensor],
    path: Path,
    *,
    outputs: Sequence[str],
    dynamic: Mapping[str, Mapping[int, object]],
) -> None:
    """Trace a module and write it as one file.

    Args:
        graph: The module.
        inputs: Small ones of the right types, by name.
        path: Where to write.
        outputs: Their names.
        dynamic: The dimensions of each input that may change.
    """
    with _quiet(), torch.inference_mode():
        program = torch.onnx.export(
            graph,
            kwargs=dict(inputs),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes={name: dict(dims) for name, dims in dynamic.items()},
            opset_version=OPSET,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    _strip(proto)
    _add_detours(proto.graph)
    onnx.save(proto, path)


def _strip(proto: onnx.ModelProto) -> None:
    """Take out what only says where in the source a node was traced."""
    del proto.metadata_props[:]
    graph = proto.graph
    for part in (*graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output):
        part.doc_string = ""
        del part.metadata_props[:]


def _add_detours(graph: onnx.GraphProto) -> None:
    """Let 8-bit weights that are used twice reach the second place by a node that changes nothing.

    ONNX Runtime (as of 1.31) cannot load a graph that uses them in two places where it has to convert
    them, as it does on processors that would overflow.
    """
    shapes = {tensor.name: tensor.dims for tensor in graph.initializer}
    used: set[str] = set()
    for node in [n for n in graph.node if n.op_type == INT8_PRODUCT]:
        weight = node.input[1]
        if weight in used:
            shape = onnx.numpy_helper.from_array(np.array(shapes[weight]), f"{weight}.shape")
            graph.initializer.append(shape)
            again = onnx.helper.make_node("Reshape", [weight, shape.name], [f"{weight}.again"])
            graph.node.insert(0, again)
            node.input[1] = again.output[0]
        used.add(weight)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No reports on optional packages and on names of shared dimensions."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
