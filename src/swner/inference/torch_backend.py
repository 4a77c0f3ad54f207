"""The backend that runs a model directory with torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from swner.codec.collate import Batch
from swner.codec.pairs import PairBatch
from swner.inference.backend import Encoded, Float32
from swner.model.checkpoint import LoadedModel

PAIRS_AT_ONCE = 4096


class TorchBackend:
    """Runs a loaded model on the CPU (or wherever its weights are).

    Args:
        loaded: From `model.checkpoint`.
        bf16: Run the encoder in bfloat16 autocast.
        n_threads: Cores to use, a setting of the whole process; None leaves it as it is.
    """

    def __init__(
        self, loaded: LoadedModel, *, bf16: bool = False, n_threads: int | None = None
    ) -> None:
        if n_threads:
            torch.set_num_threads(n_threads)
        self.model = loaded.model.eval()
        self.schema = loaded.schema
        self.pieces = loaded.pieces
        self.windows = loaded.windows
        self.transitions = loaded.model.crf.to_transitions()
        self.digest = loaded.digest
        self.calibration = loaded.calibration
        self.n_callers = 1
        self._bf16 = bf16

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device

    @torch.inference_mode()
    def encode(self, batch: Batch) -> Sequence[Encoded]:
        """See `Backend.encode`."""
        ids = torch.from_numpy(batch.input_ids).to(self._device)
        mask = torch.from_numpy(batch.attention_mask).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16):
            output = self.model(ids, mask)
        emissions = output.emissions.float().cpu().numpy()
        states = output.states.float().cpu().numpy()
        lengths = batch.attention_mask.sum(axis=1)
        return [
            Encoded(emissions[row, 1 : n - 1], states[row, 1 : n - 1])
            for row, n in enumerate(lengths.tolist())
        ]

    @torch.inference_mode()
    def pair_scores(self, states: Float32, pairs: PairBatch) -> npt.NDArray[np.float64]:
        """See `Backend.pair_scores`."""
        if len(pairs.spans) == 0:
            return np.zeros(0)
        document = torch.from_numpy(states).to(self._device)[None]
        scores = []
        for at in range(0, len(pairs.spans), PAIRS_AT_ONCE):
            spans = torch.from_numpy(pairs.spans[at : at + PAIRS_AT_ONCE]).to(self._device)
            features = torch.from_numpy(pairs.features[at : at + PAIRS_AT_ONCE]).to(self._device)
            rows = torch.zeros(len(spans), dtype=torch.int64, device=self._device)
            logits = self.model.relations(document, rows, spans, features)
            scores.append(torch.sigmoid(logits.double()).cpu().numpy())
        return np.concatenate(scores)
