"""What swner marks: eight entity labels, seven relations and which labels each relation may join.

The schema is stored in every model directory and compared when a model meets data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swner.errors import ModelError


@dataclass(frozen=True)
class Schema:
    """Labels, relations and their signatures.

    Attributes:
        labels: Entity labels in their fixed order (the order of logits).
        core_labels: The subset that the headline score is micro-averaged over.
        signatures: For each relation label, the pairs (head label, tail label) that it may join.
        single_tail: Relations of which a head has at most one (a quantity has one IND, one DATE).
    """

    labels: tuple[str, ...]
    core_labels: tuple[str, ...]
    signatures: Mapping[str, tuple[tuple[str, str], ...]]
    single_tail: tuple[str, ...] = ()

    @property
    def relation_labels(self) -> tuple[str, ...]:
        """Relation labels in their fixed order."""
        return tuple(self.signatures)

    def allows(self, relation: str, head_label: str, tail_label: str) -> bool:
        """Whether `relation` may lead from `head_label` to `tail_label`."""
        return (head_label, tail_label) in self.signatures.get(relation, ())

    def to_json(self) -> dict[str, Any]:
        """JSON values that `from_json` reads back to an equal schema."""
        return {
            "labels": list(self.labels),
            "core_labels": list(self.core_labels),
            "signatures": {k: [list(p) for p in v] for k, v in self.signatures.items()},
            "single_tail": list(self.single_tail),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Schema:
        """Read a schema that `to_json` wrote.

        Raises:
            ModelError: A field is missing or of the wrong shape.
        """
        try:
            return cls(
                labels=tuple(value["labels"]),
                core_labels=tuple(value["core_labels"]),
                signatures={
                    k: tuple((h, t) for h, t in pairs) for k, pairs in value["signatures"].items()
                },
                single_tail=tuple(value["single_tail"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"the stored schema is damaged ({error!r}); expected the keys labels, core_labels, "
                "signatures and single_tail. Train or download the model again."
            ) from error


SCHEMA = Schema(
    labels=("ORG", "PER", "POS", "POLICY", "TARGET", "FIG", "IND", "DATE"),
    core_labels=("ORG", "PER", "POS", "POLICY", "TARGET"),
    signatures={
        "holds": (("PER", "POS"),),
        "post_at": (("POS", "ORG"),),
        "issued_by": (("POLICY", "ORG"),),
        "alias_of": (("POLICY", "POLICY"), ("ORG", "ORG")),
        "sets": (("POLICY", "TARGET"),),
        "measures": (("TARGET", "IND"), ("FIG", "IND")),
        "dated": (("TARGET", "DATE"), ("FIG", "DATE"), ("POLICY", "DATE")),
    },
    single_tail=("measures", "dated"),
)
