"""Decoding against enumeration of all paths."""

import itertools

import numpy as np
import pytest

from swner.codec.tags import FORBIDDEN, TagSet
from swner.codec.viterbi import (
    Transitions,
    best_path,
    best_paths,
    make_lattice,
    make_lattices,
    span_probability,
)
from swner.document import Span

TAGS = TagSet(("A", "B"))


def random_case(seed: int, length: int) -> tuple[np.ndarray, Transitions]:
    random = np.random.default_rng(seed)
    legal = Transitions.legal_only(TAGS)
    transitions = Transitions(
        legal.start + random.normal(size=5),
        legal.step + random.normal(size=(5, 5)),
        random.normal(size=5),
    )
    return random.normal(size=(length, 5)) * 2, transitions


def path_score(path: tuple[int, ...], emissions: np.ndarray, t: Transitions) -> float:
    score = t.start[path[0]] + t.end[path[-1]] + sum(emissions[i, p] for i, p in enumerate(path))
    return float(score + sum(t.step[a, b] for a, b in itertools.pairwise(path)))


@pytest.mark.parametrize(("seed", "length"), [(0, 1), (1, 2), (2, 4), (3, 5), (4, 5)])
def test_best_path_and_partition_by_enumeration(seed: int, length: int) -> None:
    emissions, transitions = random_case(seed, length)
    paths = list(itertools.product(range(5), repeat=length))
    scores = np.array([path_score(p, emissions, transitions) for p in paths])
    assert tuple(best_path(emissions, transitions)) == paths[scores.argmax()]
    lattice = make_lattice(emissions, transitions)
    expected = scores.max() + np.log(np.exp(scores - scores.max()).sum())
    assert lattice.log_partition == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_span_probability_by_enumeration(seed: int) -> None:
    emissions, transitions = random_case(seed, 5)
    paths = list(itertools.product(range(5), repeat=5))
    scores = np.array([path_score(p, emissions, transitions) for p in paths])
    weights = np.exp(scores - scores.max())
    lattice = make_lattice(emissions, transitions)
    for span in (Span(0, 1), Span(1, 3), Span(2, 5), Span(0, 5)):
        for label in TAGS.labels:
            has = [(span, label) in TAGS.decode(np.array(p)) for p in paths]
            expected = weights[has].sum() / weights.sum()
            found = span_probability(lattice, span, label, TAGS)
            assert found == pytest.approx(expected, abs=1e-9)


def test_decoded_paths_are_legal_whatever_the_emissions() -> None:
    transitions = Transitions.legal_only(TAGS)
    random = np.random.default_rng(0)
    for _ in range(50):
        path = best_path(random.normal(size=(12, 5)) * 10, transitions)
        assert transitions.start[path[0]] > FORBIDDEN
        assert (transitions.step[path[:-1], path[1:]] > FORBIDDEN).all()


def test_empty_text_has_an_empty_path() -> None:
    assert len(best_path(np.zeros((0, 5)), Transitions.legal_only(TAGS))) == 0


def test_sequences_that_step_together_are_decoded_as_alone() -> None:
    random = np.random.default_rng(0)
    _, transitions = random_case(1, 1)
    for _ in range(30):
        lengths = random.integers(1, 9, size=random.integers(1, 7))
        sequences = [random.normal(size=(n, 5)) * 3 for n in lengths]
        paths = best_paths(sequences, transitions)
        lattices = make_lattices(sequences, transitions)
        for sequence, path, lattice in zip(sequences, paths, lattices, strict=True):
            every = list(itertools.product(range(5), repeat=len(sequence)))
            if len(sequence) <= 4:
                scores = [path_score(p, sequence, transitions) for p in every]
                assert tuple(path) == every[int(np.argmax(scores))]
            assert (path == best_path(sequence, transitions)).all()
            alone = make_lattice(sequence, transitions)
            assert lattice.forward == pytest.approx(alone.forward, abs=1e-9)
            assert lattice.backward == pytest.approx(alone.backward, abs=1e-9)
    assert best_paths([], transitions) == []
    assert [len(p) for p in best_paths([np.zeros((0, 5)), np.zeros((2, 5))], transitions)] == [0, 2]


def test_extreme_emissions_overflow_nothing() -> None:
    """Forward sums stay finite where one tag is e to the 2,000 times likelier than the others."""
    emissions = np.full((4, 5), -2000.0)
    emissions[:, 0] = 0.0
    lattice = make_lattice(emissions, Transitions.legal_only(TAGS))
    assert np.isfinite(lattice.forward).all()
    assert np.isfinite(lattice.backward).all()
    assert lattice.log_partition == pytest.approx(0.0, abs=1e-9)
    assert span_probability(lattice, Span(1, 2), "A", TAGS) == 0
