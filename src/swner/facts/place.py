"""Places: which province, city or county a text names, and what stands above it.

Names come from `data/divisions.json`. Provinces and cities are also known by their short names
(广西, 青岛), counties by their full names only (淇县, 胶州市), since 和平 or 新华 alone are words.
A county whose name several cities share (朝阳区) gets its city only where the context names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

COUNTRY, PROVINCE, CITY, COUNTY = "国家", "省级", "市级", "县级"
_ORDER = {COUNTRY: 0, PROVINCE: 1, CITY: 2, COUNTY: 3}
_ETHNIC = re.compile(
    r"(?:壮族|回族|维吾尔|朝鲜族|土家族|苗族|藏族|羌族|彝族|布依族|侗族|哈尼族|傣族|白族|景颇族|"
    r"傈僳族|蒙古族|哈萨克|柯尔克孜|特别行政区|自治区|自治州|地区|盟|省|市)+$"
)
_AMBIGUOUS_SHORT = {
    "来宾", "中山", "大同", "海北", "海东", "海西", "海南", "黄南", "山南", "安康", "安顺",
    "朝阳", "黄山", "文山", "吉林", "东方", "阿里", "平凉", "三明", "三沙",
}  # fmt: skip
# city short names that are ordinary words, or a province's or district's name as well
_SKIPPED = {"城区", "郊区", "矿区", "东区", "西区"}
_SLOGANS = ("健康", "平安", "数字", "美丽", "法治", "幸福", "智慧", "清廉", "文明")
_LEVEL_WORD = re.compile(r"全(省|市|县|区|州|盟|旗)(?!域|面)")
_NATION = re.compile(
    r"(?:^|[,，。;；、:：在截])(?:目前|底|末|年)?,?(?:我国|全国)(?!县域|首|率先|前列|各族|两会)"
    r"|是国家"
)


@dataclass(frozen=True, slots=True)
class Division:
    """One division; `code` has six digits, two each for province, city and county."""

    code: str
    name: str
    short: str
    level: str


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


@dataclass(frozen=True, slots=True)
class Mention:
    """A place name in a text, with the divisions of that name."""

    start: int
    end: int
    divisions: tuple[Division, ...]


@cache
def _divisions() -> dict[str, Division]:
    """All divisions by code."""
    found = {}
    path = resources.files("swner.facts") / "data" / "divisions.json"
    for code, name in json.loads(path.read_text(encoding="utf-8")).items():
        if code.endswith("0000"):
            level = PROVINCE
        elif code.endswith("00"):
            level = CITY
        else:
            level = COUNTY
        short = name if level == COUNTY else (_ETHNIC.sub("", name) or name)
        found[code] = Division(code, name, short, level)
    return found


@cache
def _names() -> dict[str, tuple[tuple[str, tuple[Division, ...]], ...]]:
    """Names by their first two characters, longest first."""
    by_name: dict[str, list[Division]] = {}
    for division in _divisions().values():
        if division.name in _SKIPPED:
            continue
        by_name.setdefault(division.name, []).append(division)
        short = division.short
        ambiguous = division.level == CITY and short in _AMBIGUOUS_SHORT
        if short != division.name and not ambiguous and len(short) >= 2:
            by_name.setdefault(short, []).append(division)
    _add_renamed(by_name)
    table: dict[str, list[tuple[str, tuple[Division, ...]]]] = {}
    for name, divisions in by_name.items():
        table.setdefault(name[:2], []).append((name, tuple(divisions)))
    return {k: tuple(sorted(v, key=lambda x: -len(x[0]))) for k, v in table.items()}


def _add_renamed(by_name: dict[str, list[Division]]) -> None:
    """Counties that became cities or districts since (京山县 is 京山市)."""
    for division in _divisions().values():
        if division.level == COUNTY and division.name.endswith("县") and len(division.name) > 2:
            for suffix in "市区":
                name = division.name[:-1] + suffix
                if name not in by_name:
                    by_name[name] = [replace(division, name=name)]


@cache
def _county_shorts() -> dict[str, tuple[Division, ...]]:
    """Counties by their names without 县, 市, 区, which count right behind what is above them."""
    found: dict[str, tuple[Division, ...]] = {}
    for division in _divisions().values():
        short = division.name[:-1]
        if division.level == COUNTY and len(short) == 2:
            found[short] = (*found.get(short, ()), division)
    return found


def _follower(text: str, mention: Mention) -> Mention | None:
    """The county whose short name stands right behind its province or city (湖北京山)."""
    found = _county_shorts().get(text[mention.end : mention.end + 2], ())
    above = {d.code.rstrip("0") for d in mention.divisions if d.level != COUNTY}
    inside = tuple(d for d in found if any(d.code.startswith(code) for code in above))
    return Mention(mention.end, mention.end + 2, inside[:1]) if len(inside) == 1 else None


def find(text: str) -> Iterator[Mention]:
    """All place names of a text, longest first at each position, none overlapping."""
    table = _names()
    position, last_end = 0, -1
    while position < len(text) - 1:
        for name, divisions in table.get(text[position : position + 2], ()):
            if text.startswith(name, position) and _plausible(
                text, position, name=name, last_end=last_end
            ):
                last_end = position + len(name)
                mention = Mention(position, last_end, divisions)
                yield mention
                longer = any(
                    text.startswith(n, last_end)
                    for n, _ in table.get(text[last_end : last_end + 2], ())
                )
                if not longer and (county := _follower(text, mention)) is not None:
                    yield county
                    last_end = county.end
                position = last_end - 1
                break
        position += 1


def _plausible(text: str, start: int, *, name: str, last_end: int) -> bool:
    """Refuse 新县 in 创新县, 站前区 in 站前区域 and 内蒙古 in 健康内蒙古."""
    if text.endswith(_SLOGANS, 0, start):
        return False
    after = text[start + len(name) : start + len(name) + 1]
    if name[-1] == "区" and after in ("域", "间", "别", "块"):
        return False
    if len(name) == 2 and name[-1] in "县区市":
        before = text[start - 1 : start]
        joined = start == last_end or not ("一" <= before <= "鿿")
        return joined or before in "在到从自与和对由赴为是向及、省市州"
    return True


def place_of(division: Division, source: str) -> Place:
    """The division with what stands above it."""
    table = _divisions()
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
