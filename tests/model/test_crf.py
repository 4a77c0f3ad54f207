"""The CRF's likelihood against enumeration, and its transitions against the decoder's."""

import itertools

import pytest
import torch

from swner.codec.tags import TagSet
from swner.model.crf import Crf

TAGS = TagSet(("A", "B"))


def make_crf() -> Crf:
    torch.manual_seed(0)
    crf = Crf(TAGS, learned=True)
    for parameter in (crf.start, crf.step, crf.end):
        torch.nn.init.normal_(parameter)
    return crf


def legal_paths(length: int) -> list[tuple[int, ...]]:
    legal, starts = TAGS.legal(), TAGS.legal_starts()
    return [
        p
        for p in itertools.product(range(5), repeat=length)
        if starts[p[0]] and all(legal[a, b] for a, b in itertools.pairwise(p))
    ]


@pytest.mark.parametrize("length", [1, 2, 4])
def test_loss_is_the_negative_log_likelihood(length: int) -> None:
    crf = make_crf()
    emissions = torch.randn(1, length, 5, dtype=torch.float64).float() * 2
    start, step, end = crf.scores()

    def score(path: tuple[int, ...]) -> torch.Tensor:
        steps = sum((step[a, b] for a, b in itertools.pairwise(path)), torch.zeros(()))
        emitted = sum(emissions[0, i, p] for i, p in enumerate(path))
        return start[path[0]] + end[path[-1]] + emitted + steps

    paths = legal_paths(length)
    total = torch.logsumexp(torch.stack([score(p) for p in paths]), 0)
    for path in paths[:: max(1, len(paths) // 7)]:
        mask = torch.ones(1, length, dtype=torch.bool)
        loss = crf.loss(emissions, torch.tensor([path]), mask)
        assert float(loss * length) == pytest.approx(float(total - score(path)), abs=1e-4)


def test_padding_does_not_change_the_loss() -> None:
    crf = make_crf()
    emissions, tags = torch.randn(1, 3, 5), torch.tensor([[0, 1, 2]])
    alone = crf.loss(emissions, tags, torch.ones(1, 3, dtype=torch.bool))
    padded = crf.loss(
        torch.cat([emissions, torch.randn(1, 2, 5)], 1),
        torch.tensor([[0, 1, 2, -100, -100]]),
        torch.tensor([[True, True, True, False, False]]),
    )
    assert float(padded) == pytest.approx(float(alone), abs=1e-5)


def test_gradients_are_finite_with_extreme_emissions() -> None:
    crf = make_crf()
    emissions = (torch.randn(2, 50, 5) * 40).requires_grad_()
    loss = crf.loss(emissions, torch.zeros(2, 50, dtype=torch.int64), torch.ones(2, 50).bool())
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(emissions.grad).all()
    assert torch.isfinite(crf.step.grad).all()


def test_transitions_for_decoding_are_the_same_scores() -> None:
    crf = make_crf()
    start, step, end = crf.scores()
    transitions = crf.to_transitions()
    assert torch.allclose(torch.from_numpy(transitions.step).float(), step)
    assert torch.allclose(torch.from_numpy(transitions.start).float(), start)
    assert torch.allclose(torch.from_numpy(transitions.end).float(), end)
