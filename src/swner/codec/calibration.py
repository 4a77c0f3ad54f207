"""Calibrated scores, and the counts that say how high a score has to be: `calibration.json`.

Calibration changes scores, never what is found. A relation's raw score takes its two ends for
granted; the calibrated one does not: it is the probability that the link and both ends are right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from swner.document import Document, Entity, Relation
from swner.errors import ModelError
from swner.evaluation.platt import Platt
from swner.evaluation.precision import Tally, Threshold, threshold_for
from swner.schema import Schema

FILE = "calibration.json"
FORMAT = 1
COLUMNS = ("score", "n_right", "n_wrong", "n_real_right", "n_real_wrong")
"""Of a row of `held_out` in the file."""


@dataclass(frozen=True)
class LabelCalibration:
    """A label's curve, and its held-out items by calibrated score."""

    curve: Platt
    held_out: tuple[Tally, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON values that `from_json` reads back."""
        return {
            "slope": self.curve.slope,
            "offset": self.curve.offset,
            "held_out": [list(astuple(tally)) for tally in self.held_out],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LabelCalibration:
        """Read what `to_json` wrote; KeyError, TypeError or ValueError where it did not."""
        curve = Platt(float(value["slope"]), float(value["offset"]))
        if curve.slope <= 0:
            raise ValueError(f"slope {curve.slope}; it must be above 0")
        rows = value["held_out"]
        return cls(curve, tuple(Tally(float(score), *map(int, counts)) for score, *counts in rows))


@dataclass(frozen=True)
class Thresholds:
    """Where each label is cut so that what is let through has the wanted precision.

    Attributes:
        precision: The wanted one.
        entities: Label -> threshold.
        relations: Relation label -> threshold.
    """

    precision: float
    entities: Mapping[str, Threshold]
    relations: Mapping[str, Threshold]


@dataclass(frozen=True)
class Calibration:
    """What a model directory knows of its own scores.

    Attributes:
        entities: By label of the schema, all of them.
        relations: By relation label, all of them.
    """

    entities: Mapping[str, LabelCalibration]
    relations: Mapping[str, LabelCalibration]

    def apply(self, doc: Document) -> Document:
        """A document with raw scores to the same with calibrated ones."""
        relations = tuple(
            replace(r, score=self.relations[r.label].curve(joint_score(r, doc.entities)))
            for r in doc.relations
        )
        entities = tuple(
            e if e.score is None else replace(e, score=self.entities[e.label].curve(e.score))
            for e in doc.entities
        )
        return replace(doc, entities=entities, relations=relations)

    def thresholds(self, precision: float) -> Thresholds:
        """The lowest scores from which upwards a precision above 0 and below 1 holds."""
        by_label, by_relation = (
            {name: threshold_for(known.held_out, precision) for name, known in labels.items()}
            for labels in (self.entities, self.relations)
        )
        return Thresholds(precision, by_label, by_relation)

    def to_json(self) -> dict[str, Any]:
        """What the file holds."""
        return {
            "format": FORMAT,
            "columns": list(COLUMNS),
            "entities": {name: known.to_json() for name, known in self.entities.items()},
            "relations": {name: known.to_json() for name, known in self.relations.items()},
        }


def joint_score(relation: Relation, entities: Sequence[Entity]) -> float:
    """Raw score of a relation with its ends: the three probabilities multiplied."""
    scores = (relation.score, entities[relation.head].score, entities[relation.tail].score)
    product = 1.0
    for score in scores:
        product *= 1.0 if score is None else score
    return product


def read_calibration(model_dir: Path, schema: Schema) -> Calibration | None:
    """The calibration of a model directory; None where it has none.

    Raises:
        ModelError: The file is damaged, its format is another one, or a label is not in it.
    """
    path = model_dir / FILE
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise ModelError(
                f"{path}: format {record['format']!r}; this version of swner reads {FORMAT}. "
                "Run `swner calibrate` again, or install the version that wrote it."
            )
        return Calibration(
            {n: LabelCalibration.from_json(record["entities"][n]) for n in schema.labels},
            {n: LabelCalibration.from_json(record["relations"][n]) for n in schema.relation_labels},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path}: damaged ({error!r}). Run `swner calibrate` again, or delete the file to go on "
            "with raw scores."
        ) from error


def write_calibration(calibration: Calibration, model_dir: Path) -> Path:
    """Write the file, a label a line; returns its path."""
    record = calibration.to_json()
    parts = [f' "format": {FORMAT}', f' "columns": {json.dumps(record["columns"])}']
    for part in ("entities", "relations"):
        rows = (f"  {json.dumps(n)}: {json.dumps(value)}" for n, value in record[part].items())
        parts.append(f' "{part}": {{\n' + ",\n".join(rows) + "\n }")
    path = model_dir / FILE
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    return path
