"""Held-out predictions to a model's `calibration.json`.

What is held out is scored by models that never saw it: the gold pages and, shared out among the
folds, the dev documents, by the folds of `swner crossval`; or documents that a user gives.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from swner.codec.calibration import Calibration, LabelCalibration, joint_score
from swner.document import Document
from swner.errors import DataError
from swner.evaluation.platt import (
    Platt,
    ScoredItem,
    choose_spread,
    cross_fitted,
    fit,
    log_loss,
)
from swner.evaluation.precision import Tally
from swner.evaluation.reliability import Reliability, reliability
from swner.schema import Schema

HELD_OUT = "held_out.json"
"""What `swner crossval` leaves in the run's folder."""

COLUMNS = ("label", "score", "right", "real", "source", "raw")
"""Of a row of the file: those of `ScoredItem`, and the score that the model itself gives."""

SYNTHETIC = "synthetic"
"""`meta["kind"]` of articles that are not real ones."""


@dataclass(frozen=True, slots=True)
class HeldOutItem:
    """A predicted item of a held-out article.

    Attributes:
        scored: What its curve is fitted to; the score of a relation includes those of its ends.
        raw: The score that it carries without calibration, 0 to 1.
    """

    scored: ScoredItem
    raw: float


@dataclass(frozen=True)
class HeldOut:
    """Predicted items of held-out articles."""

    entities: tuple[HeldOutItem, ...] = ()
    relations: tuple[HeldOutItem, ...] = ()

    def __add__(self, other: HeldOut) -> HeldOut:
        return HeldOut(self.entities + other.entities, self.relations + other.relations)


@dataclass(frozen=True)
class Quality:
    """How far scores can be trusted before calibration and after it, on held-out articles.

    The calibrated scores here come from curves that were fitted without the article's page. Only
    real articles count where there are any.

    Attributes:
        before: Table of raw scores.
        after: Table of calibrated ones.
        loss_before: Log loss of raw scores, nats an item.
        loss_after: Of calibrated ones.
        spread: Width of the prior on the labels' offsets that was chosen.
        n_fitted: Items that the curves are fitted to, synthetic articles included.
    """

    before: Reliability
    after: Reliability
    loss_before: float
    loss_after: float
    spread: float
    n_fitted: int

    def to_json(self) -> dict[str, Any]:
        """What metrics.json holds."""
        return {
            "n_fitted": self.n_fitted,
            "label_spread": self.spread,
            "before": {**self.before.to_json(), "log_loss": round(self.loss_before, 4)},
            "after": {**self.after.to_json(), "log_loss": round(self.loss_after, 4)},
        }


@dataclass(frozen=True)
class FittedCalibration:
    """A calibration and what it is worth."""

    calibration: Calibration
    entities: Quality
    relations: Quality

    def to_json(self) -> dict[str, Any]:
        """What metrics.json holds under `calibration`."""
        return {"entities": self.entities.to_json(), "relations": self.relations.to_json()}


def held_out_items(pairs: Iterable[tuple[Document, Document]]) -> HeldOut:
    """The items of raw predictions.

    Args:
        pairs: Gold documents, each with the predicted one, scores not calibrated.
    """
    entities: list[HeldOutItem] = []
    relations: list[HeldOutItem] = []
    for gold, pred in pairs:
        source = str(gold.meta.get("page") or gold.id)
        real = gold.meta.get("kind") != SYNTHETIC
        keys, links = {e.key for e in gold.entities}, gold.relation_keys()
        ends = [e.key for e in pred.entities]
        for entity in pred.entities:
            if entity.score is not None:
                right = entity.key in keys
                item = ScoredItem(entity.label, entity.score, right, real, source)
                entities.append(HeldOutItem(item, entity.score))
        for relation in pred.relations:
            if relation.score is not None:
                right = (ends[relation.head], relation.label, ends[relation.tail]) in links
                score = joint_score(relation, pred.entities)
                item = ScoredItem(relation.label, score, right, real, source)
                relations.append(HeldOutItem(item, relation.score))
    return HeldOut(tuple(entities), tuple(relations))


def fit_calibration(held_out: HeldOut, schema: Schema) -> FittedCalibration:
    """Curves, counts and quality.

    Raises:
        DataError: There is no item to fit to.
    """
    if not held_out.entities:
        raise DataError(
            "calibration: the held-out articles have no predicted entity, so there is nothing to fit "
            "to. Give annotated articles that the model finds something in."
        )
    entities, quality_of_entities = _fit(held_out.entities, schema.labels)
    relations, quality_of_relations = _fit(held_out.relations, schema.relation_labels)
    return FittedCalibration(
        Calibration(entities, relations), quality_of_entities, quality_of_relations
    )


def _fit(
    items: Sequence[HeldOutItem], labels: Sequence[str]
) -> tuple[dict[str, LabelCalibration], Quality]:
    scored = [item.scored for item in items]
    spread = choose_spread(scored, labels)
    curves = fit(scored, labels, spread=spread)
    known = {
        label: LabelCalibration(curves[label], _tallies(scored, label, curves[label]))
        for label in labels
    }
    judged = [item for item in items if item.scored.real] or items
    before = [(item.raw, item.scored.right) for item in judged]
    after = cross_fitted(scored, labels, spread=spread)
    quality = Quality(
        before=reliability(before),
        after=reliability(after),
        loss_before=log_loss(before),
        loss_after=log_loss(after),
        spread=spread,
        n_fitted=len(items),
    )
    return known, quality


def _tallies(items: Sequence[ScoredItem], label: str, curve: Platt) -> tuple[Tally, ...]:
    """Counts by calibrated score, to four digits as in documents.jsonl, highest first."""
    counts: dict[float, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for item in items:
        if item.label == label:
            row = counts[round(curve(item.score), 4)]
            row[not item.right] += 1
            if item.real:
                row[2 + (not item.right)] += 1
    return tuple(
        Tally(score, *row) for score, row in sorted(counts.items(), key=lambda pair: -pair[0])
    )


def write_held_out(held_out: HeldOut, path: Path, *, recipe: object) -> None:
    """Keep items, one a line, with the recipe (a JSON value) of the models that they come from."""
    parts = [f' "recipe": {json.dumps(recipe, ensure_ascii=False)}']
    parts.append(f' "columns": {json.dumps(COLUMNS)}')
    for name, items in (("entities", held_out.entities), ("relations", held_out.relations)):
        rows = (json.dumps([*_row(item)], ensure_ascii=False) for item in items)
        parts.append(f' "{name}": [\n  ' + ",\n  ".join(rows) + "\n ]")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _row(item: HeldOutItem) -> tuple[Any, ...]:
    label, score, *rest = astuple(item.scored)
    return label, round(score, 6), *rest, round(item.raw, 6)


def read_held_out(path: Path) -> tuple[HeldOut, Any]:
    """Items that `write_held_out` kept, and the recipe.

    Raises:
        DataError: The file is missing or damaged.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        by_part = [
            tuple(HeldOutItem(ScoredItem(*row), raw) for *row, raw in record[part])
            for part in ("entities", "relations")
        ]
        return HeldOut(*by_part), record["recipe"]
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}). `swner crossval CONFIG.yaml` writes it; or "
            "give annotated documents that the model was not trained on."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: damaged ({error!r}). Run `swner crossval` again.") from error
