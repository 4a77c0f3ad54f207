"""The records that facts are: appointments, policies, targets and figures, each with evidence.

Every record can be traced: its evidence holds the sentence it was read from, as offsets into the
text as given (`text[start:end] == quote`), the scores of the spans and relations it rests on and
the hash of the model that marked them.
"""

from __future__ import annotations

from dataclasses import dataclass

from swner.document import Document
from swner.facts.dates import DateRange
from swner.facts.numbers import Quantity
from swner.facts.place import NOWHERE, Place


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a record was read.

    Attributes:
        article: Id of the article.
        paragraph: Number of the paragraph in the cleaned text, the first is 0.
        start: First character of the quote, an offset into the text as given.
        end: One past the quote's last character.
        clean_start: First character of the quote in the cleaned text; None where it has none.
        clean_end: One past the last character in the cleaned text.
        quote: Exactly `text[start:end]`: the sentences that hold the record's parts.
        span_start: First character of the record's own span (quantity, person, title).
        span_end: One past that span.
        span: Exactly `text[span_start:span_end]`.
        score: The lowest of `scores`, from 0 to 1; None for gold annotations.
        scores: Name and probability of each span and relation the record rests on.
        model: Hash of the model that marked the spans, "" for gold annotations.
    """

    article: str
    paragraph: int
    start: int
    end: int
    clean_start: int | None
    clean_end: int | None
    quote: str
    span_start: int
    span_end: int
    span: str
    score: float | None = None
    scores: tuple[tuple[str, float], ...] = ()
    model: str = ""


@dataclass(frozen=True, slots=True)
class Appointment:
    """A person and a post.

    Attributes:
        person: Full name.
        post: The post without its organisation's name.
        organisation: Whose post it is; "" where the article does not say.
        organisation_source: `relation` (marked), `post` (named inside the post), `carried` (of the
            appointment before it), `meeting` (of the meeting that chose them) or "".
        status: `holds`, `appointed`, `elected`, `former`, `proposed` or `removed`.
        date_text: The date as written, "" where none belongs to it.
        date: The days it means; the article's date for `holds`.
        evidence: Where it was read.
    """

    person: str
    post: str
    organisation: str
    organisation_source: str
    status: str
    date_text: str
    date: DateRange | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A normative document, one record for all its mentions in an article.

    Attributes:
        key: What makes two titles the same policy: the title without marks and spaces.
        title: Full title, without its 《》.
        short_names: Names that the article uses for it.
        number: Document number (民发〔2021〕58号), "" where none is written.
        issuers: Who issues it, in the text's order.
        level: 国家, 省级, 市级, 县级, 乡级 or 机构; "" where unknown.
        date_text: Date of issue as written.
        date: The days it means.
        n_mentions: Number of marked mentions in the article.
        evidence: The first mention of the full title.
    """

    key: str
    title: str
    short_names: tuple[str, ...]
    number: str
    issuers: tuple[str, ...]
    level: str
    date_text: str
    date: DateRange | None
    n_mentions: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Target:
    """A quantity that is required, planned or promised.

    Attributes:
        indicator: What it counts, "" where the text names nothing.
        quantity: The number; None where the words hold none that can be read.
        quantity_text: The quantity as written.
        deadline_text: The deadline as written, "" where there is none.
        deadline: The days it means; None where the article's date would be needed and is missing.
        policy: Full title of the policy that sets it, "" where none does.
        policy_key: Key of that policy.
        policy_source: `relation`, `bare` (通知明确 with one 通知 in the article) or "".
        issuers: Issuers of that policy.
        place: Where it holds.
        n_mentions: How often the article says the same.
        evidence: The fullest mention.
    """

    indicator: str
    quantity: Quantity | None
    quantity_text: str
    deadline_text: str
    deadline: DateRange | None
    policy: str
    policy_key: str
    policy_source: str
    issuers: tuple[str, ...]
    evidence: Evidence
    place: Place = NOWHERE
    n_mentions: int = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity that is reported as fact.

    Attributes:
        indicator: What it counts, "" where the text names nothing.
        quantity: The number; None where the words hold none that can be read.
        quantity_text: The quantity as written.
        as_of_text: The date it is true for, as written, "" where there is none.
        as_of: The days it means.
        place: Where it holds.
        n_mentions: How often the article says the same.
        evidence: The fullest mention.
    """

    indicator: str
    quantity: Quantity | None
    quantity_text: str
    as_of_text: str
    as_of: DateRange | None
    evidence: Evidence
    place: Place = NOWHERE
    n_mentions: int = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """All records of one article.

    Attributes:
        article: Id of the article.
        unread: Quantities and dates as written that could not be put into numbers or days; their
            records keep the text.
    """

    article: str
    appointments: tuple[Appointment, ...]
    policies: tuple[PolicyRecord, ...]
    targets: tuple[Target, ...]
    figures: tuple[Figure, ...]
    unread: tuple[str, ...] = ()


def facts(doc: Document) -> Facts:
    """Read all records from an article.

    Args:
        doc: An article with entities and relations; its meta may hold `title`, `source`,
            `published` (ISO, the anchor of dates without a year) and `model` (a hash).

    Returns:
        The records in the order of the text. Quantities and dates that cannot be read keep their
        words and are listed in `unread`.
    """
    from swner.facts.extract import facts_of  # builds on this module
    from swner.facts.passages import Passages

    return facts_of(Passages(doc))
