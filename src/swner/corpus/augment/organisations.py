"""Other names for an article's organisations: other places, and other words in their names.

What kind of organisation it is stays: a county's bureau stays a county's bureau, an agency for social
work stays one. A word is changed everywhere in the article or not at all, and only where it
stands in names of organisations and titles of documents alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random

from swner.corpus.augment.edits import outside
from swner.corpus.augment.places import NAMING, swap_places
from swner.document import Document, Entity, Span
from swner.gazetteer import find
from swner.text.offsets import Edit

_COUNTIES = ("县", "市", "区", "旗")
_UNLISTED = re.compile(
    r"([\u4e00-\u9fff]{2,4}?)"
    r"(县(?![域乡级])|市(?![场民政直])|区(?![域块间])|旗|镇(?!村)|乡(?![村镇])|街道|村(?!镇)"
    "|社区(?![发服治建公工文教]))"
)
"""A place that the gazetteer does not have: towns, communities, invented and new counties."""
_NO_PLACE = re.compile(
    "[国农省市县区旗军共党委会社工司法局业部房镇村街道团中族]|^州|华夏|高新|安置|警备|关于|加强|[小新地山]$"
)
_PREFIX = re.compile("中共|共青团|国网")

_DOING = (
    "(?:青少年|儿童|老年|社区|心理|公益|志愿者?|社会工作者?|社工师?|社会|慈善|助残|妇女|家庭|健康|应急"
    "|救援|关爱|养老|文化|教育|人才|康复|残疾人|服务|发展|事务|促进|救助|咨询|支持|帮扶|综合|管理)+"
)
_COMPANY = "(?:(?:集团|控股)?(?:股份)?(?:有限责任公司|有限公司)|集团|公司|厂)"
_TAILS = {
    "firm": "(?:律师|会计师|税务师)事务所",
    "care": "(?:居家|社区|日间)*(?:养老|康养|托养|护理|养老护理|养老服务|家政|家政服务)(?:中心|院|有限公司)|颐养院|敬老院|老年公寓",
    "school": "(?:师范|职业|职业技术|理工|医学|民族|科技|财经|政法|农业)?(?:学院|大学)|职业中专学校",
    "social": f"{_DOING}(?:中心|社|所|站|队|总队|协会|基金会|促进会|联合会)|基金会|义工队|社工站",
}
"""What follows the proper word in names of a kind of organisation. Companies: see `_tails`."""
_NO_PROPER = re.compile(
    "社会|志愿|慈善|公益|儿童|少年|青年|老年|老龄|妇|女|残|盲|聋|养老|企业|职工|卫生|教育|文化|科技|法律|中华|中国"
    "|全国|国家|国际|华夏|人民|第|中心|红十字|体育|经济|退役|殡葬|福利|救助|民政|社区|社工|农|城乡|乡村|商会|行业|家政|康养"
    "|心理|党|团|总|综合|民间|公办|基层|省|市|区|县|州|镇|街道|村|军|侨|台胞|工商|少儿|特困|流浪|未成年|留守|义工|义务|关爱|关工|爱国"
    '|消费|旅游|计划|扶贫|扶残|助|居家|居民|日间|老人|托老|服务|发展|促进|工作|事务|管理|环|民族|建设|研究|广播|供电|供水|自来水|燃气|邮政|烟草|石油|铁路|康复|医|药|师范|职业|学|校|院|会|厅|局|委|部|处|办|政|司法|财|事|[“”‘’"（）()·0-9A-Za-z]'
)


@dataclass(frozen=True)
class _Lexicon:
    """Words to choose from.

    Attributes:
        places: Invented or common names, by what they are names of (县, 镇, 社区).
        propers: What organisations of a kind are called (晨星, 宏远).
        departments: Groups of bureaus of which one can stand for another.
        industries: What companies do.
    """

    places: Mapping[str, Sequence[str]]
    propers: Mapping[str, Sequence[str]]
    departments: Sequence[Sequence[str]]
    industries: Sequence[str]


@cache
def _lexicon() -> _Lexicon:
    path = resources.files("swner.corpus.augment") / "data" / "organisations.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    return _Lexicon(
        places={kind: words.split() for kind, words in record["places"].items()},
        propers={kind: words.split() for kind, words in record["propers"].items()},
        departments=[words.split() for words in record["departments"]],
        industries=record["industries"].split(),
    )


@cache
def _tails() -> Mapping[str, re.Pattern[str]]:
    industries = "|".join(sorted(_lexicon().industries, key=len, reverse=True))
    company = f"(?P<industry>{industries})?{_COMPANY}"
    return {kind: re.compile(tail) for kind, tail in {**_TAILS, "company": company}.items()}


@dataclass(frozen=True)
class _Word:
    """A word of an organisation's name.

    Attributes:
        text: The word.
        others: What may stand for it.
        stem: What must not be said but in the word: the word, or what it is made from (教育 of 教育局).
        is_county: Whether it names what lies right below a city or province.
    """

    text: str
    others: Sequence[str]
    stem: str
    is_county: bool = False


def reorganise(doc: Document, share: float, random: Random) -> list[Edit]:
    """Edits that change places and words in names of organisations and titles of documents.

    Args:
        doc: Any document.
        share: Probability of each place's and each word's to be changed.
        random: Where chance comes from.
    """
    naming = [e for e in doc.entities if e.label in NAMING]
    places = [Span(m.start, m.end) for m in find(doc.text)]
    said = outside(doc, NAMING)
    words = {word.text: word for entity in naming for word in _words(entity, places)}
    shortened = _shortened(doc)
    edits: list[Edit] = []
    chosen: set[str] = set()
    pinned = {p.end for p in places if any(_is_abridged(doc.text, p, *pair) for pair in shortened)}
    for word in words.values():
        spans = _occurrences(word.text, naming)
        others = [w for w in word.others if w not in doc.text and w not in chosen]
        if (
            others
            and random.random() < share
            and word.stem not in said
            and doc.text.count(word.stem) == doc.text.count(word.text)
            and not any(span.overlaps(p) for span in spans for p in places)
            and not any(span.overlaps(Span(a, b)) for span in spans for a, b, _ in edits)
            and not any(_is_abridged(doc.text, s, *pair) for s in spans for pair in shortened)
        ):
            new = random.choice(others)
            chosen.add(new)
            edits += [(span.start, span.end, new) for span in spans]
        elif word.is_county:
            pinned.update(span.start for span in spans)
    return edits + swap_places(doc, share, random, pinned=pinned)


def _shortened(doc: Document) -> list[tuple[str, Entity]]:
    """Short names with the full ones that they stand for."""
    links = [r for r in doc.relations if r.label == "alias_of"]
    return [(doc.entities[r.head].surface, doc.entities[r.tail]) for r in links]


def _is_abridged(text: str, span: Span, short: str, full: Entity) -> bool:
    """Whether a short name has characters of a word in its full one, but not the whole word."""
    word = text[span.start : span.end]
    inside = full.start <= span.start and span.end <= full.end
    return inside and word not in short and any(c in short for c in word)


def _occurrences(word: str, naming: Sequence[Entity]) -> list[Span]:
    return [
        Span(e.start + m.start(), e.start + m.end())
        for e in naming
        for m in re.finditer(re.escape(word), e.surface)
    ]


def _words(entity: Entity, places: Sequence[Span]) -> Iterator[_Word]:
    """What may be changed in one name: places that are not listed, its department, its proper word."""
    listed = {p.start: p.end for p in places}
    prefix = _PREFIX.match(entity.surface)
    at = prefix.end() if prefix else 0
    while True:
        end = listed.get(entity.start + at)
        place = _UNLISTED.match(entity.surface, at)
        if end is not None and end <= entity.end:
            at = end - entity.start
        elif place and (place[2] in _COUNTIES or _is_town(entity.label, place[1])):
            # A name that may be no place stays, and keeps what is above it in its place.
            others = () if _NO_PLACE.search(place[1]) else _lexicon().places[place[2]]
            yield _Word(place[1], others, place[1], place[2] in _COUNTIES)
            at = place.end()
        else:
            break
    name = entity.surface[at:]
    yield from _departments(name)
    if entity.label == "ORG":
        yield from _propers(name)


def _is_town(label: str, name: str) -> bool:
    """Whether what precedes 镇, 街道 or 社区 is a name, in an organisation's name."""
    return label == "ORG" and not _NO_PLACE.search(name)


def _departments(name: str) -> Iterator[_Word]:
    bare = name[1:] if name[:1] in "省市县区州旗" else name
    for group in _lexicon().departments:
        if bare in group:
            yield _Word(bare, [d for d in group if d != bare], bare[:-1])


def _propers(name: str) -> Iterator[_Word]:
    industries = _lexicon().industries
    for kind, tail in _tails().items():
        for length in (2, 3, 4):
            proper, found = name[:length], tail.fullmatch(name, length)
            industry = found.groupdict().get("industry") if found else None
            if found is None or _NO_PROPER.search(proper):
                continue
            if kind == "company" and length > 2 and not industry:
                continue  # 云岭锌业有限公司: what it does is not listed
            yield _Word(proper, _lexicon().propers[kind], proper)
            if industry:
                yield _Word(industry, [i for i in industries if i != industry], industry)
            return
