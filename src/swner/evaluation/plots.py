"""Coordinates of the reliability plot; the template draws it as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from swner.evaluation.reliability import Bin, Reliability

SIZE = 320  # of the square picture, in SVG units
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 14, 42  # margins round the plot
_SMALLEST, _LARGEST = 3.0, 11.0  # radius of a point


@dataclass(frozen=True, slots=True)
class Point:
    """One bin: its place, its size by the number of items, the ends of its 95 % interval."""

    x: float
    y: float
    radius: float
    y_low: float
    y_high: float
    bin: Bin


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line of both axes."""

    value: float
    x: float
    y: float


@dataclass(frozen=True)
class ReliabilityPlot:
    """Mean score to the right, share right upwards, both 0 to 1."""

    size: int
    points: tuple[Point, ...]
    ticks: tuple[Tick, ...]


def plot_reliability(table: Reliability) -> ReliabilityPlot:
    """Where the bins that hold items stand. The area of a point grows with its items."""
    most = max((b.n for b in table.bins), default=0)
    points = tuple(
        Point(
            x=_x(b.mean_score),
            y=_y(b.share_right),
            radius=round(_SMALLEST + (_LARGEST - _SMALLEST) * sqrt(b.n / most), 1),
            y_low=_y(b.interval.low),
            y_high=_y(b.interval.high),
            bin=b,
        )
        for b in table.bins
        if b.n
    )
    ticks = tuple(Tick(value, _x(value), _y(value)) for value in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    return ReliabilityPlot(SIZE, points, ticks)


def _x(value: float) -> float:
    return round(LEFT + value * (SIZE - LEFT - RIGHT), 1)


def _y(value: float) -> float:
    return round(SIZE - BOTTOM - value * (SIZE - TOP - BOTTOM), 1)
