"""Lower bounds of a precision, and where they put the threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swner.evaluation.precision import Tally, lower_bound, threshold_for

tallies = st.lists(
    st.builds(
        lambda score, real, synthetic: Tally(
            score, real[0] + synthetic[0], real[1] + synthetic[1], *real
        ),
        st.integers(0, 10_000).map(lambda n: n / 10_000),
        st.tuples(st.integers(0, 40), st.integers(0, 3)),
        st.tuples(st.integers(0, 40), st.integers(0, 3)),
    ),
    max_size=12,
    unique_by=lambda tally: tally.score,
)


@pytest.mark.parametrize(
    ("n_right", "n", "bound"),
    [
        # scipy.stats.binomtest(n_right, n, alternative="greater").proportion_ci(0.95, "exact").low
        (59, 59, 0.9504923901115316),
        (58, 59, 0.9221020784811818),
        (300, 310, 0.9458975162493477),
        (1, 10, 0.005116196892304599),
        (18, 20, 0.7173814751141357),
        (0, 20, 0.0),
        (0, 0, 0.0),
    ],
)
def test_the_bound_is_clopper_and_pearsons(n_right: int, n: int, bound: float) -> None:
    assert lower_bound(n_right, n) == pytest.approx(bound, abs=1e-9)


@given(tallies, st.sampled_from([0.6, 0.8, 0.9, 0.95]))
def test_what_is_let_through_holds_and_nothing_lower_does(
    rows: list[Tally], precision: float
) -> None:
    found = threshold_for(rows, precision)

    def holds(score: float) -> bool:
        above = [t for t in rows if t.score >= score]
        n, n_right = sum(t.n for t in above), sum(t.n_right for t in above)
        n_real_right = sum(t.n_real_right for t in above)
        n_real = n_real_right + sum(t.n_real_wrong for t in above)
        any_real = any(t.n_real_right + t.n_real_wrong for t in rows)
        real_holds = not any_real or (n_real > 0 and n_real_right >= precision * n_real)
        return real_holds and lower_bound(n_right, n) >= precision - 1e-12

    scores = sorted(t.score for t in rows)
    if found.score is None:
        assert not any(holds(score) for score in scores)
    else:
        assert holds(found.score)
        assert not any(holds(score) for score in scores if score < found.score)
        assert found.bound >= precision - 1e-12


def test_few_items_are_never_enough() -> None:
    assert threshold_for([Tally(0.99, 58, 0, 58, 0)], 0.95).score is None
    assert threshold_for([Tally(0.99, 59, 0, 59, 0)], 0.95).score == 0.99


def test_real_articles_have_a_veto() -> None:
    rows = [Tally(0.9, 200, 0, 20, 0), Tally(0.8, 200, 3, 17, 3)]
    assert threshold_for(rows, 0.95).score == 0.9
    rows[1] = Tally(0.8, 200, 3, 20, 0)
    assert threshold_for(rows, 0.95).score == 0.8


def test_scores_are_compared_as_they_are_written() -> None:
    found = threshold_for([Tally(0.9123, 100, 0, 0, 0)], 0.9)
    assert found.lets_through(0.91226)
    assert not found.lets_through(0.9122)
    assert not found.lets_through(None)
    assert not threshold_for([], 0.9).lets_through(1.0)


def test_what_is_let_through_seldom_falls_short() -> None:
    """Of items whose chances are known: with confidence 95 %, at most one draw in twenty or so."""
    random = np.random.default_rng(7)
    population = random.normal(2.5, 2.0, 200_000)
    chances = 1 / (1 + np.exp(-population))
    short = 0
    for _ in range(200):
        drawn = random.integers(0, len(population), 250)
        right = random.random(250) < chances[drawn]
        rows = [
            Tally(float(score), int(is_right), int(not is_right), 0, 0)
            for score, is_right in zip(chances[drawn], right, strict=True)
        ]
        threshold = threshold_for(rows, 0.9).score
        if threshold is not None:
            short += chances[chances >= threshold].mean() < 0.9
    assert short <= 20
