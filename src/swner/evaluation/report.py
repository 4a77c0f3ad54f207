"""The report for people: one HTML file without scripts or outside resources, to read or to print.

Everything that comes from data is escaped by the template engine, and the same assessments always
give the same bytes.
"""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from swner.evaluation.assess import Assessment, Comparison
from swner.evaluation.bootstrap import LEVEL, N_RESAMPLES, Difference, Interval
from swner.evaluation.views import comparison_view, model_view

MAX_ERRORS = 200  # of one cause, in the page
MAX_CHANGED = 50  # of one cause, in each list of errors that only one of two models makes
MAX_OPEN = 10  # of one cause, shown without a click
MAX_DOCUMENTS = 300
FEW_DOCUMENTS = 30  # below this, percentile intervals are too narrow to go unremarked
_COLOURS = (
    "#cfe3ff", "#ffd9e2", "#e6dcff", "#cdeedd", "#ffe08a", "#dfe6ec", "#d6f1f5", "#ffe3cc",
    "#e9efc0", "#f3d3ee", "#d9d2c5", "#c9e7c4",
)  # fmt: skip
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def write_report(
    result: Assessment | Comparison, path: Path, *, max_errors: int = MAX_ERRORS
) -> None:
    """Write the page of one model, or of two models compared.

    Args:
        result: What to show.
        path: The .html file.
        max_errors: Mistakes of one cause to show; the page says how many more there are.
    """
    comparison = result if isinstance(result, Comparison) else None
    models = [result] if isinstance(result, Assessment) else [result.first, result.second]
    environment = Environment(
        loader=PackageLoader("swner.evaluation", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"ratio": _ratio, "span": _span, "signed": _signed, "p": _p}
    page = environment.get_template("report.html").render(
        models=[model_view(m, max_errors=max_errors) for m in models],
        comparison=comparison
        and comparison_view(comparison, max_errors=min(max_errors, MAX_CHANGED)),
        colours=_colours(models[0].confusion.labels),
        verdict=_verdict,
        max_open=MAX_OPEN,
        max_documents=MAX_DOCUMENTS,
        few=len(models[0].documents) < FEW_DOCUMENTS,
        n_resamples=N_RESAMPLES,
        level=LEVEL,
    )
    # Bytes that no HTML file may hold become the replacement character, one for one.
    path.write_text(_UNPRINTABLE.sub("\ufffd", page), encoding="utf-8", newline="\n")


def _colours(labels: tuple[str, ...]) -> dict[str, str]:
    return {label: _COLOURS[number % len(_COLOURS)] for number, label in enumerate(labels)}


def _ratio(value: float | None) -> str:
    """A score with three digits; a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"


def _signed(value: float) -> str:
    return "0.000" if abs(value) < 0.0005 else f"{value:+.3f}".replace("-", "−")


def _span(interval: Interval | None, signed: bool = False) -> str:
    if interval is None:
        return "–"
    if signed:
        return f"{_signed(interval.low)} to {_signed(interval.high)}"
    return f"{_ratio(interval.low)}–{_ratio(interval.high)}"


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _verdict(found: Difference) -> str:
    """Which model is better, as far as the interval tells."""
    if found.interval is None:
        return "not measured"
    if found.interval.low > 0:
        return "B is better"
    if found.interval.high < 0:
        return "A is better"
    return "no clear difference"
