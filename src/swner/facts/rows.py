"""Records to database rows: one tuple a table row, keys derived from their content."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from typing import TypeAlias

from swner.document import Document
from swner.facts.dates import DateRange
from swner.facts.numbers import Quantity
from swner.facts.place import Place
from swner.facts.records import Appointment, Evidence, Figure, PolicyRecord, Target

Cell: TypeAlias = str | int | float | None
Cells: TypeAlias = tuple[Cell, ...]

_SOURCE_NOTE = re.compile(
    r"[(（](?:据|来源|原载|转自|摘自|本报|记者|作者|通讯员)[^()（）]{0,40}[)）]"
)


def short_hash(*parts: object) -> str:
    """Sixteen hexadecimal digits that stand for the parts."""
    joined = "\x1f".join(str(p) for p in parts)
    return hashlib.sha256(joined.encode("utf-8")).hexdigest()[:16]


def article_number(doc_id: str) -> int:
    """A row number for the full-text index that depends on the id alone."""
    return int(hashlib.sha256(doc_id.encode("utf-8")).hexdigest()[:15], 16)


def fingerprint(clean_text: str) -> str:
    """Equal for an article and its reprints: the body's characters without marks and headings.

    Lines of fewer than 30 characters (headlines, bylines, source notes) differ between reprints
    and are left out, unless they are most of the text. A text without letters has none: "".
    """
    text = _SOURCE_NOTE.sub("", clean_text)
    lines = ["".join(c for c in line if c.isalnum()) for line in text.split("\n")]
    body = "".join(line for line in lines if len(line) >= 30)
    whole = "".join(lines)
    if len(body) < 60 or len(body) * 2 < len(whole):
        body = whole
    if not body:
        return ""
    return hashlib.sha256(body.encode("utf-8")).hexdigest()[:32]


def digest(doc: Document) -> str:
    """Changes with anything in the document: text, spans, relations, scores or meta."""
    parts = [doc.id, doc.text, json.dumps(dict(doc.meta), ensure_ascii=False, sort_keys=True)]
    parts += [repr((e.start, e.end, e.label, e.clean, e.score)) for e in doc.entities]
    parts += [repr((r.head, r.tail, r.label, r.score)) for r in doc.relations]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8")).hexdigest()


def published(doc: Document) -> str | None:
    """The date of publication as ISO text; None where the meta holds none that is a date."""
    value = str(doc.meta.get("published") or "")[:10]
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return None


def evidence_id(evidence: Evidence, kind: str, *parts: object) -> str:
    """The key of a record and of its evidence."""
    return short_hash(evidence.article, kind, evidence.span_start, evidence.span_end, *parts)


def evidence_row(key: str, evidence: Evidence) -> Cells:
    """A row of `evidence`."""
    scores = json.dumps([[n, round(s, 4)] for n, s in evidence.scores], ensure_ascii=False)
    return (
        key, evidence.article, evidence.paragraph, evidence.start, evidence.end,
        evidence.clean_start, evidence.clean_end, evidence.quote, evidence.span_start,
        evidence.span_end, evidence.span, evidence.score, scores, evidence.model,
    )  # fmt: skip


def appointment_row(key: str, record: Appointment) -> Cells:
    """A row of `appointments`."""
    return (
        key, record.evidence.article, record.person, record.post, record.organisation or None,
        record.organisation_source, record.status, record.date_text, *_days(record.date), key,
    )  # fmt: skip


def mention_row(key: str, record: PolicyRecord) -> Cells:
    """A row of `policy_mentions`."""
    return (
        record.key, record.evidence.article, record.title, _json(record.short_names),
        record.number, _json(record.issuers), record.level, record.date_text,
        *_days(record.date), record.n_mentions, key,
    )  # fmt: skip


def target_row(key: str, record: Target) -> Cells:
    """A row of `targets`."""
    return (
        key, record.evidence.article, record.indicator, record.quantity_text,
        *_quantity(record.quantity), *_place(record.place), record.n_mentions,
        record.deadline_text, *_days(record.deadline), record.policy_key or None,
        record.policy_source, key,
    )  # fmt: skip


def figure_row(key: str, record: Figure) -> Cells:
    """A row of `figures`."""
    return (
        key, record.evidence.article, record.indicator, record.quantity_text,
        *_quantity(record.quantity), *_place(record.place), record.n_mentions,
        record.as_of_text, *_days(record.as_of), key,
    )  # fmt: skip


def _json(values: tuple[str, ...]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _days(day: DateRange | None) -> Cells:
    if day is None:
        return (None, None, None, None)
    earliest = day.earliest.isoformat() if day.earliest else None
    latest = day.latest.isoformat() if day.latest else None
    return (earliest, latest, day.granularity, day.rule)


def _quantity(quantity: Quantity | None) -> Cells:
    if quantity is None:
        return (None,) * 9
    return (
        quantity.comparator, quantity.value, quantity.upper, quantity.unit, quantity.kind,
        quantity.direction, quantity.per, quantity.precision, quantity.step,
    )  # fmt: skip


def _place(place: Place) -> Cells:
    return (place.name, place.level, place.province, place.city, place.county, place.source)
