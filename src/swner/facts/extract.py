"""From a document with marked spans and relations to its records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from swner.document import Relation
from swner.facts.dates import DateRange, parse_date
from swner.facts.numbers import Quantity, parse_quantity
from swner.facts.passages import Passages
from swner.facts.place import COUNTRY, NOWHERE, Gazette, Place, cut_to_level
from swner.facts.policies import Resolved, anchor_of, is_bare, level_of, resolve
from swner.facts.posts import appointments
from swner.facts.records import Facts, Figure, PolicyRecord, Target

_BARE_POLICY = re.compile(
    r"(?:^|[。；;，,、\n])《?((?:实施|行动|工作)?(?:通知|意见|方案|规划|计划|办法|措施|决定|纲要|条例))》?"
    r"(?:还|进一步|同时)?(?:明确|提出|要求|提到|规定|指出|强调|部署)"
)
_NATIONAL_TITLE = re.compile("全国|我国|民政部|国务院")
_QUOTED_NAME = re.compile("“[^“”\n,，。]{2,14}”")


def facts_of(passages: Passages) -> Facts:
    """Read all records of a document.

    Returns:
        The records in the order of the text. Quantities and dates that cannot be read keep their
        words and are listed in `unread`.
    """
    policies = resolve(passages)
    where = _Where(passages, policies)
    targets, figures, unread = _quantities(passages, policies, where=where)
    return Facts(
        article=passages.doc.id,
        appointments=appointments(passages),
        policies=policies.records,
        targets=_merged_targets(targets),
        figures=_merged_figures(figures),
        unread=tuple(unread),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """One quantity with what its relations lead to."""

    indicator: str
    quantity: Quantity | None
    date_text: str
    date: DateRange | None
    parts: tuple[int, ...]
    relations: tuple[Relation, ...]


def _quantities(
    passages: Passages, policies: Resolved, *, where: _Where
) -> tuple[list[Target], list[Figure], list[str]]:
    anchor = anchor_of(passages)
    setters = _setters(passages)
    rates: list[tuple[int, Quantity]] = []
    targets: list[Target] = []
    figures: list[Figure] = []
    unread: list[str] = []
    for index in passages.indices("TARGET", "FIG"):
        entity = passages.entities[index]
        reading = _shared_rate(
            passages, index, reading=_read(passages, index, anchor=anchor), rates=rates
        )
        if reading.quantity is None:
            unread.append(entity.name)
        if reading.date_text and reading.date is None:
            unread.append(reading.date_text)
        if entity.label == "FIG":
            figures.append(_figure(passages, index, reading=reading, place=where.of(index, None)))
            continue
        setter = setters.get(index)
        policy, source = _policy_of(passages, index, setter=setter, policies=policies)
        if setter is not None:
            reading = replace(
                reading,
                parts=(*reading.parts, setter.head),
                relations=(*reading.relations, setter),
            )
        targets.append(
            _target(
                passages, index, reading=reading, found=(policy, source, where.of(index, policy))
            )
        )
    return targets, figures, unread


def _read(passages: Passages, index: int, *, anchor: date | None) -> _Reading:
    """Number, indicator and date of one quantity."""
    entity = passages.entities[index]
    measures = passages.single(index, "measures")
    dated = passages.single(index, "dated")
    relations = tuple(r for r in (measures, dated) if r is not None)
    indicator = passages.entities[measures.tail].name if measures else ""
    date_text = passages.entities[dated.tail].name if dated else ""
    day = None
    if date_text:
        day = parse_date(date_text, anchor=anchor, future=entity.label == "TARGET")
    return _Reading(
        indicator,
        parse_quantity(entity.name, passages.before(index), passages.after(index)),
        date_text,
        day,
        tuple(r.tail for r in relations),
        relations,
    )


def _shared_rate(
    passages: Passages, index: int, *, reading: _Reading, rates: list[tuple[int, Quantity]]
) -> _Reading:
    """Hand a total's denominator on to its parts (每人每年补助4万元,其中:中央财政2万元…)."""
    quantity = reading.quantity
    if quantity is None:
        return reading
    if quantity.per:
        rates.append((passages.end(index), quantity))
    elif rates and quantity.kind == "level":
        end, total = rates[-1]
        between = passages.text[end : passages.position(index)]
        same_sentence = passages.sentence(max(end - 1, 0)).end > passages.position(index)
        if same_sentence and "其中" in between and total.unit == quantity.unit:
            return replace(reading, quantity=replace(quantity, per=total.per, kind="rate"))
    return reading


def _figure(passages: Passages, index: int, *, reading: _Reading, place: Place) -> Figure:
    return Figure(
        indicator=reading.indicator,
        quantity=reading.quantity,
        quantity_text=passages.entities[index].name,
        as_of_text=reading.date_text,
        as_of=reading.date,
        evidence=passages.evidence(index, reading.parts, relations=reading.relations),
        place=place,
    )


def _target(
    passages: Passages,
    index: int,
    *,
    reading: _Reading,
    found: tuple[PolicyRecord | None, str, Place],
) -> Target:
    policy, source, place = found
    return Target(
        indicator=reading.indicator,
        quantity=reading.quantity,
        quantity_text=passages.entities[index].name,
        deadline_text=reading.date_text,
        deadline=reading.date,
        policy=policy.title if policy else "",
        policy_key=policy.key if policy else "",
        policy_source=source,
        issuers=policy.issuers if policy else (),
        evidence=passages.evidence(index, reading.parts, relations=reading.relations),
        place=place,
    )


def _setters(passages: Passages) -> dict[int, Relation]:
    """For each target the likeliest relation `sets` that leads to it."""
    found: dict[int, Relation] = {}
    for index in passages.indices("POLICY"):
        for relation in passages.out(index, "sets"):
            best = found.get(relation.tail)
            if best is None or (relation.score or 0.0) > (best.score or 0.0):
                found[relation.tail] = relation
    return found


def _policy_of(
    passages: Passages, index: int, *, setter: Relation | None, policies: Resolved
) -> tuple[PolicyRecord | None, str]:
    """The policy that sets a target: by its relation, else by 通知明确 with one 通知 around."""
    if setter is not None:
        return policies.records[policies.of_entity[setter.head]], "relation"
    position = passages.position(index)
    paragraph = passages.paragraph(position)
    cues = list(_BARE_POLICY.finditer(passages.text[paragraph.start : position]))
    if not cues:
        return None, ""
    kind = cues[-1].group(1)
    fitting = [p for p in policies.records if p.title.endswith(kind) and not is_bare(p.title)]
    return (fitting[0], "bare") if len(fitting) == 1 else (None, "")


class _Where:
    """Finds the place of a quantity: sentence, then policy, then title, dateline and source."""

    def __init__(self, passages: Passages, policies: Resolved) -> None:
        self._passages = passages
        meta = passages.doc.meta
        lines = passages.text.split("\n")
        title = str(meta.get("title") or lines[0])
        source = str(meta.get("source") or "")
        self._gazette = Gazette("\n".join((title, passages.text)))
        body = next((line for line in lines[1:] if len(line) > 40), "")
        dateline = re.split("[。,，]", body)[0]
        self._article = (
            self._gazette.choose(title, "title")
            or (Place("全国", COUNTRY, source="title") if _NATIONAL_TITLE.match(title) else None)
            or self._gazette.choose(dateline, "dateline")
            or self._gazette.choose(source, "source")
            or self._issued(policies.records)
        )
        self._masked = self._mask()
        self._cache: dict[str, Place | None] = {}

    def of(self, index: int, policy: PolicyRecord | None) -> Place:
        """The place of one quantity; `policy` is what sets it, where something does."""
        position = self._passages.position(index)
        span = self._passages.sentence(position)
        sentence = self._masked[span.start : span.end]
        named = self._gazette.choose(sentence, "sentence", near=position - span.start)
        if named is not None:
            return named
        issued = self._of_policy(policy) if policy is not None else None
        base = issued or self._article or NOWHERE
        return cut_to_level(base, sentence) or base

    def _mask(self) -> str:
        """The clean text without what has a place of its own: policies, employers, quoted names."""
        passages = self._passages
        hidden = set(passages.indices("POLICY"))
        hidden |= {r.tail for i in passages.indices("POS") for r in passages.out(i, "post_at")}
        spans = [(passages.position(i), passages.end(i)) for i in hidden]
        spans += [m.span() for m in _QUOTED_NAME.finditer(passages.text)]
        text = list(passages.text)
        for start, end in spans:
            text[start:end] = " " * (end - start)
        return "".join(text)

    def _of_policy(self, policy: PolicyRecord) -> Place | None:
        if policy.key not in self._cache:
            self._cache[policy.key] = self._gazette.choose(policy.title, "policy") or self._issued(
                [policy]
            )
        return self._cache[policy.key]

    def _issued(self, policies: Sequence[PolicyRecord]) -> Place | None:
        """The place that the issuers' names hold; the country for organs of the centre."""
        for policy in policies:
            for issuer in policy.issuers:
                place = self._gazette.choose(issuer, "policy")
                if place is not None:
                    return place
                if level_of(issuer) == COUNTRY:
                    return Place("全国", COUNTRY, source="policy")
        return None


def _merged_targets(found: Sequence[Target]) -> tuple[Target, ...]:
    """Join mentions that say the same (headline and text), keeping the fullest."""
    merged: list[Target] = []
    for target in found:
        for n, other in enumerate(merged):
            agree = _compatible(target.deadline_text, other.deadline_text)
            if agree and _same(target, other) and _compatible(target.policy_key, other.policy_key):
                best = max(other, target, key=lambda t: bool(t.deadline_text) + bool(t.policy))
                merged[n] = replace(best, n_mentions=other.n_mentions + 1)
                break
        else:
            merged.append(target)
    return tuple(merged)


def _merged_figures(found: Sequence[Figure]) -> tuple[Figure, ...]:
    """Join mentions that say the same (headline and text), keeping the fullest."""
    merged: list[Figure] = []
    for figure in found:
        for n, other in enumerate(merged):
            if _same(figure, other) and _compatible(figure.as_of_text, other.as_of_text):
                best = max(other, figure, key=lambda f: bool(f.as_of_text))
                merged[n] = replace(best, n_mentions=other.n_mentions + 1)
                break
        else:
            merged.append(figure)
    return tuple(merged)


def _same(one: Target | Figure, two: Target | Figure) -> bool:
    """Whether two quantities of one article are the same statement, dates aside."""
    if one.quantity is None or not one.indicator:
        return False
    return (one.indicator, one.quantity, one.place.name) == (
        two.indicator,
        two.quantity,
        two.place.name,
    )


def _compatible(one: str, two: str) -> bool:
    return not one or not two or one == two
