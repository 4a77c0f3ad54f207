"""Pictures beside a model: training curves and the reliability of its scores, as PNG.

matplotlib is loaded when a picture is drawn, and draws to a file: no window, no global state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Histories = Mapping[str, Sequence[Mapping[str, Any]]]
"""Stage -> the rows that the trainer logged."""

CURVES, RELIABILITY = "curves.png", "reliability.png"

_INK, _SOFT, _GRID = "#1d2730", "#56626e", "#dbe2e8"
_BRAND, _GREY = "#17505f", "#9aa7b2"
_COLOURS = (
    "#2f6db5", "#c2485f", "#7a55c7", "#23895a", "#b8860b", "#5c6b78", "#1b93a6", "#c7702d",
)  # fmt: skip
_STYLE: Any = {
    "axes.edgecolor": _SOFT, "axes.labelcolor": _INK, "text.color": _INK, "axes.grid": True,
    "xtick.color": _SOFT, "ytick.color": _SOFT, "grid.color": _GRID, "axes.axisbelow": True,
    "axes.spines.top": False, "axes.spines.right": False, "font.size": 10,
}  # fmt: skip
_OVERALL = {"core": "core labels", "all": "all labels", "relation": "relations"}


def draw_curves(histories: Histories, path: Path) -> None:
    """Loss over steps and dev F1 over epochs, all stages one after the other.

    Args:
        histories: Stage -> the rows that the trainer logged.
        path: The .png file.
    """
    with _picture(path, height=6.6) as figure:
        above, below = figure.subplots(2, 1, height_ratios=(2, 3))
        _draw_losses(above, histories)
        _draw_dev_scores(below, histories)


def _draw_losses(axes: Axes, histories: Histories) -> None:
    points = _losses(histories)
    axes.plot([x for x, _ in points], [y for _, y in points], color=_BRAND, linewidth=1.2)
    axes.set_yscale("log")
    axes.set_ylabel("training loss")
    axes.set_xlabel("step")
    _mark_stages(axes, _ends(histories, "step"))


def _draw_dev_scores(axes: Axes, histories: Histories) -> None:
    from matplotlib.ticker import MaxNLocator

    scores = _dev_scores(histories)
    names = sorted(scores, key=lambda name: name not in _OVERALL)
    colours = dict(zip([n for n in names if n not in _OVERALL], _COLOURS * 4, strict=False))
    for name in names:
        points = scores[name]
        wide = name in _OVERALL
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            label=_OVERALL.get(name, name),
            color=_INK if wide else colours[name],
            linestyle={"all": "--", "relation": ":"}.get(name, "-"),
            linewidth=2.2 if wide else 1.3,
            marker="o",
            markersize=4 if wide else 3,
        )
    axes.set_ylabel("F1 on the dev documents")
    axes.set_xlabel("epoch")
    if names:
        _mark_stages(axes, _ends(histories, "epoch"))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9)
    else:
        axes.text(0.5, 0.5, "no dev documents", ha="center", transform=axes.transAxes)


def draw_reliability(quality: Mapping[str, Any], path: Path) -> None:
    """Share right by mean score, before and after calibration, for entities and for relations.

    Args:
        quality: `calibration` of metrics.json.
        path: The .png file.
    """
    with _picture(path, height=5.2) as figure:
        for axes, part in zip(figure.subplots(1, 2), ("entities", "relations"), strict=True):
            axes.plot([0, 1], [0, 1], color=_GREY, linestyle="--", linewidth=1)
            for when, colour, marker in (("before", _GREY, "s"), ("after", _BRAND, "o")):
                table = quality[part][when]
                _draw_bins(axes, table["bins"], colour=colour, marker=marker)
                axes.plot(
                    [], [], color=colour, marker=marker, linestyle="none",
                    label=f"{when} calibration: error {table['ece']:.3f}",
                )  # fmt: skip
            axes.set_title(
                f"{part.capitalize()}: {quality[part]['after']['n']} held out", loc="left"
            )
            axes.set_xlabel("mean score")
            axes.set_ylabel("share right")
            axes.set_xlim(0, 1.02)
            axes.set_ylim(0, 1.02)
            axes.set_aspect("equal")
            axes.legend(loc="upper left", frameon=False, fontsize=9)


def _draw_bins(axes: Axes, bins: Sequence[Mapping[str, Any]], *, colour: str, marker: str) -> None:
    """Points whose area grows with their items, and the 95 % interval of each."""
    most = max((b["n"] for b in bins), default=1)
    for b in bins:
        low, high = b["interval"]
        axes.plot([b["mean_score"]] * 2, [low, high], color=colour, linewidth=1)
        axes.scatter(
            b["mean_score"], b["share_right"], s=18 + 150 * b["n"] / most, color=colour,
            marker=marker, alpha=0.75, linewidths=0,
        )  # fmt: skip


@contextmanager
def _picture(path: Path, *, height: float) -> Iterator[Figure]:
    """A figure ten inches wide that belongs to no window, saved at the end."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(10.0, height), dpi=130, layout="constrained")
        yield figure
        figure.savefig(path, metadata={"Software": None})  # the same bytes from any version


def _losses(histories: Histories) -> list[tuple[int, float]]:
    """Step, counted through all stages, and loss."""
    points, before = [], 0
    for rows, end in zip(histories.values(), _ends(histories, "step").values(), strict=True):
        points += [(before + int(row["step"]), float(row["loss"])) for row in rows if "loss" in row]
        before = int(end)
    return points


def _dev_scores(
    histories: Histories,
) -> dict[str, list[tuple[float, float]]]:
    """Name of a score -> epochs, counted through all stages, and F1."""
    scores: dict[str, list[tuple[float, float]]] = {}
    before = 0.0
    for rows, end in zip(histories.values(), _ends(histories, "epoch").values(), strict=True):
        for row in rows:
            for key, value in row.items():
                if key.startswith("eval_") and key.endswith("_f1"):
                    name = key.removeprefix("eval_").removesuffix("_f1")
                    scores.setdefault(name, []).append((before + row["epoch"], value))
        before = end
    return scores


def _ends(histories: Histories, unit: str) -> dict[str, float]:
    """Stage -> where it ends, in steps or epochs counted through all stages."""
    ends, before = {}, 0.0
    for stage, rows in histories.items():
        before += max((row[unit] for row in rows if unit in row), default=0.0)
        ends[stage] = before
    return ends


def _mark_stages(axes: Axes, ends: Mapping[str, float]) -> None:
    """A line where a stage ends, its name at its beginning."""
    start = 0.0
    for stage, end in ends.items():
        axes.text(
            start, 1.02, f" {stage}", transform=axes.get_xaxis_transform(), color=_SOFT, fontsize=9
        )
        if end != max(ends.values()):
            axes.axvline(end, color=_SOFT, linewidth=0.8, linestyle=":")
        start = end
    axes.set_xlim(left=0)
