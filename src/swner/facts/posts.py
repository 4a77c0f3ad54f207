"""Posts: who holds, gets, leaves or is proposed for which post of which organisation.

The status is read from the words around person and post. A post in apposition (会长陈存根) is
held, unless 原, 前, 新任 … stand before it; a person followed by a verb (被聘任为, 当选) or led by
one (聘任王春益为…) has what the verb says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from swner.document import Relation
from swner.facts.dates import DateRange, parse_date
from swner.facts.passages import Passages
from swner.facts.policies import anchor_of, full_name
from swner.facts.records import Appointment

HOLDS, APPOINTED, ELECTED = "holds", "appointed", "elected"
FORMER, PROPOSED, REMOVED = "former", "proposed", "removed"
STATUSES = (HOLDS, APPOINTED, ELECTED, FORMER, PROPOSED, REMOVED)
_EVENTS = (APPOINTED, ELECTED, PROPOSED, REMOVED)

_CUES: tuple[tuple[str, str], ...] = (
    ("拟提名|拟任命|拟聘任?|拟任|拟担任|拟推荐|提名|建议任命", PROPOSED),
    ("免去|不再担任|不再兼任|辞去|辞任|卸任|免除|被免|罢免|撤销", REMOVED),
    ("曾任|历任|时任|曾担任|原任|曾是", FORMER),
    ("当选|选举|选为|推选|推举|选出|改选|增选|增补|连任|产生", ELECTED),
    (
        "聘任|聘为|聘请|受聘|被聘|续聘|任命|出任|就任|履新|接任|升任|调任|转任|改任|委任|委派|到任",
        APPOINTED,
    ),
)
_ANY_CUE = re.compile("|".join(f"(?P<{status}>{words})" for words, status in _CUES))
_BEFORE_POST: tuple[tuple[str, str], ...] = (
    (r"(?:拟任|候任|拟聘)$", PROPOSED),
    (r"(?:新当选的?|当选的?|新选出的)$", ELECTED),
    (r"(?:新任|首任|新上任的?|新聘任?的?|新到任的?)$", APPOINTED),
    (r"(?:原任?|前任?|时任|曾任|历任)$", FORMER),
    (r"(?:免去|撤销)(?:了)?$", REMOVED),
)
_MEETING = re.compile(
    r"第[^,，。]{1,3}[届次]|换届|[一二三四五六七八九十]届|会员(?:代表)?大会|成员代表大会|成立大会|理事会|"
    r"(?:召开|举行|举办)[^,，。]{0,6}(?:大会|换届|选举)"
)
_ORGAN_END = re.compile("(?:部|委|委员会|会|室|中心|局|处|站|院|组|社|分会)$")
_DEPARTMENT = re.compile("(?:工作部|委员会|中心|分会|专委会|研究院|研究所)$")
_INNER_BODY = re.compile("(?:理事会|监事会|主席团|书记处|党委|党组|党工委|团委|工会|领导小组)$")


@dataclass(frozen=True, slots=True)
class _Post:
    """A post with its organisation, and whether that is a department named inside the post."""

    name: str
    organisation: str
    source: str
    parent: str


def appointments(passages: Passages) -> tuple[Appointment, ...]:
    """All persons at posts of one article, each combination once."""
    held = [r for i in passages.indices("PER") for r in passages.out(i, "holds")]
    held.sort(key=lambda r: (max(r.head, r.tail), r.head))
    found: list[Appointment] = []
    seen: set[tuple[str, str, str, str]] = set()
    previous: _Context | None = None
    for relation in held:
        record, previous = _appointment(passages, relation, previous=previous)
        key = (record.person, record.post, record.organisation, record.status)
        if key not in seen:
            seen.add(key)
            found.append(record)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Context:
    """What the last appointment (elected, appointed …) hands on to those that follow it."""

    status: str
    post: _Post
    sentence: int
    date_text: str
    date: DateRange | None


def _appointment(
    passages: Passages, relation: Relation, *, previous: _Context | None
) -> tuple[Appointment, _Context | None]:
    person, post_index = relation.head, relation.tail
    place = passages.single(post_index, "post_at")
    post = _post(passages, post_index, place=place)
    status = status_of(
        passages, person, post=post_index, organisation=place.tail if place else None
    )
    sentence = passages.sentence(passages.position(person)).start
    date_text, day = _date(passages, person, status=status)
    if status in _EVENTS and previous is not None and previous.status == status:
        if not post.organisation and previous.post.organisation:
            post = _Post(post.name, previous.post.organisation, "carried", "")
        elif (
            previous.sentence == sentence
            and previous.post.source in ("post", "carried")
            and post.source == "relation"
            and post.organisation == previous.post.parent
        ):
            # 聘任甲为某部主任,乙为执行主任: the second post is the department's as well.
            post = _Post(post.name, previous.post.organisation, "carried", post.organisation)
        if not date_text:
            date_text, day = previous.date_text, previous.date
    if status in _EVENTS and not post.organisation and (meeting := _meeting(passages, person)):
        post = _Post(post.name, meeting, "meeting", "")
    relations = [relation] + ([place] if place else [])
    parts = [post_index] + ([place.tail] if place else [])
    record = Appointment(
        person=passages.entities[person].name,
        post=post.name,
        organisation=post.organisation,
        organisation_source=post.source,
        status=status,
        date_text=date_text,
        date=day,
        evidence=passages.evidence(person, parts, relations=relations),
    )
    if status not in _EVENTS:
        return record, previous
    return record, _Context(status, post, sentence, date_text, day)


def _post(passages: Passages, index: int, *, place: Relation | None) -> _Post:
    """Split a post that begins with its department's name (生态文明工作部|主任)."""
    name = passages.entities[index].name
    parent = full_name(passages, place.tail) if place else ""
    organisations = sorted(
        {passages.entities[i].name for i in passages.indices("ORG")}, key=len, reverse=True
    )
    cuts = [
        (name[:cut], name[cut:])
        for cut in range(len(name) - 1, 4, -1)
        if _ORGAN_END.search(name[:cut]) and not _INNER_BODY.search(name[:cut])
    ]
    for department, rest in cuts:
        whole = next((o for o in organisations if o.endswith(department)), "")
        if whole:
            return _Post(rest, whole, "post", parent)
    for department, rest in cuts:
        if parent and _DEPARTMENT.search(department):
            return _Post(rest, parent + department, "post", parent)
    return _Post(name, parent, "relation" if parent else "", parent)


def status_of(passages: Passages, person: int, *, post: int, organisation: int | None) -> str:
    """The status that the words around a person and a post give."""
    text = passages.text
    if passages.position(post) < passages.position(person):
        start = passages.position(post)
        if organisation is not None and 0 <= start - passages.end(organisation) <= 6:
            between = text[passages.end(organisation) : start]
            if status := _before_post(between):
                return status
            start = min(start, passages.position(organisation))
        return _before_post(text[max(0, start - 8) : start]) or HOLDS
    sentence = passages.sentence(passages.position(person)).start
    lead = text[sentence : passages.position(person)]
    between = text[passages.end(person) : passages.position(post)]
    after = text[passages.end(post) : passages.end(post) + 4]
    if re.match("候选人|人选|提名", after):
        return PROPOSED
    if status := _last_cue(between):
        elected = status == APPOINTED and re.search("出任|就任", between)
        return ELECTED if elected and _last_cue(lead) == ELECTED else status
    if _before_post(between[-4:]) == FORMER:
        return FORMER
    if not re.search("为|任|[、,]|^$|和|同志|等|的", between):
        return HOLDS
    status = _last_cue(lead)
    if status in (ELECTED, APPOINTED):
        return status  # 选举甲为会长;乙为副会长: an election leads the whole sentence
    status = _last_cue(re.split("[;；]", lead)[-1])
    if status == REMOVED and re.search("为|任", between):
        return APPOINTED  # 免去甲的职务,乙任局长
    return status or HOLDS


def _meeting(passages: Passages, person: int) -> str:
    """The organisation whose meeting or new term the article reports before the person."""
    for index in passages.indices("ORG"):
        if passages.position(index) > passages.position(person):
            break
        tail = passages.text[passages.end(index) : passages.end(index) + 12]
        if _MEETING.match(tail):
            return full_name(passages, index)
    return ""


def _before_post(text: str) -> str:
    """Status by the word right in front of a post or of its organisation."""
    return next((status for pattern, status in _BEFORE_POST if re.search(pattern, text)), "")


def _last_cue(text: str) -> str:
    """Status of the last verb in a text, "" where it has none."""
    found = list(_ANY_CUE.finditer(text))
    return str(found[-1].lastgroup) if found else ""


def _date(passages: Passages, person: int, *, status: str) -> tuple[str, DateRange | None]:
    """The last date before an event in its paragraph; for `holds` the article's own date."""
    anchor: date | None = anchor_of(passages)
    if status == HOLDS:
        return "", DateRange(anchor, anchor, "day", "published") if anchor else None
    if status == FORMER:
        return "", None
    position = passages.position(person)
    paragraph = passages.paragraph(position)
    dates = [
        i for i in passages.indices("DATE") if paragraph.start <= passages.position(i) < position
    ]
    if not dates:
        return "", None
    text = passages.entities[dates[-1]].name
    return text, parse_date(text, anchor=anchor)
