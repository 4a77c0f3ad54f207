"""All that is said of a model on a data set: scores, intervals, errors, confusion, reliability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swner.document import Document
from swner.evaluation import reliability
from swner.evaluation.bootstrap import (
    LEVEL,
    N_RESAMPLES,
    SEED,
    Difference,
    RowIntervals,
    compare,
    intervals,
)
from swner.evaluation.errors import Confusion, Mistake, confusion, find_mistakes
from swner.evaluation.reliability import Reliability
from swner.evaluation.scores import Row, Scores, pair_documents, score_document, total
from swner.schema import SCHEMA, Schema


@dataclass(frozen=True, slots=True)
class DocumentScores:
    """Attributes:
    id: Of the document.
    title: Its headline, empty where it has none.
    scores: Of this document alone.
    """

    id: str
    title: str
    scores: Scores

    @property
    def n_errors(self) -> int:
        """Missed and spurious entities and relations."""
        both = (self.scores.all, self.scores.all_relations)
        return sum(c.n_missed + c.n_spurious for c in both)


@dataclass(frozen=True)
class Assessment:
    """One model on one data set.

    Attributes:
        model: Name of the model.
        data: Name of the data.
        scores: Over all documents.
        documents: Of each document, in gold order.
        intervals: Bootstrap intervals of every row.
        confusion: Labels of equal spans.
        mistakes: All of them, worst first.
        entity_reliability: Table of scored entities.
        relation_reliability: Table of scored relations.
    """

    model: str
    data: str
    scores: Scores
    documents: tuple[DocumentScores, ...]
    intervals: Mapping[Row, RowIntervals]
    confusion: Confusion
    mistakes: tuple[Mistake, ...]
    entity_reliability: Reliability
    relation_reliability: Reliability

    def to_json(self) -> dict[str, Any]:
        """What `metrics.json` holds: the keys of `Scores.to_json`, each row with its intervals."""
        record: dict[str, Any] = {"model": self.model, "data": self.data, **self.scores.to_json()}
        for row, found in self.intervals.items():
            _at(record, row)["interval"] = found.to_json()
        causes = Counter(str(m.cause) for m in self.mistakes)
        return record | {
            "bootstrap": {
                "unit": "document",
                "n_resamples": N_RESAMPLES,
                "level": LEVEL,
                "seed": SEED,
            },
            "errors": dict(causes.most_common()),
            "confusion": [
                {"gold": gold, "pred": pred, "n": n}
                for (gold, pred), n in sorted(
                    self.confusion.counts.items(), key=lambda item: (-item[1], str(item[0]))
                )
                if gold != pred
            ],
            "calibration": {
                "entities": self.entity_reliability.to_json(),
                "relations": self.relation_reliability.to_json(),
            },
            "by_document": {d.id: _document_json(d) for d in self.documents},
        }


@dataclass(frozen=True)
class Comparison:
    """Two models on the same documents.

    Attributes:
        first: The first model.
        second: The second; differences are second minus first.
        differences: F1 of every row.
    """

    first: Assessment
    second: Assessment
    differences: Mapping[Row, Difference]

    @property
    def mended(self) -> tuple[Mistake, ...]:
        """Mistakes of the first model that the second does not make."""
        return _not_in(self.first.mistakes, self.second.mistakes)

    @property
    def new(self) -> tuple[Mistake, ...]:
        """Mistakes of the second model that the first does not make."""
        return _not_in(self.second.mistakes, self.first.mistakes)

    def to_json(self) -> dict[str, Any]:
        """The first model's `metrics.json`, and under `comparison` the second's and the differences."""
        differences: dict[str, Any] = {}
        for row, found in self.differences.items():
            _at(differences, row).update(found.to_json())
        return self.first.to_json() | {
            "comparison": {
                **self.second.to_json(),
                "differences": differences,
                "n_errors_mended": len(self.mended),
                "n_errors_new": len(self.new),
            }
        }


def assess(
    gold: Sequence[Document],
    pred: Iterable[Document],
    *,
    model: str,
    data: str,
    schema: Schema = SCHEMA,
) -> Assessment:
    """Compare whole documents, matched by id.

    Args:
        gold: Annotated documents.
        pred: Predicted documents; a missing one counts as one in which nothing was found.
        model: Name for the report.
        data: Name of the data for the report.
        schema: Labels and relations.

    Raises:
        DataError: A gold id comes twice, or two texts under one id differ.
    """
    pairs = pair_documents(gold, pred)
    each = [score_document(g, p, schema=schema) for g, p in pairs]
    return Assessment(
        model=model,
        data=data,
        scores=total(each, schema=schema),
        documents=tuple(
            DocumentScores(doc.id, str(doc.meta.get("title") or ""), scores)
            for doc, scores in zip(gold, each, strict=True)
        ),
        intervals=intervals(each),
        confusion=confusion(pairs, labels=schema.labels),
        mistakes=tuple(find_mistakes(pairs)),
        entity_reliability=reliability.of_entities(pairs),
        relation_reliability=reliability.of_relations(pairs),
    )


def compare_models(first: Assessment, second: Assessment) -> Comparison:
    """Paired comparison of two assessments of the same gold documents."""
    differences = compare([d.scores for d in first.documents], [d.scores for d in second.documents])
    return Comparison(first, second, differences)


def _at(record: dict[str, Any], row: Row) -> dict[str, Any]:
    """The object at a path, made where it is not there yet."""
    for name in row:
        record = record.setdefault(name, {})
    return record


def _not_in(these: Iterable[Mistake], those: Iterable[Mistake]) -> tuple[Mistake, ...]:
    known = {m.identity for m in those}
    return tuple(m for m in these if m.identity not in known)


def _document_json(document: DocumentScores) -> dict[str, Any]:
    scores = document.scores
    named = {"core": scores.core, "all": scores.all, "relations": scores.all_relations}
    return {
        **{name: round(counts.f1, 4) for name, counts in named.items()},
        "n_errors": document.n_errors,
    }
