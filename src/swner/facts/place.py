"""Places: which province, city or county a text names, and what stands above it.

Names are those of `swner.gazetteer`. A county whose name several cities share (朝阳区) gets its
city only where the context names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from swner.gazetteer import CITY, COUNTY, PROVINCE, Division, Mention, divisions, find

COUNTRY = "国家"
_ORDER = {COUNTRY: 0, PROVINCE: 1, CITY: 2, COUNTY: 3}
_LEVEL_WORD = re.compile(r"全(省|市|县|区|州|盟|旗)(?!域|面)")
_NATION = re.compile(
    r"(?:^|[,，。;；、:：在截])(?:目前|底|末|年)?,?(?:我国|全国)(?!县域|首|率先|前列|各族|两会)"
    r"|是国家"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact holds.

    Attributes:
        name: The most specific division's full name, 全国 for the country, "" where unknown.
        level: 国家, 省级, 市级 or 县级; "" where unknown.
        province: Full name of the province, "" where unknown or not applicable.
        city: Full name of the city.
        county: Full name of the county.
        source: What named it: `sentence`, `policy`, `title`, `dateline`, `source` or "".
    """

    name: str = ""
    level: str = ""
    province: str = ""
    city: str = ""
    county: str = ""
    source: str = ""


NOWHERE = Place()


def place_of(division: Division, source: str) -> Place:
    """The division with what stands above it."""
    table = divisions()
    province = table.get(division.code[:2] + "0000")
    city = table.get(division.code[:4] + "00")
    return Place(
        name=division.name,
        level=division.level,
        province=province.name if province else "",
        city=city.name if city and division.level != PROVINCE else "",
        county=division.name if division.level == COUNTY else "",
        source=source,
    )


class Gazette:
    """Places of one article: resolves shared names by what else the article names."""

    def __init__(self, text: str) -> None:
        self._codes: set[str] = set()
        for mention in find(text):
            if len(mention.divisions) == 1:
                code = mention.divisions[0].code
                self._codes |= {code[:2], code[:4]}

    def choose(self, text: str, source: str, *, near: int | None = None) -> Place | None:
        """The most specific place of the nearest chain of names (北京市东城区) in `text`.

        Args:
            text: A sentence, a title, a line.
            source: What the text is, kept with the place.
            near: An offset; the last chain before it is taken, else the first one behind it.
        """
        chains = [c for c in _chains(find(text)) if c]
        if not chains:
            return None
        if near is None:
            best = max(chains, key=lambda c: max(_ORDER[m.divisions[0].level] for m in c))
        else:
            before = [c for c in chains if c[0].start < near]
            best = before[-1] if before else chains[0]
        return self._resolve(best, source)

    def _resolve(self, chain: list[Mention], source: str) -> Place:
        context = set(self._codes)
        for mention in chain[:-1]:
            for division in mention.divisions:
                context |= {division.code[:2], division.code[:4]}
        found = chain[-1].divisions
        if len(found) == 1:
            return place_of(found[0], source)
        for width in (4, 2):
            inside = [d for d in found if d.code[:width] in context]
            if len(inside) == 1:
                return place_of(inside[0], source)
            found = tuple(inside) or found
        if found[0].level != COUNTY:
            return place_of(min(found, key=lambda d: _ORDER[d.level]), source)
        name = found[0].name
        return Place(name, COUNTY, "", "", name, source)


def _chains(mentions: Iterable[Mention]) -> list[list[Mention]]:
    """Group names written one behind the other (河南省鹤壁市淇县)."""
    chains: list[list[Mention]] = []
    for mention in mentions:
        if chains and chains[-1] and chains[-1][-1].end == mention.start:
            chains[-1].append(mention)
        else:
            chains.append([mention])
    return chains


def cut_to_level(place: Place, sentence: str) -> Place | None:
    """Apply 全省, 全市, 全县 of the sentence to the article's place; None without such a word."""
    if _NATION.search(sentence):
        return Place("全国", COUNTRY, source="sentence")
    found = _LEVEL_WORD.search(sentence)
    if found is None or not place.name or place.level == COUNTRY:
        return None
    word = found.group(1)
    if word == "省" and place.province:
        return Place(place.province, PROVINCE, place.province, source="sentence")
    if word in "市州盟" and place.city and place.level in (CITY, COUNTY):
        if word == "市" and place.level == COUNTY and place.name.endswith("市"):
            return replace(place, source="sentence")
        return Place(place.city, CITY, place.province, place.city, source="sentence")
    if word == "区" and place.level != COUNTY and place.province.endswith("自治区"):
        return Place(place.province, PROVINCE, place.province, source="sentence")
    return None
