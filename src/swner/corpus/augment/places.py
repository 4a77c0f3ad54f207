"""Other places for an article's organisations: a county for a county, inside what is above it.

Only places that the article names nowhere but in organisations and titles of documents are swapped,
so that the text between stays true to them. What lies inside a place goes with it: with a city its
districts change to districts of the new city. Autonomous places stay, and what lies inside one stays
inside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from swner.document import Document, Entity, Span
from swner.gazetteer import (
    AMBIGUOUS_SHORT,
    COUNTY,
    PROVINCE,
    Division,
    Mention,
    divisions,
    find,
)
from swner.text.offsets import Edit

NAMING = frozenset(("ORG", "POLICY"))
"""Labels whose mentions are made of names of places and organisations."""

_AUTONOMOUS = frozenset(("15", "45", "54", "64", "65"))
_APART = frozenset(("71", "81", "82"))
_ABBREVIATIONS = {
    "11": "京", "12": "津", "13": "冀", "14": "晋", "21": "辽", "31": "沪", "32": "苏", "33": "浙",
    "34": "皖", "35": "闽", "36": "赣", "37": "鲁齐", "41": "豫", "42": "鄂楚", "43": "湘", "44": "粤",
    "46": "琼", "50": "渝", "51": "蜀川", "52": "黔", "53": "滇", "61": "陕秦", "62": "陇", "63": "青",
}  # fmt: skip
_ODD_ENDS = (
    "三沙市",
    "矿区",
    "城区",
    "郊区",
    "新区",
    "林区",
    "管理区",
    "群岛",
    "海域",
    "自治县",
    "自治旗",
    "自治州",
)
_ENDS = frozenset("省市区县旗盟州")
_WATERS = frozenset("江河湖山海岛港桥湾")
_BEFORE = frozenset(("", "中共", "共青团", "国网", "国家税务总局"))
_N_TRIES = 8


@dataclass
class _Named:
    """A division that the article names.

    Attributes:
        division: Which.
        spans: Where, all of them.
        surfaces: How: in full, or by the short name.
        inside: Named divisions inside it, the next level of those.
        is_free: Whether it may be swapped, as far as its own names go.
    """

    division: Division
    spans: list[Span] = field(default_factory=list)
    surfaces: set[str] = field(default_factory=set)
    inside: list[_Named] = field(default_factory=list)
    is_free: bool = True


def swap_places(
    doc: Document, share: float, random: Random, *, pinned: Collection[int] = ()
) -> list[Edit]:
    """Edits that put other divisions in the place of those that the article names.

    Args:
        doc: Any document.
        share: Probability of each division's to be swapped that lies in no other one named.
        random: Where chance comes from.
        pinned: A division stays where one of its names ends at one of these offsets.
    """
    tops = _tree(doc, list(find(doc.text)), pinned)
    new: dict[str, Division] = {}
    for top in tops:
        if random.random() < share:
            new |= _swap_as_much(top, _home(top.division), new.values(), doc.text, random)
    return [
        (span.start, span.end, surface)
        for named in _walk(tops)
        if named.division.code in new
        for span in named.spans
        for surface in [_form(doc.text[span.start : span.end], named, new[named.division.code])]
    ]


def _tree(doc: Document, mentions: Sequence[Mention], pinned: Collection[int]) -> list[_Named]:
    """The divisions named, those that lie inside another named one below it."""
    naming = [e for e in doc.entities if e.label in NAMING]
    only = {m.divisions[0].code for m in mentions if len(m.divisions) == 1}
    known: dict[str, _Named] = {}
    last_end = -1
    for mention in mentions:
        division = _resolve(mention, only)
        here = Span(mention.start, mention.end)
        inside = here.end not in pinned and any(
            _is_sure(here, e, doc.text, joined=here.start == last_end) for e in naming
        )
        last_end = here.end
        for each in [division] if division else mention.divisions:
            named = known.setdefault(each.code, _Named(divisions()[each.code]))
            named.spans.append(here)
            named.surfaces.add(doc.text[here.start : here.end])
            named.is_free = named.is_free and inside and division is not None
    tops: list[_Named] = []
    for named in known.values():
        named.is_free = named.is_free and _is_swappable(named, doc.text)
        above = known.get(named.division.code[:4] + "00")
        if above is None or above is named:
            above = known.get(named.division.code[:2] + "0000")
        (tops if above is None or above is named else above.inside).append(named)
    return tops


def _is_sure(place: Span, name: Entity, text: str, *, joined: bool) -> bool:
    """Whether a name has the place in it, and not only its characters (长[白山]下, 上海[黄浦]江).

    What ends like a place (白山市) is one; a short name is where it begins the name, or stands behind
    another place.
    """
    if not (name.start <= place.start and place.end <= name.end):
        return False
    if text[place.end - 1] in _ENDS:
        return True
    before = text[name.start : place.start]
    return (joined or before in _BEFORE) and text[place.end : place.end + 1] not in _WATERS


def _resolve(mention: Mention, only: set[str]) -> Division | None:
    """The one division of a mention's name that lies in the city or province named elsewhere."""
    if len(mention.divisions) == 1:
        return mention.divisions[0]
    for width in (4, 2):
        above = {code[:width] for code in only}
        fitting = [d for d in mention.divisions if d.code[:width] in above]
        if len(fitting) == 1:
            return fitting[0]
    return None


def _is_swappable(named: _Named, text: str) -> bool:
    """Whether the article says the place only in ways that another one can be said in."""
    division = named.division
    if "自治" in division.name or division.code[:2] in _APART or division.name.endswith(_ODD_ENDS):
        return False
    if not named.surfaces <= set(_forms(division)):
        return False
    base = division.short if division.level != COUNTY else division.name[:-1]
    if text.count(base) != len(named.spans):
        return False
    return division.level != PROVINCE or not any(
        text.count(c) > sum(surface.count(c) for surface in _said(named, text))
        for c in _ABBREVIATIONS.get(division.prefix, "")
    )


def _said(named: _Named, text: str) -> Iterator[str]:
    return (text[span.start : span.end] for span in named.spans)


def _forms(division: Division) -> tuple[str, ...]:
    """How a division is named: in full, then short; one form only where the short one is unclear."""
    short = division.name[:-1] if division.level == COUNTY else division.short
    is_clear = len(short) == 2 and short not in AMBIGUOUS_SHORT
    return (division.name, short) if is_clear else (division.name,)


def _form(surface: str, named: _Named, new: Division) -> str:
    """The new division in the form that the old one has."""
    return _forms(new)[_forms(named.division).index(surface)]


def _swap_as_much(
    named: _Named, prefix: str, taken: Collection[Division], text: str, random: Random
) -> dict[str, Division]:
    """Swap a division with all in it; where that cannot be, as much inside it as can.

    Args:
        named: The division.
        prefix: What the codes of new ones have to begin with.
        taken: New ones that stand for others already.
        text: The article's.
        random: Where chance comes from.
    """
    for _ in range(_N_TRIES):
        new = _swap_all(named, prefix, taken, text, random)
        if new is not None:
            return new
    new = {}
    for below in named.inside:
        new |= _swap_as_much(below, named.division.prefix, [*taken, *new.values()], text, random)
    return new


def _swap_all(
    named: _Named, prefix: str, taken: Collection[Division], text: str, random: Random
) -> dict[str, Division] | None:
    """A new division and new ones inside it for those inside the old one; None where there are none."""
    if not named.is_free:
        return None
    short = any(surface != named.division.name for surface in named.surfaces)
    fitting = [
        d
        for d in _of_kind(_kind(named.division))
        if d.code.startswith(prefix)
        and (prefix or d.code[:2] not in _AUTONOMOUS)
        and d not in taken
        and (not short or len(_forms(d)) == 2)
        and _forms(d)[-1] not in text
    ]
    if not fitting:
        return None
    chosen = random.choice(fitting)
    new = {named.division.code: chosen}
    for below in named.inside:
        inside = _swap_all(below, chosen.prefix, [*taken, *new.values()], text, random)
        if inside is None:
            return None
        new |= inside
    return new


def _home(division: Division) -> str:
    """What a new division's code has to begin with where nothing above the old one is named."""
    for above in (division.code[:4] + "00", division.code[:2] + "0000"):
        known = divisions().get(above)
        if known is not None and known is not division and "自治" in known.name:
            return known.prefix
    return ""


@cache
def _of_kind(kind: tuple[str, str, str]) -> tuple[Division, ...]:
    return tuple(
        d
        for d in divisions().values()
        if d.code[:2] not in _APART
        and "自治" not in d.name
        and not d.name.endswith(_ODD_ENDS)
        and not (d.level == COUNTY and len(d.name) == 2)
        and _kind(d) == kind
    )


def _kind(division: Division) -> tuple[str, str, str]:
    """Level, what the name ends with (省, 市, 县), and the same of what stands above it.

    A county of a prefecture, of a city and of a municipality are of three kinds: 市民政局 and 州民政局
    beside it have to stay right.
    """
    above = divisions().get(division.code[:4] + "00") if division.level == COUNTY else None
    if division.level == PROVINCE:
        over = ""
    elif above is not None:
        over = "州" if "自治" in above.name else above.name[-1]
    else:
        over = divisions()[division.code[:2] + "0000"].name[-1]
    return division.level, division.name[-1], over


def _walk(tops: Sequence[_Named]) -> Iterator[_Named]:
    for named in tops:
        yield named
        yield from _walk(named.inside)
