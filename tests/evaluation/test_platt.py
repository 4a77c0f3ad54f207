"""Calibration curves on items whose chances are known."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from swner.evaluation.platt import (
    Platt,
    ScoredItem,
    choose_spread,
    cross_fitted,
    fit,
    log_loss,
    logit,
)

LABELS = ("ORG", "PER", "IND")


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def items_of(
    n: int, *, offsets: dict[str, float], slope: float = 0.7, easier: float = 0.0, seed: int = 3
) -> list[ScoredItem]:
    """Items whose chance of being right is sigmoid(slope * logit(score) + offset of the label)."""
    random = np.random.default_rng(seed)
    items = []
    for number in range(n):
        label = list(offsets)[number % len(offsets)]
        score, real = sigmoid(float(random.normal(2, 1.5))), number // len(offsets) % 2 == 0
        chance = sigmoid(slope * logit(score) + offsets[label] + (0 if real else easier))
        right = bool(random.random() < chance)
        items.append(ScoredItem(label, score, right, real, f"page-{number % 7}"))
    return items


def test_a_known_curve_is_found() -> None:
    items = items_of(8000, offsets=dict.fromkeys(LABELS, -0.8), easier=1.5)
    curves = fit(items, LABELS, spread=0.0)
    assert set(curves) == set(LABELS)
    for curve in curves.values():
        assert curve.slope == pytest.approx(0.7, abs=0.08)
        assert curve.offset == pytest.approx(-0.8, abs=0.15)


def test_labels_that_differ_get_their_own_offsets() -> None:
    items = items_of(6000, offsets={"ORG": 0.5, "PER": -1.5})
    assert choose_spread(items, LABELS) > 0
    curves = fit(items, LABELS, spread=1.0)
    assert curves["ORG"].offset - curves["PER"].offset == pytest.approx(2.0, abs=0.3)
    assert curves["IND"].offset == pytest.approx(
        (curves["ORG"].offset + curves["PER"].offset) / 2, abs=0.1
    ), "a label without items takes the common curve"


def test_labels_that_do_not_differ_share_a_curve() -> None:
    items = items_of(3000, offsets=dict.fromkeys(LABELS, -0.5))
    assert len(set(fit(items, LABELS, spread=0.0).values())) == 1
    chosen = fit(items, LABELS, spread=choose_spread(items, LABELS))
    assert [curve.offset for curve in chosen.values()] == pytest.approx([-0.5] * 3, abs=0.25)


def test_a_label_with_few_items_is_drawn_to_the_common_curve() -> None:
    many = items_of(2000, offsets={"ORG": 0.0})
    few = [ScoredItem("PER", 0.9, False, True, "page-1") for _ in range(4)]
    common, narrow, wide = (
        fit([*many, *few], LABELS, spread=spread)["PER"].offset for spread in (0.0, 0.25, 1.0)
    )
    assert wide < narrow < common
    assert common - narrow < 0.4


def test_nothing_to_fit_leaves_scores_as_they_are() -> None:
    curves = fit([], LABELS, spread=1.0)
    assert curves == dict.fromkeys(LABELS, Platt())
    for score in (0.01, 0.5, 0.73, 0.99):
        assert curves["ORG"](score) == pytest.approx(score)


@pytest.mark.parametrize("right", [True, False])
def test_items_that_are_all_alike_give_a_finite_curve(right: bool) -> None:
    items = [ScoredItem("ORG", 1.0, right, True, str(n)) for n in range(30)]
    curve = fit(items, LABELS, spread=0.5)["ORG"]
    assert 0 < curve(0.0) < curve(0.5) < curve(1.0) < 1
    assert (curve(1.0) > 0.9) == right


def test_a_higher_score_never_means_less() -> None:
    """Not even for a model that is the surer the wronger it is."""
    items = items_of(3000, offsets=dict.fromkeys(LABELS, 0.0), slope=-1.0)
    curve = fit(items, LABELS, spread=0.0)["ORG"]
    scores = [curve(n / 100) for n in range(1, 100)]
    assert scores == sorted(scores)
    assert scores[0] < scores[-1]


def test_no_item_is_calibrated_by_its_own_source() -> None:
    """Two pages, one all right and one all wrong: each is judged by the other."""
    items = [
        ScoredItem("ORG", 0.8, right, True, page)
        for page, right in (("a", True), ("b", False))
        for _ in range(50)
    ]
    for score, right in cross_fitted(items, LABELS, spread=0.0):
        assert score < 0.2 if right else score > 0.8


def test_quality_is_that_on_real_articles() -> None:
    items = items_of(400, offsets={"ORG": 0.0})
    assert len(cross_fitted(items, LABELS, spread=0.0)) == 200
    synthetic = [item for item in items if not item.real]
    assert len(cross_fitted(synthetic, LABELS, spread=0.0)) == len(synthetic)


def test_calibration_lowers_the_log_loss_of_scores_that_are_too_high() -> None:
    items = items_of(2000, offsets=dict.fromkeys(LABELS, -1.5))
    real = [(item.score, item.right) for item in items if item.real]
    assert log_loss(cross_fitted(items, LABELS, spread=0.0)) < log_loss(real) - 0.05
    assert log_loss([]) == 0
    assert log_loss([(1.0, True)]) == 0
