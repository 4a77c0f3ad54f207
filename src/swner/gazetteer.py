"""The names of China's provinces, cities and counties, and where a text names them.

Provinces and cities are also known by their short names (广西, 青岛), counties by their full names
only (淇县, 胶州市), since 和平 or 新华 alone are words, or right behind what is above them (湖北京山).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from types import MappingProxyType

PROVINCE, CITY, COUNTY = "省级", "市级", "县级"
_ETHNIC = re.compile(
    r"(?:壮族|回族|维吾尔|朝鲜族|土家族|苗族|藏族|羌族|彝族|布依族|侗族|哈尼族|傣族|白族|景颇族|"
    r"傈僳族|蒙古族|哈萨克|柯尔克孜|特别行政区|自治区|自治州|地区|盟|省|市)+$"
)
AMBIGUOUS_SHORT = frozenset((
    "来宾", "中山", "大同", "海北", "海东", "海西", "海南", "黄南", "山南", "安康", "安顺",
    "朝阳", "黄山", "文山", "吉林", "东方", "阿里", "平凉", "三明", "三沙",
))  # fmt: skip
"""Short names of cities that are ordinary words, or a province's or district's name as well."""

_SKIPPED = {"城区", "郊区", "矿区", "东区", "西区"}
_SLOGANS = ("健康", "平安", "数字", "美丽", "法治", "幸福", "智慧", "清廉", "文明")


@dataclass(frozen=True, slots=True)
class Division:
    """One division.

    Attributes:
        code: Six digits, two each for province, city and county.
        name: In full.
        short: Of provinces and cities the name as it is said (广西); of counties the name in full.
        level: 省级, 市级 or 县级.
    """

    code: str
    name: str
    short: str
    level: str

    @property
    def prefix(self) -> str:
        """What the codes of all divisions inside it begin with."""
        return self.code[: {PROVINCE: 2, CITY: 4, COUNTY: 6}[self.level]]


@dataclass(frozen=True, slots=True)
class Mention:
    """A place name in a text, with the divisions of that name."""

    start: int
    end: int
    divisions: tuple[Division, ...]


@cache
def divisions() -> Mapping[str, Division]:
    """All divisions by code."""
    found = {}
    path = resources.files("swner") / "data" / "divisions.json"
    for code, name in json.loads(path.read_text(encoding="utf-8")).items():
        if code.endswith("0000"):
            level = PROVINCE
        elif code.endswith("00"):
            level = CITY
        else:
            level = COUNTY
        short = name if level == COUNTY else (_ETHNIC.sub("", name) or name)
        found[code] = Division(code, name, short, level)
    return MappingProxyType(found)


@cache
def _names() -> dict[str, tuple[tuple[str, tuple[Division, ...]], ...]]:
    """Names by their first two characters, longest first."""
    by_name: dict[str, list[Division]] = {}
    for division in divisions().values():
        if division.name in _SKIPPED:
            continue
        by_name.setdefault(division.name, []).append(division)
        short = division.short
        ambiguous = division.level == CITY and short in AMBIGUOUS_SHORT
        if short != division.name and not ambiguous and len(short) >= 2:
            by_name.setdefault(short, []).append(division)
    _add_renamed(by_name)
    table: dict[str, list[tuple[str, tuple[Division, ...]]]] = {}
    for name, named in by_name.items():
        table.setdefault(name[:2], []).append((name, tuple(named)))
    return {k: tuple(sorted(v, key=lambda x: -len(x[0]))) for k, v in table.items()}


def _add_renamed(by_name: dict[str, list[Division]]) -> None:
    """Counties that became cities or districts since (京山县 is 京山市)."""
    for division in divisions().values():
        if division.level == COUNTY and division.name.endswith("县") and len(division.name) > 2:
            for suffix in "市区":
                name = division.name[:-1] + suffix
                if name not in by_name:
                    by_name[name] = [replace(division, name=name)]


@cache
def _county_shorts() -> dict[str, tuple[Division, ...]]:
    """Counties by their names without 县, 市, 区, which count right behind what is above them."""
    found: dict[str, tuple[Division, ...]] = {}
    for division in divisions().values():
        short = division.name[:-1]
        if division.level == COUNTY and len(short) == 2:
            found[short] = (*found.get(short, ()), division)
    return found


def _follower(text: str, mention: Mention) -> Mention | None:
    """The county whose short name stands right behind its province or city (湖北京山)."""
    found = _county_shorts().get(text[mention.end : mention.end + 2], ())
    above = {d.prefix for d in mention.divisions if d.level != COUNTY}
    inside = tuple(d for d in found if any(d.code.startswith(code) for code in above))
    return Mention(mention.end, mention.end + 2, inside[:1]) if len(inside) == 1 else None


def find(text: str) -> Iterator[Mention]:
    """All place names of a text, longest first at each position, none overlapping."""
    table = _names()
    position, last_end = 0, -1
    while position < len(text) - 1:
        for name, named in table.get(text[position : position + 2], ()):
            if text.startswith(name, position) and _plausible(
                text, position, name=name, last_end=last_end
            ):
                last_end = position + len(name)
                mention = Mention(position, last_end, named)
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
