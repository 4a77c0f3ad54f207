"""Leave-one-page-out: folds by page, and the mean and spread of their scores.

Articles of a page share a reporter, a paper and a day, so a page is the unit that is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from swner.document import Document
from swner.errors import DataError
from swner.evaluation.scores import Scores, total


@dataclass(frozen=True)
class Fold:
    """Documents of one page, to test on, and those of all others."""

    page: str
    rest: tuple[Document, ...]
    test: tuple[Document, ...]


def page_folds(docs: Sequence[Document]) -> list[Fold]:
    """One fold a page (`meta["page"]`).

    Raises:
        DataError: A document names no page, or there are fewer than two pages.
    """
    for doc in docs:
        if not doc.meta.get("page"):
            raise DataError(
                f"document {doc.id}: meta has no page; crossval leaves out one page at a time. "
                'Add "page": "NAME" to the meta of every gold record.'
            )
    pages = sorted({str(d.meta["page"]) for d in docs})
    if len(pages) < 2:
        raise DataError(f"the gold data has {len(pages)} page; crossval needs two at least.")
    return [
        Fold(
            page,
            tuple(d for d in docs if d.meta["page"] != page),
            tuple(d for d in docs if d.meta["page"] == page),
        )
        for page in pages
    ]


def summary(folds: Mapping[str, Scores]) -> dict[str, Any]:
    """Scores over all folds together (counts add), each fold's, mean and standard deviation."""
    rows = {
        "core": [s.core.f1 for s in folds.values()],
        "all": [s.all.f1 for s in folds.values()],
        "relations": [s.all_relations.f1 for s in folds.values()],
    }
    return {
        **total(folds.values()).to_json(),
        "mean": {name: round(mean(values), 4) for name, values in rows.items()},
        "spread": {name: round(stdev(values), 4) for name, values in rows.items()},
        "by_page": {page: s.to_json() for page, s in folds.items()},
    }
