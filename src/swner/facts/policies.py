"""Policies: one record for all mentions of a document, in an article and across articles.

Two titles are one policy where they are equal without marks and spaces. A short name is resolved
by the text's own definition (以下简称), else where exactly one fuller title before it ends or
begins with it. A bare 意见 or 通知 that nothing resolves stays a policy of its own article.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from swner.document import Relation
from swner.facts.dates import parse_date
from swner.facts.passages import Passages
from swner.facts.place import COUNTRY
from swner.facts.records import PolicyRecord
from swner.gazetteer import CITY, COUNTY, PROVINCE, find

TOWN, BODY = "乡级", "机构"
LEVELS = (COUNTRY, PROVINCE, CITY, COUNTY, TOWN, BODY)
KINDS = (
    "意见|通知|方案|规划|计划|办法|条例|规定|决定|措施|指引|指南|规范|纲要|公告|通告|批复|细则|标准|制度|要点|清单|"
    "章程|规则|规程|函|法|预案|导则|指导意见|行动|协议"
)
_BARE = re.compile(
    rf"(?:本|该|此)?(?:实施|工作|行动|指导|若干|管理|三年|专项|总体|暂行|试行)*(?:{KINDS})"
)
_NUMBER = re.compile(
    r"[一-鿿]{1,10}(?:\[[一-鿿]{1,4}\])?[〔\[(（【［](?:19|20)\d{2}[〕\])）】］]第?\s*\d{1,4}\s*号"
)
_TITLE_ISSUER = re.compile(
    r"^(国务院|中共中央|.{2,24}?(?:局|厅|部|委员会|委|办公厅|办公室|政府|联合会|协会|总会|法院|检察院))"
    r"(?:等.{1,6}?部门)?关于"
)
_PUBLIC_UNION = re.compile(
    "妇女联合会|妇联|残疾人联合会|残联|工商(?:业)?联|总工会|红十字会|团[省市县区]?委"
)
_BODY = re.compile(
    "(?:联合会|协会|学会|商会|促进会|基金会|公司|集团|大学|学院|学校|中心|总会|研究院|研究会|医院|"
    "服务社|工作委员会|专业委员会)"
)
_UNLISTED = re.compile(
    "[一-鿿]{2,3}(自治州|州|盟|市|县|区|旗)(?=委|人民|政府|人大|政协|民政|财政|教育|公安|司法|卫生|人力|"
    "残|妇|总工会|社会工作|组织部|应急|文明|宣传)"
)
_NATIONAL = re.compile(
    "^(?:中共中央|中央|国务院|国家|全国|中办|国办|中组部|中宣部|最高人民|共青团中央|中国残联|党中央|中华人民共和国)|"
    "^(?:民政|财政|教育|公安|司法|外交|国防|商务|水利|科技|科学技术|人力资源(?:和)?社会保障|人社|住房(?:和)?城乡建设|"
    "农业农村|农业|卫生健康|卫生|退役军人事务|应急管理|文化(?:和旅游)?|工业和信息化|自然资源|生态环境|交通运输)部"
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The policies of one article.

    Attributes:
        records: One record a policy.
        of_entity: For each POLICY entity, the index of its record.
    """

    records: tuple[PolicyRecord, ...]
    of_entity: dict[int, int]


def title_key(title: str) -> str:
    """The title without marks and spaces, in half-width characters."""
    plain = unicodedata.normalize("NFKC", title)
    plain = "".join(c for c in plain if c.isalnum())
    return plain.removeprefix("中华人民共和国") or plain


def is_bare(title: str) -> bool:
    """Whether a title is only the kind of document (意见, 实施方案), which many policies share."""
    return _BARE.fullmatch(title_key(title)) is not None


def level_of(organisation: str) -> str:
    """The level of an issuing organ by its name; "" where the name does not tell."""
    public = _PUBLIC_UNION.search(organisation)
    if _NATIONAL.search(organisation) and not (_BODY.search(organisation) and not public):
        return COUNTRY
    if _BODY.search(organisation) and not public:
        return BODY
    if re.search(r"(?:镇|乡|街道)(?:党委|党工委|政府|人民政府|办事处|办)?$", organisation):
        return TOWN
    chain = [m for m in find(organisation) if m.start < 12]
    if chain:
        return chain[-1].divisions[0].level
    for words, level in (
        ("自治区|省|团省", PROVINCE),
        ("自治州|州|盟|市|团市", CITY),
        ("县|区|旗|团[县区]", COUNTY),
    ):
        if re.match(words, organisation):
            return level
    named = _UNLISTED.match(organisation)
    return (COUNTY if named.group(1) in "县区旗" else CITY) if named else ""


def policy_level(issuers: Sequence[str], title: str) -> str:
    """The highest level among the issuers, else that of the organ the title begins with."""
    found = [level for name in issuers if (level := level_of(name))]
    if found:
        return min(found, key=LEVELS.index)
    if _NATIONAL.match(title):
        return COUNTRY
    head = re.split("关于", title)[0] if "关于" in title else title
    first = next(iter(find(head)), None)
    if first is not None and first.start == 0:
        mentions = list(find(head))
        last = mentions[0]
        for mention in mentions[1:]:
            if mention.start != last.end:
                break
            last = mention
        return last.divisions[0].level
    if re.match("中国.{2,20}(?:联合会|协会|学会|基金会)", title):
        return BODY
    return ""


def resolve(passages: Passages) -> Resolved:
    """Gather the policies of one article from its POLICY entities and relations."""
    mentions = passages.indices("POLICY")
    target = _resolve_titles(passages, mentions)
    groups: dict[str, list[int]] = {}
    for index in mentions:
        groups.setdefault(target[index], []).append(index)
    records: list[PolicyRecord] = []
    of_entity: dict[int, int] = {}
    for key, members in groups.items():
        for index in members:
            of_entity[index] = len(records)
        records.append(_record(passages, key, members=members))
    return Resolved(tuple(records), of_entity)


def _resolve_titles(passages: Passages, mentions: Sequence[int]) -> dict[int, str]:
    """The key of the policy that each mention means."""
    names = {i: passages.entities[i].name for i in mentions}
    keys = {i: title_key(names[i]) for i in mentions}
    defined: dict[str, str] = {}
    for index in mentions:
        for relation in passages.out(index, "alias_of"):
            if keys[index] != keys.get(relation.tail, keys[index]):
                defined[keys[index]] = keys[relation.tail]
    resolved = {}
    for index in mentions:
        key = keys[index]
        hops = 0
        while key in defined and hops < 5:
            key, hops = defined[key], hops + 1
        if key == keys[index]:
            key = _fuller(index, names, keys=keys, defined=defined) or key
        if is_bare(key):
            key = f"{key}@{passages.doc.id}"
        resolved[index] = key
    return resolved


def _fuller(
    index: int, names: dict[int, str], *, keys: dict[int, str], defined: dict[str, str]
) -> str | None:
    """The one fuller title of the article that a short mention stands for."""
    key = keys[index]
    if len(key) > 16:
        return None
    fuller = {
        k
        for i, k in keys.items()
        if len(k) > len(key) and k not in defined and (k.endswith(key) or k.startswith(key))
        if not is_bare(k) and (i < index or not is_bare(key))
    }
    return fuller.pop() if len(fuller) == 1 else None


def _record(passages: Passages, key: str, *, members: Sequence[int]) -> PolicyRecord:
    full = [i for i in members if title_key(passages.entities[i].name) == key] or list(members)
    main = full[0]
    title = passages.entities[main].name
    relations = [r for i in members for r in passages.out(i, "issued_by")]
    issuers = _issuers(passages, relations, title=title)
    dated = [r for i in members for r in passages.out(i, "dated")]
    date_text = passages.entities[dated[0].tail].name if dated else ""
    short = {passages.entities[i].name: None for i in members if i not in full}
    return PolicyRecord(
        key=key,
        title=title,
        short_names=tuple(short),
        number=next((n for i in full if (n := _number_after(passages, i))), ""),
        issuers=issuers,
        level=policy_level(issuers, title) or _level_around(passages, main),
        date_text=date_text,
        date=parse_date(date_text, anchor=anchor_of(passages)) if date_text else None,
        n_mentions=len(members),
        evidence=passages.evidence(
            main, [r.tail for r in relations if r.head == main], relations=[*relations, *dated[:1]]
        ),
    )


def _level_around(passages: Passages, index: int) -> str:
    """The level of the place that brings the policy out (福建省…出台…): the first one before it."""
    before = passages.before(index)
    first = next(iter(find(before)), None)
    if first is None or not re.search("出台|印发|发布|制定|颁布|推出", before[first.end :]):
        return ""
    return first.divisions[0].level


def _issuers(passages: Passages, relations: Sequence[Relation], *, title: str) -> tuple[str, ...]:
    """Issuers in the text's order, short names replaced by what the text defines them to be."""
    names: dict[str, None] = {}
    for relation in sorted(relations, key=lambda r: r.tail):
        names[full_name(passages, relation.tail)] = None
    if not names and (found := _TITLE_ISSUER.match(title)):
        names[found.group(1)] = None
    return tuple(names)


def _number_after(passages: Passages, index: int) -> str:
    """The document number in brackets right behind a title."""
    tail = passages.text[passages.end(index) : passages.end(index) + 40]
    found = _NUMBER.search(tail)
    between = r"[》〉”\s]*[(（]?(?:文号|文件编号)?[:：]?"
    if found is None or not re.fullmatch(between, tail[: found.start()]):
        return ""
    return re.sub(r"\s", "", found.group())


def full_name(passages: Passages, index: int) -> str:
    """An organisation's name, or the full name that the article defines for it."""
    name = passages.entities[index].name
    for other in passages.indices("ORG"):
        if passages.entities[other].name == name:
            for relation in passages.out(other, "alias_of"):
                return passages.entities[relation.tail].name
    return name


def anchor_of(passages: Passages) -> date | None:
    """The article's date of publication; None where the meta has none that is a date."""
    value = str(passages.doc.meta.get("published") or "")
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None
