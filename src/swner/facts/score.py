"""Scores records against gold records: whole rows, and field by field.

A predicted row is right when all its fields equal those of one gold row of the same article; each
gold row is used once. For the scores by field, rows are paired so that as many fields as possible
agree; a gold row that nothing is paired with has all its fields wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from swner.errors import DataError
from swner.facts.dates import DateRange
from swner.facts.numbers import Quantity
from swner.facts.records import Facts

Value: TypeAlias = str | float | tuple[str, ...] | None

FIELDS: dict[str, tuple[str, ...]] = {
    "appointments": ("person", "post", "organisation", "status", "date_text", "date"),
    "policies": ("title", "short_names", "number", "issuers", "level", "date_text", "date"),
    "targets": (
        "indicator", "comparator", "value", "upper", "unit", "kind", "per",
        "deadline_text", "deadline", "policy", "issuers", "place",
    ),
    "figures": (
        "indicator", "comparator", "value", "upper", "unit", "kind", "per",
        "as_of_text", "as_of", "place",
    ),
}  # fmt: skip
_IDENTITY = {
    "appointments": ("person", "post"),
    "policies": ("title",),
    "targets": ("value", "indicator"),
    "figures": ("value", "indicator"),
}


@dataclass(frozen=True)
class Row:
    """One record reduced to what is scored; `values` are in the order of the table's fields."""

    table: str
    article: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class TableScore:
    """Counts of one table; they add, ratios are derived.

    Attributes:
        table: Name of the table.
        n_gold: Gold rows.
        n_predicted: Predicted rows.
        n_right: Predicted rows that are right in all fields.
        field_right: For each field, gold rows whose paired row agrees on it.
        wrong: Pairs (gold row or None, predicted row or None) that are not right.
    """

    table: str
    n_gold: int
    n_predicted: int
    n_right: int
    field_right: Mapping[str, int]
    wrong: tuple[tuple[Row | None, Row | None], ...]

    @property
    def precision(self) -> float:
        """Right rows among predicted ones, 0 to 1."""
        return self.n_right / self.n_predicted if self.n_predicted else 0.0

    @property
    def recall(self) -> float:
        """Right rows among gold ones, 0 to 1."""
        return self.n_right / self.n_gold if self.n_gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.n_gold + self.n_predicted
        return 2 * self.n_right / total if total else 0.0


def rows_of(facts: Facts) -> list[Row]:
    """The rows of one article's records."""
    rows: list[Row] = []
    for a in facts.appointments:
        rows.append(_row(facts, "appointments", a.person, a.post, a.organisation, a.status,
                         a.date_text, _day(a.date)))  # fmt: skip
    for p in facts.policies:
        rows.append(_row(facts, "policies", p.title, p.short_names, p.number, p.issuers, p.level,
                         p.date_text, _day(p.date)))  # fmt: skip
    for t in facts.targets:
        rows.append(_row(facts, "targets", t.indicator, *_quantity(t.quantity), t.deadline_text,
                         _day(t.deadline), t.policy, t.issuers, t.place.name))  # fmt: skip
    for f in facts.figures:
        rows.append(_row(facts, "figures", f.indicator, *_quantity(f.quantity), f.as_of_text,
                         _day(f.as_of), f.place.name))  # fmt: skip
    return rows


def read_gold(directory: Path) -> list[Row]:
    """Read `appointments.jsonl`, `policies.jsonl`, `targets.jsonl` and `figures.jsonl`.

    Raises:
        DataError: A file is missing, or a line is not a record with the table's fields.
    """
    rows: list[Row] = []
    for table, fields in FIELDS.items():
        path = directory / f"{table}.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise DataError(
                f"{path}: cannot be read ({error.strerror}); expected one JSON record a line "
                f"with the fields article, {', '.join(fields)}."
            ) from error
        for number, line in enumerate(lines, 1):
            rows.append(_gold_row(line, table, where=f"{path}:{number}"))
    return rows


def score(gold: Sequence[Row], predicted: Sequence[Row]) -> list[TableScore]:
    """Score predicted rows against gold ones, table by table."""
    return [
        _score_table(
            table,
            [r for r in gold if r.table == table],
            predicted=[r for r in predicted if r.table == table],
        )
        for table in FIELDS
    ]


def format_scores(scores: Iterable[TableScore]) -> str:
    """A plain table: rows, then each field's share of gold rows."""
    lines = []
    for s in scores:
        lines.append(
            f"{s.table}: {s.n_right} of {s.n_gold} gold rows right, {s.n_predicted} predicted, "
            f"P {s.precision:.3f} R {s.recall:.3f} F1 {s.f1:.3f}"
        )
        share = [f"{f} {n / s.n_gold:.3f}" for f, n in s.field_right.items() if s.n_gold]
        lines.append("  " + ", ".join(share))
    return "\n".join(lines)


def _row(facts: Facts, table: str, *values: Value) -> Row:
    return Row(table, facts.article, values)


def _day(day: DateRange | None) -> str | None:
    """The last day as ISO text (the first one where the end is open)."""
    if day is None:
        return None
    last = day.latest or day.earliest
    return last.isoformat() if last else None


def _quantity(quantity: Quantity | None) -> tuple[Value, ...]:
    if quantity is None:
        return (None, None, None, None, None, None)
    return (
        quantity.comparator, quantity.value, quantity.upper, quantity.unit, quantity.kind,
        quantity.per,
    )  # fmt: skip


def _gold_row(line: str, table: str, *, where: str) -> Row:
    try:
        record = json.loads(line)
        raw = [record[f] for f in FIELDS[table]]
        article = str(record["article"])
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{where}: not a gold record of {table} ({error!r}); expected a JSON object with "
            f"article, {', '.join(FIELDS[table])}."
        ) from error
    values = tuple(
        tuple(v) if isinstance(v, list) else float(v) if isinstance(v, int) else v for v in raw
    )
    return Row(table, article, values)


def _score_table(table: str, gold: list[Row], *, predicted: list[Row]) -> TableScore:
    fields = FIELDS[table]
    key = [fields.index(f) for f in _IDENTITY[table]]
    pairs = []
    for g, gold_row in enumerate(gold):
        for p, row in enumerate(predicted):
            if row.article == gold_row.article:
                agree = sum(x == y for x, y in zip(row.values, gold_row.values, strict=True))
                same = sum(row.values[k] == gold_row.values[k] for k in key)
                if same:
                    pairs.append((-agree, -same, g, p))
    paired: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, g, p in sorted(pairs):
        if g not in paired and p not in taken:
            paired[g] = p
            taken.add(p)
    right = dict.fromkeys(fields, 0)
    n_right = 0
    wrong: list[tuple[Row | None, Row | None]] = []
    for g, gold_row in enumerate(gold):
        match = predicted[paired[g]] if g in paired else None
        if match is not None:
            for n, field in enumerate(fields):
                right[field] += match.values[n] == gold_row.values[n]
        if match is not None and match.values == gold_row.values:
            n_right += 1
        else:
            wrong.append((gold_row, match))
    wrong += [(None, row) for p, row in enumerate(predicted) if p not in taken]
    return TableScore(table, len(gold), len(predicted), n_right, right, tuple(wrong))
