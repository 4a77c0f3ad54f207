"""The relation classifier: one score for each candidate pair of spans, on the encoder's states."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from swner.codec.pairs import FEATURE_SIZES

FEATURE_WIDTH = 24


class RelationClassifier(nn.Module):
    """Scores pairs from the states at the ends of both spans, those between, and pair features.

    A pair's vector is the sum of linear maps of: the first and last state of the head, the same of
    the tail, the mean of the states between the two, the mean of each span, and embeddings of the
    pair features (`codec.pairs.FEATURE_SIZES`); then GELU, one hidden layer, and a score. The linear
    maps of states are taken once a position, so a pair costs only additions and two small layers.

    Args:
        state_width: Width of the encoder's states.
        width: Width of a pair's vector.
        dropout: Before the last layers.
    """

    N_ROLES = 7  # head first, head last, head mean, tail first, tail last, tail mean, between mean

    def __init__(self, *, state_width: int, width: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.roles = nn.Linear(state_width, self.N_ROLES * width)
        self.features = nn.ModuleList(
            nn.Embedding(size, FEATURE_WIDTH) for size in FEATURE_SIZES.values()
        )
        self.mix = nn.Linear(FEATURE_WIDTH * len(FEATURE_SIZES), width)
        self.hidden = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.score = nn.Linear(width, 1)

    def forward(self, states: Tensor, rows: Tensor, spans: Tensor, features: Tensor) -> Tensor:
        """Scores (logits) of pairs.

        Args:
            states: Shape (windows, length, state_width).
            rows: int64, shape (pairs,): the window of each pair.
            spans: int64, shape (pairs, 4): head start, head end, tail start, tail end.
            features: int64, shape (pairs, number of features).

        Returns:
            Logits, shape (pairs,).
        """
        n_windows, length, _ = states.shape
        # shape: (windows, length, roles, width)
        roles = self.roles(states).float().view(n_windows, length, self.N_ROLES, self.width)
        # shape: (windows, length + 1, 3, width): running sums of the roles that are means
        sums = nn.functional.pad(roles[:, :, (2, 5, 6)].cumsum(1), (0, 0, 0, 0, 1, 0))
        head_start, head_end, tail_start, tail_end = spans.unbind(1)
        between_start = torch.minimum(head_end, tail_end)
        between_end = torch.maximum(torch.maximum(head_start, tail_start), between_start)
        # shape: (pairs, width)
        vector = (
            roles[rows, head_start, 0]
            + roles[rows, head_end - 1, 1]
            + _mean(sums[:, :, 0], rows, head_start, head_end)
            + roles[rows, tail_start, 3]
            + roles[rows, tail_end - 1, 4]
            + _mean(sums[:, :, 1], rows, tail_start, tail_end)
            + _mean(sums[:, :, 2], rows, between_start, between_end)
        )
        embedded = [table(features[:, i]) for i, table in enumerate(self.features)]
        vector = vector + self.mix(torch.cat(embedded, dim=1))
        hidden = nn.functional.gelu(self.hidden(self.dropout(nn.functional.gelu(vector))))
        # shape: (pairs,)
        return torch.as_tensor(self.score(self.dropout(hidden))[:, 0])


def _mean(sums: Tensor, rows: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Means over `[start, end)` from running sums, zero where it is empty; shape (pairs, width)."""
    total = sums[rows, end] - sums[rows, start]
    return total / (end - start).clamp_min(1)[:, None]
