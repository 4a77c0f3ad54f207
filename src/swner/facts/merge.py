"""What depends on several articles: one row a policy, and flags on what cannot be.

Worked out from the per-article rows alone, in their order by key, so the result does not depend
on the order or the number of runs in which articles were loaded.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from swner.facts.policies import level_of

SHARE_OVER_100 = "share_over_100"
DEADLINE_PAST = "deadline_before_article"
FIGURE_AHEAD = "as_of_after_article"
CONTRADICTION = "contradicting_values"
RANGE_REVERSED = "range_reversed"
FAR_DATE = "implausible_date"
FLAGS = (SHARE_OVER_100, DEADLINE_PAST, FIGURE_AHEAD, CONTRADICTION, RANGE_REVERSED, FAR_DATE)

_SHOWN_VALUES = 6
_TABLES = (("targets", "deadline"), ("figures", "as_of"))


def refresh(connection: sqlite3.Connection) -> None:
    """Merge policies, drop what nothing refers to any more, and set the flags anew."""
    connection.execute("DELETE FROM policy_issuers")
    connection.execute(
        "DELETE FROM policies WHERE NOT EXISTS "
        "(SELECT 1 FROM policy_mentions m WHERE m.policy_key = policies.key)"
    )
    _merge_policies(connection)
    connection.execute(
        "DELETE FROM organisations WHERE NOT EXISTS "
        "(SELECT 1 FROM policy_issuers i WHERE i.organisation = organisations.name) "
        "AND NOT EXISTS (SELECT 1 FROM appointments a WHERE a.organisation = organisations.name)"
    )
    connection.execute("DELETE FROM flags")
    for table, prefix in _TABLES:
        for row_id, flag, detail in _flags(connection, table, prefix=prefix):
            connection.execute(
                "INSERT OR IGNORE INTO flags VALUES (?, ?, ?, ?)", (table, row_id, flag, detail)
            )


def _merge_policies(connection: sqlite3.Connection) -> None:
    """Title and issuers of the fullest mention, number and date of the first that has them."""
    mentions = connection.execute(
        "SELECT policy_key, title, number, issuers, level, date_text, date_earliest, date_latest "
        "FROM policy_mentions ORDER BY policy_key, article_id"
    ).fetchall()
    groups: dict[str, list[tuple[str, str, list[str], str, str, str, str]]] = {}
    for key, title, number, issuers, *rest in mentions:
        groups.setdefault(key, []).append((title, number, json.loads(issuers), *rest))
    for key, group in groups.items():
        fullest = max(group, key=lambda m: len(m[2]))
        dated = next((m for m in group if m[4]), fullest)
        number = next((m[1] for m in group if m[1]), "")
        level = fullest[3] or next((m[3] for m in group if m[3]), "")
        connection.execute(
            "UPDATE policies SET title = ?, number = ?, level = ?, date_text = ?, "
            "date_earliest = ?, date_latest = ? WHERE key = ?",
            (fullest[0], number, level, dated[4], dated[5], dated[6], key),
        )
        for position, name in enumerate(fullest[2]):
            connection.execute(
                "INSERT OR IGNORE INTO organisations VALUES (?, ?)", (name, level_of(name))
            )
            connection.execute("INSERT INTO policy_issuers VALUES (?, ?, ?)", (key, position, name))


def _flags(
    connection: sqlite3.Connection, table: str, *, prefix: str
) -> Iterator[tuple[str, str, str]]:
    """Flags of one table as (row id, flag, detail)."""
    late = f"{prefix}_latest"
    for row_id, value in connection.execute(
        f"SELECT id, max(value, coalesce(upper, value)) FROM {table} WHERE unit = '%' "
        "AND kind IN ('share', 'coverage') AND max(value, coalesce(upper, value)) > 100"
    ):
        yield row_id, SHARE_OVER_100, f"{value:g}%"
    for row_id, low, high in connection.execute(
        f"SELECT id, value, upper FROM {table} WHERE upper < value"
    ):
        yield row_id, RANGE_REVERSED, f"{low:g} > {high:g}"
    for row_id, day in connection.execute(
        f"SELECT id, {late} FROM {table} WHERE {late} < '1912' OR {late} > '2100'"
    ):
        yield row_id, FAR_DATE, day
    if table == "targets":
        flag, where = DEADLINE_PAST, "r.deadline_latest < a.published"
    else:
        flag, where = FIGURE_AHEAD, "r.as_of_earliest > a.published"
    for row_id, day, published in connection.execute(
        f"SELECT r.id, r.{late}, a.published FROM {table} r "
        f"JOIN articles a ON a.id = r.article_id WHERE {where}"
    ):
        yield row_id, flag, f"{day} / {published}"
    yield from _contradictions(connection, table, late=late)


def _contradictions(
    connection: sqlite3.Connection, table: str, *, late: str
) -> Iterator[tuple[str, str, str]]:
    """Rows that give one indicator, place, unit and date different exact values.

    Values of one sentence do not contradict each other: they count parts of the same thing.
    """
    rows = connection.execute(
        f"SELECT place, indicator, unit, kind, per, {late}, r.id, value, e.article_id, e.start "
        f"FROM {table} r JOIN evidence e ON e.id = r.evidence_id WHERE indicator <> '' "
        f"AND place <> '' AND {late} IS NOT NULL AND comparator = '=' "
        "AND upper IS NULL AND kind IN ('level', 'share', 'coverage', 'rate') ORDER BY r.id"
    )
    groups: dict[tuple[str, ...], list[tuple[str, float, tuple[str, int]]]] = {}
    for *key, row_id, value, article, start in rows:
        groups.setdefault(tuple(key), []).append((row_id, value, (article, start)))
    for group in groups.values():
        values = sorted({value for _, value, _ in group})
        if len(values) > 1 and len({sentence for _, _, sentence in group}) > 1:
            detail = " / ".join(f"{v:.10g}" for v in values[:_SHOWN_VALUES])
            if len(values) > _SHOWN_VALUES:
                detail += f" … ({len(values)})"
            for row_id, _, _ in group:
                yield row_id, CONTRADICTION, detail
