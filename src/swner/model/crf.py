"""A linear-chain CRF over tags (Lafferty et al., ICML 2001), trained by exact likelihood.

Illegal BIO transitions are fixed at FORBIDDEN, in training and in decoding alike; decoding itself is
numpy's (`codec.viterbi`), shared by all backends. Checked against enumeration in the tests.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from swner.codec.tags import FORBIDDEN, TagSet
from swner.codec.viterbi import Transitions

TINY = 1e-100


class Crf(nn.Module):
    """Transition scores and the negative log-likelihood of gold tags.

    Args:
        tags: The tag set, which says what is legal.
        learned: Whether transition scores are parameters; else legal ones stay 0.
    """

    def __init__(self, tags: TagSet, *, learned: bool) -> None:
        super().__init__()
        n_tags = len(tags)
        self.start = nn.Parameter(torch.zeros(n_tags), requires_grad=learned)
        self.step = nn.Parameter(torch.zeros(n_tags, n_tags), requires_grad=learned)
        self.end = nn.Parameter(torch.zeros(n_tags), requires_grad=learned)
        self.register_buffer("legal_start", torch.from_numpy(tags.legal_starts()), persistent=False)
        self.register_buffer("legal_step", torch.from_numpy(tags.legal()), persistent=False)
        self.legal_start: Tensor
        self.legal_step: Tensor

    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Start, step and end scores with the illegal ones at FORBIDDEN."""
        return (
            self.start.masked_fill(~self.legal_start, FORBIDDEN),
            self.step.masked_fill(~self.legal_step, FORBIDDEN),
            self.end,
        )

    def to_transitions(self) -> Transitions:
        """The scores as numpy arrays, for decoding."""
        start, step, end = (s.detach().double().cpu().numpy() for s in self.scores())
        return Transitions(start, step, end)

    def loss(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Mean negative log-likelihood per position, a scalar.

        Args:
            emissions: Shape (sequences, length, tags).
            tags: Gold tags, int64, shape (sequences, length); any value where masked.
            mask: Bool, shape (sequences, length): a run of True from position 0 on, not empty.
        """
        emissions = emissions.float()
        gold = self._gold_score(emissions, tags.masked_fill(~mask, 0), mask)
        return (self._log_partition(emissions, mask) - gold).sum() / mask.sum()

    def _gold_score(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        start, step, end = self.scores()
        # shape: (sequences, length)
        emitted = emissions.gather(2, tags[:, :, None])[:, :, 0] * mask
        # shape: (sequences, length - 1)
        stepped = step[tags[:, :-1], tags[:, 1:]] * mask[:, 1:]
        last = tags.gather(1, mask.sum(1, keepdim=True) - 1)[:, 0]
        return start[tags[:, 0]] + emitted.sum(1) + stepped.sum(1) + end[last]

    def _log_partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Log of the summed path scores, shape (sequences,).

        The recursion runs in the space of probabilities, in float64 and rescaled at each step: one
        small matrix product a position instead of a log-sum over (tags, tags). The result does not
        depend on the scales, so they are constants to the gradient.
        """
        start, step, end = (score.double() for score in self.scores())
        emissions = emissions.double()
        # shape: (tags, tags); rows sum the ways to reach a tag
        kernel = step.exp()
        # shape: (sequences, length, 1)
        top = emissions.detach().amax(2, keepdim=True)
        # shape: (sequences, length, tags)
        weights = (emissions - top).exp()
        alpha = weights[:, 0] * start.exp()
        log_total = top[:, 0, 0]
        for t in range(1, emissions.shape[1]):
            moved = (alpha @ kernel) * weights[:, t]
            scale = moved.detach().amax(1, keepdim=True).clamp_min(TINY)
            live = mask[:, t]
            alpha = torch.where(live[:, None], moved / scale, alpha)
            log_total = log_total + torch.where(live, top[:, t, 0] + scale[:, 0].log(), 0.0)
        return (log_total + (alpha * end.exp()).sum(1).clamp_min(TINY).log()).float()
