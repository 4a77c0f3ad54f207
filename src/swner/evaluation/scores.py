"""Strict scores of entities and relations over whole documents.

An entity is right if both boundaries and the label are; a relation if both its ends are right
entities and its label is. Gold that the model could not encode is missed, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swner.document import Document
from swner.errors import DataError
from swner.evaluation.counts import Counts
from swner.schema import SCHEMA, Schema

Row = tuple[str, ...]
"""A row of the score table, named by its path in `Scores.to_json`: ("core",), ("by_label", "ORG")."""


@dataclass(frozen=True)
class Scores:
    """Counts by label over a set of documents.

    Attributes:
        entities: Label -> counts.
        relations: Relation label -> counts.
        core_labels: The labels of the headline score.
        n_docs: Documents compared.
    """

    entities: Mapping[str, Counts]
    relations: Mapping[str, Counts]
    core_labels: tuple[str, ...]
    n_docs: int

    @property
    def all(self) -> Counts:
        """Entities of all labels together."""
        return sum(self.entities.values(), Counts())

    @property
    def core(self) -> Counts:
        """Entities of the core labels together."""
        return sum((self.entities[label] for label in self.core_labels), Counts())

    @property
    def all_relations(self) -> Counts:
        """Relations of all labels together."""
        return sum(self.relations.values(), Counts())

    def rows(self) -> dict[Row, Counts]:
        """Every row of the score table: the three of the headline, each label, each relation."""
        return {
            ("core",): self.core,
            ("all",): self.all,
            ("relations",): self.all_relations,
            **{("by_label", label): counts for label, counts in self.entities.items()},
            **{("by_relation", label): counts for label, counts in self.relations.items()},
        }

    def __add__(self, other: Scores) -> Scores:
        return Scores(
            {k: v + other.entities[k] for k, v in self.entities.items()},
            {k: v + other.relations[k] for k, v in self.relations.items()},
            self.core_labels,
            self.n_docs + other.n_docs,
        )

    def to_json(self) -> dict[str, Any]:
        """What `metrics.json` holds."""
        return {
            "n_documents": self.n_docs,
            "core": self.core.to_json(),
            "all": self.all.to_json(),
            "relations": self.all_relations.to_json(),
            "by_label": {k: v.to_json() for k, v in self.entities.items()},
            "by_relation": {k: v.to_json() for k, v in self.relations.items()},
        }


def score_document(gold: Document, pred: Document, *, schema: Schema = SCHEMA) -> Scores:
    """Scores of one document.

    Raises:
        DataError: The two texts differ, so that offsets cannot be compared.
    """
    if gold.text != pred.text:
        raise DataError(
            f"document {gold.id}: the gold text ({len(gold.text)} characters) and the predicted one "
            f"({len(pred.text)}) differ. Predict on the same file that you evaluate on."
        )
    gold_keys, pred_keys = ({e.key for e in d.entities} for d in (gold, pred))
    gold_links, pred_links = gold.relation_keys(), pred.relation_keys()
    return Scores(
        {
            label: Counts.compare(
                {k for k in gold_keys if k[2] == label}, {k for k in pred_keys if k[2] == label}
            )
            for label in schema.labels
        },
        {
            label: Counts.compare(
                {k for k in gold_links if k[1] == label}, {k for k in pred_links if k[1] == label}
            )
            for label in schema.relation_labels
        },
        schema.core_labels,
        1,
    )


def pair_documents(
    gold: Sequence[Document], pred: Iterable[Document]
) -> list[tuple[Document, Document]]:
    """Each gold document with the predicted one of the same id, or with an empty one.

    Raises:
        DataError: A gold id comes twice.
    """
    by_id = {doc.id: doc for doc in pred}
    if len({doc.id for doc in gold}) != len(gold):
        raise DataError("the gold data has two records with the same id; ids must differ.")
    return [(doc, by_id.get(doc.id) or Document(doc.id, doc.text)) for doc in gold]


def score_documents(
    gold: Sequence[Document], pred: Iterable[Document], *, schema: Schema = SCHEMA
) -> list[Scores]:
    """Scores of each document, in gold order; documents are matched by id, never by position.

    Raises:
        DataError: A gold id comes twice, or two texts under one id differ.
    """
    return [score_document(g, p, schema=schema) for g, p in pair_documents(gold, pred)]


def total(scores: Iterable[Scores], *, schema: Schema = SCHEMA) -> Scores:
    """Summed scores; zero counts for no documents."""
    none = Scores(
        {label: Counts() for label in schema.labels},
        {label: Counts() for label in schema.relation_labels},
        schema.core_labels,
        0,
    )
    return sum(scores, none)
