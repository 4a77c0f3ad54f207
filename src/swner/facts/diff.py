"""What changed between two databases, by what rows mean and not by where they were read."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from swner.facts.store import opened

_AMOUNT = (
    "coalesce(comparator || ' ' || printf('%.12g', value) || CASE WHEN upper IS NULL THEN '' "
    "ELSE '–' || printf('%.12g', upper) END || ' ' || unit, quantity_text)"
)
_QUERIES = {
    "policies": (
        "SELECT id, title, number, issuers, level, date_latest FROM v_policies",
        ("number", "issuers", "level", "date"),
    ),
    "targets": (
        "SELECT place || '|' || indicator || '|' || coalesce(policy, '') || '|' || "
        "coalesce(deadline_latest, deadline_text) || '|' || coalesce(kind, ''), "
        "trim(place || ' ' || indicator || ' ' || coalesce(deadline_latest, deadline_text)), "
        f"{_AMOUNT} FROM v_targets",
        ("value",),
    ),
    "figures": (
        "SELECT place || '|' || indicator || '|' || coalesce(as_of_latest, as_of_text) || '|' || "
        "coalesce(kind, '') || '|' || CASE indicator WHEN '' THEN quote ELSE '' END, "
        "trim(place || ' ' || indicator || ' ' || coalesce(as_of_latest, as_of_text)), "
        f"{_AMOUNT} FROM v_figures",
        ("value",),
    ),
    "appointments": (
        "SELECT person || '|' || post || '|' || coalesce(organisation, ''), "
        "trim(person || ' ' || coalesce(organisation, '') || post), status "
        "FROM v_appointments",
        ("status",),
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        table: policies, targets, figures or appointments.
        kind: `added`, `removed` or `changed`.
        what: The row in words.
        field: The field that changed; "" for added and removed rows.
        old: Its values in the old database, joined by " / ".
        new: Its values in the new one.
    """

    table: str
    kind: str
    what: str
    field: str
    old: str
    new: str

    def __str__(self) -> str:
        if self.kind == "changed":
            return f"~ {self.table}: {self.what}: {self.field}: {self.old} -> {self.new}"
        sign, value = ("+", self.new) if self.kind == "added" else ("-", self.old)
        return f"{sign} {self.table}: {self.what}: {value}"


def diff(old: Path, new: Path) -> list[Change]:
    """Compare two databases table by table.

    Rows are the same where their meaning is: a target by place, indicator, policy, deadline and
    kind; a figure by place, indicator, date and kind; an appointment by person, post and
    organisation; a policy by its title. Articles, offsets and scores are not compared.

    Raises:
        DataError: One of the files is no database of swner.
    """
    changes: list[Change] = []
    with opened(old) as before, opened(new) as after:
        for table, (sql, fields) in _QUERIES.items():
            changes += _compare(table, fields, old=_read(before, sql), new=_read(after, sql))
    return changes


_Rows = dict[str, tuple[str, list[set[str]]]]


def _read(connection: sqlite3.Connection, sql: str) -> _Rows:
    """Rows by key: their words, and for each field the set of values that rows of it have."""
    found: _Rows = {}
    for key, what, *values in connection.execute(sql):
        _, sets = found.setdefault(key, (what, [set() for _ in values]))
        for values_of_field, value in zip(sets, values, strict=True):
            values_of_field.add(str(value or ""))
    return found


def _compare(table: str, fields: tuple[str, ...], *, old: _Rows, new: _Rows) -> list[Change]:
    changes = []
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            what, values = old[key]
            changes.append(Change(table, "removed", what, "", _words(values), ""))
        elif key not in old:
            what, values = new[key]
            changes.append(Change(table, "added", what, "", "", _words(values)))
        else:
            what = new[key][0]
            for field, one, two in zip(fields, old[key][1], new[key][1], strict=True):
                if one != two:
                    joined = " / ".join(sorted(one)), " / ".join(sorted(two))
                    changes.append(Change(table, "changed", what, field, *joined))
    return changes


def _words(values: list[set[str]]) -> str:
    return "; ".join(" / ".join(sorted(v)) for v in values if v != {""})
