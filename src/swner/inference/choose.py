"""Which backend runs a model directory."""

from __future__ import annotations

from pathlib import Path

from swner.errors import ConfigError
from swner.inference.backend import Backend
from swner.model.files import exported

BACKENDS = ("auto", "onnx", "onnx-fp32", "torch")
"""`onnx` is the 8-bit graph; `auto` takes it, else the fp32 graph, else torch."""


def load_backend(path: Path, name: str = "auto", *, n_threads: int | None = None) -> Backend:
    """Load a model directory on a backend; torch is imported only where it is the one.

    Args:
        path: The model directory.
        name: One of `BACKENDS`.
        n_threads: Cores to use; None takes all there are.

    Raises:
        ConfigError: No backend has the name, or `n_threads` is less than 1.
        ModelError: The directory cannot be loaded on it.
    """
    if name not in BACKENDS:
        raise ConfigError(f"backend: found {name!r}; allowed are {', '.join(BACKENDS)}.")
    if n_threads is not None and n_threads < 1:
        raise ConfigError(f"threads: found {n_threads}; allowed are 1 and more.")
    there = exported(path)
    if name == "torch" or (name == "auto" and not there):
        from swner.inference.torch_backend import TorchBackend
        from swner.model.checkpoint import load_model

        return TorchBackend(load_model(path), n_threads=n_threads)
    from swner.inference.onnx_backend import OnnxBackend

    precision = {"auto": there[0] if there else "int8", "onnx": "int8", "onnx-fp32": "fp32"}[name]
    return OnnxBackend(path, precision=precision, n_threads=n_threads)
