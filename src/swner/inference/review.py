"""`swner predict --min-precision`: what is sure enough is kept, the rest goes to a person.

Each document keeps the entities and relations whose scores reach their labels' thresholds; the
others stand in its `meta` under `doubtful`, so that documents.jsonl alone holds all that was found
and an interrupted run is taken up as any other. From it `review.jsonl` is made at the end: the
articles with something doubtful in them, each with all its entities and relations, in doccano's
format. Corrected, it is training data.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from swner.codec.calibration import Thresholds
from swner.corpus import doccano
from swner.document import Document, Entity, Relation
from swner.errors import ConfigError, ModelError
from swner.inference.annotator import Annotator
from swner.inference.backend import Backend
from swner.inference.batch import to_bytes
from swner.inference.output import DOCUMENTS
from swner.text.articles import Article

REVIEW = "review.jsonl"
DOUBTFUL = "doubtful"


def thresholds_of(backend: Backend, precision: float, *, model: str) -> Thresholds:
    """The thresholds of a model for a precision.

    Args:
        backend: Of the model.
        precision: Wanted of what is kept, above 0 and below 1.
        model: Its name, for messages.

    Raises:
        ConfigError: The precision is not between 0 and 1.
        ModelError: The model has no calibration.
    """
    if not 0 < precision < 1:
        raise ConfigError(
            f"--min-precision: found {precision}; allowed is what lies between 0 and 1, such as 0.95."
        )
    if backend.calibration is None:
        raise ModelError(
            f"{model}: has no calibration.json, so it is not known how precise its scores are. Run "
            "`swner crossval` with its recipe and then `swner calibrate MODEL`, or `swner calibrate "
            "MODEL DATA.jsonl` with annotated documents that it was not trained on."
        )
    return backend.calibration.thresholds(precision)


class CautiousAnnotator(Annotator):
    """Keeps what is sure enough, and puts the rest into `meta["doubtful"]`.

    Args:
        backend: Runs the network.
        thresholds: Of the backend's calibration.
    """

    def __init__(self, backend: Backend, thresholds: Thresholds) -> None:
        super().__init__(backend)
        self._thresholds = thresholds

    def annotate_groups(
        self, groups: Iterable[Sequence[tuple[Document, Article]]]
    ) -> Iterator[list[Document] | Exception]:
        """See `Annotator.annotate_groups`."""
        for found in super().annotate_groups(groups):
            if isinstance(found, Exception):
                yield found
            else:
                yield [set_doubtful_apart(doc, self._thresholds) for doc in found]


def set_doubtful_apart(doc: Document, thresholds: Thresholds) -> Document:
    """Keep sure entities, and sure relations between them; the rest goes into `meta`.

    `with_doubtful` is the way back.
    """
    sure = [thresholds.entities[e.label].lets_through(e.score) for e in doc.entities]
    position = {old: new for new, old in enumerate(i for i, kept in enumerate(sure) if kept)}
    relations: list[Relation] = []
    doubtful_relations: list[Relation] = []
    for r in doc.relations:
        if sure[r.head] and sure[r.tail] and thresholds.relations[r.label].lets_through(r.score):
            relations.append(replace(r, head=position[r.head], tail=position[r.tail]))
        else:
            doubtful_relations.append(r)
    kept = replace(
        doc,
        entities=tuple(e for e, is_sure in zip(doc.entities, sure, strict=True) if is_sure),
        relations=tuple(relations),
    )
    if all(sure) and not doubtful_relations:
        return kept
    return kept.with_meta(
        doubtful={
            "entities": [
                _entity_record(e)
                for e, is_sure in zip(doc.entities, sure, strict=True)
                if not is_sure
            ],
            "relations": [_relation_record(r, doc.entities) for r in doubtful_relations],
        }
    )


def _entity_record(entity: Entity) -> dict[str, Any]:
    return {
        "label": entity.label,
        "start_offset": entity.start,
        "end_offset": entity.end,
        "clean": entity.clean,
        "score": entity.score and round(entity.score, 4),
    }


def _relation_record(relation: Relation, entities: Sequence[Entity]) -> dict[str, Any]:
    """A relation whose ends are named by where they start: entities do not overlap."""
    return {
        "type": relation.label,
        "from_start": entities[relation.head].start,
        "to_start": entities[relation.tail].start,
        "score": relation.score and round(relation.score, 4),
    }


def with_doubtful(doc: Document) -> Document:
    """A document of `set_doubtful_apart` with all that was found.

    Its `meta["doubtful"]` names the doubtful entities and relations by their numbers, which are
    their ids in a record.
    """
    apart = doc.meta[DOUBTFUL]
    doubtful = [_entity(value, doc.text) for value in apart["entities"]]
    entities = sorted([*doc.entities, *doubtful], key=lambda e: e.start)
    number = {e.start: n for n, e in enumerate(entities)}
    kept = [
        replace(r, head=number[doc.entities[r.head].start], tail=number[doc.entities[r.tail].start])
        for r in doc.relations
    ]
    unsure = [
        Relation(number[r["from_start"]], number[r["to_start"]], r["type"], r["score"])
        for r in apart["relations"]
    ]
    names = {
        "entities": sorted(number[e.start] for e in doubtful),
        "relations": list(range(len(kept), len(kept) + len(unsure))),
    }
    whole = replace(doc, entities=tuple(entities), relations=(*kept, *unsure))
    return whole.with_meta(doubtful=names)


def _entity(value: Mapping[str, Any], text: str) -> Entity:
    start, end = value["start_offset"], value["end_offset"]
    return Entity(start, end, value["label"], text[start:end], value["clean"], value["score"])


@dataclass
class ReviewCounts:
    """What a review file holds: articles, and the doubtful items in them."""

    n_documents: int = 0
    n_entities: int = 0
    n_relations: int = 0


def write_review(folder: Path) -> ReviewCounts:
    """Make review.jsonl of a folder's documents.jsonl; it appears whole or not at all."""
    counts = ReviewCounts()
    documents, beside = folder / DOCUMENTS, folder / f".{os.getpid()}-{REVIEW}"
    with beside.open("wb") as stream:
        for line_number, record in doccano.read_records(documents):
            doc = doccano.from_record(record, where=f"{documents}:{line_number}")
            if DOUBTFUL in doc.meta:
                whole = with_doubtful(doc)
                counts.n_documents += 1
                counts.n_entities += len(whole.meta[DOUBTFUL]["entities"])
                counts.n_relations += len(whole.meta[DOUBTFUL]["relations"])
                stream.write(to_bytes(doccano.to_line(whole)))
    os.replace(beside, folder / REVIEW)
    return counts


def explain(thresholds: Thresholds) -> list[str]:
    """For each label a line: where it is cut and what that rests on, or why nothing is kept."""
    lines = []
    for name, found in {**thresholds.entities, **thresholds.relations}.items():
        real = f", {found.n_real} of them ({found.n_real_right} right) in real articles"
        held_out = (
            f"{found.n_right} of {found.n} held-out items right{real if found.n_real else ''}"
        )
        if found.score is None:
            lines.append(
                f"{name}: all to review. No score is high enough to vouch for a precision of "
                f"{thresholds.precision:g} ({held_out})."
            )
        else:
            lines.append(
                f"{name}: kept from {found.score:.4f} upwards ({held_out}: a precision of at least "
                f"{found.bound:.3f})"
            )
    return lines
