"""Scores as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from swner.evaluation.scores import Scores


def print_scores(scores: Scores, *, title: str) -> None:
    """One table: the headline rows, each label, each relation."""
    print_summary(scores.to_json(), title=title)


def print_summary(scores: Mapping[str, Any], *, title: str) -> None:
    """The same from the JSON form, with mean and spread where there are folds."""
    table = Table(title=f"{title}: {scores['n_documents']} documents")
    for name in ("", "precision", "recall", "F1", "gold", "predicted"):
        table.add_column(name, justify="left" if not name else "right")
    sections = (
        {"core labels": scores["core"], "all labels": scores["all"]},
        scores["by_label"],
        {"relations": scores["relations"]},
        scores["by_relation"],
    )
    for rows in sections:
        for name, row in rows.items():
            table.add_row(
                name,
                *(f"{row[key]:.3f}" for key in ("precision", "recall", "f1")),
                str(row["n_gold"]),
                str(row["n_pred"]),
            )
        table.add_section()
    console = Console()
    console.print(table)
    if "spread" in scores:
        console.print(
            "over pages: "
            + ", ".join(
                f"{name} {scores['mean'][name]:.3f} ± {scores['spread'][name]:.3f}"
                for name in scores["mean"]
            )
        )
