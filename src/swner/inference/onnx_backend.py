"""The backend that runs a model directory's graphs with ONNX Runtime: no torch, one core a call.

Each window goes through the network alone and unpadded. So what is found in it depends on nothing
else, not even the scales that the 8-bit graph takes from its input; no work goes into padding; and
the layers' values stay in the cache, which makes it faster than a batch.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from swner.codec.calibration import read_calibration
from swner.codec.collate import Batch
from swner.codec.pairs import PairBatch
from swner.codec.tokenize import PieceTable
from swner.errors import ModelError
from swner.inference.backend import Encoded, Float32
from swner.model.files import (
    Part,
    Precision,
    graph_path,
    read_manifest,
    read_settings,
    read_vocabulary,
)

PAIRS_AT_ONCE = 4096
SLOWER_FUSED = ["SkipLayerNormFusion", "BiasGeluFusion"]
"""Rewritings of ONNX Runtime (as of 1.31) whose fused kernels take longer than what they replace:
SkipLayerNormalization seven times as long as an addition and LayerNormalization, BiasGelu twice as
long as Gelu after a product that adds the bias itself."""


class OnnxBackend:
    """Runs the graphs that `swner export` wrote.

    Args:
        path: A model directory.
        precision: Which graphs.
        n_threads: How many windows run at once, each on a core; None takes all cores there are.

    Raises:
        ModelError: A file is missing or damaged, or the graphs are not those of the weights beside.
    """

    def __init__(self, path: Path, *, precision: Precision, n_threads: int | None = None) -> None:
        settings = read_settings(path)
        manifest = read_manifest(path)
        self.schema = settings.schema
        self.windows = settings.windows
        self.pieces = PieceTable(read_vocabulary(path))
        self.transitions = manifest.transitions
        self.calibration = read_calibration(path, settings.schema)
        self.digest = backend_digest(manifest.weights, precision)
        self.n_callers = n_threads or n_cores()
        careful = precision == "int8" and overflows(path)
        self._encoder = _session(path, "encoder", precision, careful=careful)
        self._pairs = _session(path, "pairs", precision, careful=careful)

    def encode(self, batch: Batch) -> Sequence[Encoded]:
        """See `Backend.encode`."""
        lengths = batch.attention_mask.sum(axis=1).tolist()
        rows = zip(batch.input_ids, lengths, strict=True)
        return [self._encode_one(ids[:n]) for ids, n in rows]

    def _encode_one(self, ids: npt.NDArray[np.int64]) -> Encoded:
        """Scores of one window. `ids` has shape (length,), specials included."""
        emissions, states = self._encoder.run(["emissions", "states"], {"input_ids": ids[None]})
        return Encoded(emissions[0], states[0])

    def pair_scores(self, states: Float32, pairs: PairBatch) -> npt.NDArray[np.float64]:
        """See `Backend.pair_scores`."""
        scores = [np.zeros(0)]
        for at in range(0, len(pairs.spans), PAIRS_AT_ONCE):
            part = slice(at, at + PAIRS_AT_ONCE)
            inputs = {
                "states": states,
                "spans": pairs.spans[part],
                "features": pairs.features[part],
            }
            (logits,) = self._pairs.run(["logits"], inputs)
            scores.append(1 / (1 + np.exp(-logits.astype(np.float64))))
        return np.concatenate(scores)


def backend_digest(weights: str, precision: Precision) -> str:
    """What documents name as their model: the weights, and whether 8 bits blur them.

    In full precision ONNX Runtime and torch find the same, up to the last digits of a score, and go
    by the same name.
    """
    return weights if precision == "fp32" else f"{weights}-{precision}"


def n_cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def overflows(model_dir: Path) -> bool:
    """Whether 8-bit products overflow on this processor.

    Those without VNNI add pairs of products in 16 bits. Where a pair does not fit, the sum is cut
    off in silence, which makes the error of the shipped model's tag scores twice as large.
    """
    probe = _session(model_dir, "probe", "int8", careful=False)
    (sums,) = probe.run(["sums"], {"x": np.ones((8, 64), np.float32)})
    return not np.allclose(sums, 64, rtol=0.01)


def _session(
    model_dir: Path, part: Part, precision: Precision, *, careful: bool
) -> ort.InferenceSession:
    """A session that takes one core; `careful` takes the slower products that never overflow."""
    path = graph_path(model_dir, part, precision)
    if not path.is_file():
        raise ModelError(
            f"{path}: no such graph. Run `swner export {model_dir} --{precision}`, or choose another "
            "backend: torch runs every model directory with weights."
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # what is fatal is raised as an exception too
    if careful:
        options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return ort.InferenceSession(
            path, options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOWER_FUSED
        )
    except Exception as error:  # the runtime's own exceptions have no common base
        raise ModelError(
            f"{path}: ONNX Runtime {ort.__version__} cannot load it "
            f"({str(error).splitlines()[0]}). Run `swner export {model_dir}` again."
        ) from error
