"""What the report shows, made ready for its template: rows, coloured sentences, groups of errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from swner.evaluation.assess import Assessment, Comparison, DocumentScores
from swner.evaluation.bootstrap import Difference, RowIntervals
from swner.evaluation.counts import Counts
from swner.evaluation.errors import Cause, Confusion, Mark, Mistake
from swner.evaluation.plots import ReliabilityPlot, plot_reliability
from swner.evaluation.reliability import Reliability
from swner.evaluation.scores import Row

_CONTEXT = 70  # characters kept on each side of a mark where a sentence is very long
_HEADLINE = {"core": "core labels", "all": "all labels", "relations": "relations"}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One row of a score table, with its intervals."""

    name: str
    counts: Counts
    intervals: RowIntervals


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One row of the comparison."""

    name: str
    found: Difference


@dataclass(frozen=True)
class Sections(Generic[_T]):
    """Rows of the three tables."""

    headline: tuple[_T, ...]
    labels: tuple[_T, ...]
    relations: tuple[_T, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a sentence; `label` is empty outside the marks."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """What gold has, or what was predicted, in the sentence.

    Attributes:
        name: "gold" or "pred".
        segments: The sentence, cut at its marks.
        link: Head and tail of a relation; None for entities.
    """

    name: str
    segments: tuple[Segment, ...]
    link: tuple[Mark, Mark] | None


@dataclass(frozen=True, slots=True)
class ErrorCard:
    """A mistake and the sides that mark something."""

    mistake: Mistake
    sides: tuple[Side, ...]


@dataclass(frozen=True)
class ErrorGroup:
    """Mistakes of one cause, worst first.

    Attributes:
        cause: What went wrong.
        n: All of them.
        by_label: How many of each label or relation, most first.
        cards: Those shown.
    """

    cause: Cause
    n: int
    by_label: tuple[tuple[str, int], ...]
    cards: tuple[ErrorCard, ...]


@dataclass(frozen=True)
class ConfusionView:
    """The matrix, empty cells included. None heads the row and the column of "no entity"."""

    names: tuple[str | None, ...]
    counts: Mapping[tuple[str | None, str | None], int]

    def n(self, gold: str | None, pred: str | None) -> int:
        """How often `gold` was taken for `pred`."""
        return self.counts.get((gold, pred), 0)

    def shade(self, gold: str | None, pred: str | None) -> float:
        """How strongly to colour a wrong cell, 0 to 1; 0 for right and for empty ones."""
        worst = max((n for (g, p), n in self.counts.items() if g != p), default=1)
        return 0.0 if gold == pred else round(self.n(gold, pred) / worst, 3)


@dataclass(frozen=True)
class ModelView:
    """What is shown of one model. Documents come lowest F1 first, errors of
    entities before those of relations, each with the commonest cause first."""

    assessment: Assessment
    scores: Sections[ScoreRow]
    confusion: ConfusionView
    errors: tuple[ErrorGroup, ...]
    documents: tuple[DocumentScores, ...]
    reliability: tuple[tuple[str, Reliability, ReliabilityPlot], ...]


@dataclass(frozen=True)
class ComparisonView:
    """What is shown of two models: differences, and the errors that only one of them makes."""

    differences: Sections[DifferenceRow]
    mended: tuple[ErrorGroup, ...]
    new: tuple[ErrorGroup, ...]


def model_view(assessment: Assessment, *, max_errors: int) -> ModelView:
    """One model, at most `max_errors` of each cause."""
    tables = (
        ("Entities", assessment.entity_reliability),
        ("Relations", assessment.relation_reliability),
    )
    return ModelView(
        assessment=assessment,
        scores=_sections(
            {
                row: ScoreRow(_name(row), counts, assessment.intervals[row])
                for row, counts in assessment.scores.rows().items()
            }
        ),
        confusion=_confusion(assessment.confusion),
        errors=_groups(assessment.mistakes, max_errors=max_errors),
        documents=tuple(sorted(assessment.documents, key=lambda d: (d.scores.all.f1, -d.n_errors))),
        reliability=tuple((name, table, plot_reliability(table)) for name, table in tables),
    )


def comparison_view(comparison: Comparison, *, max_errors: int) -> ComparisonView:
    """Two models, at most `max_errors` of each cause."""
    return ComparisonView(
        differences=_sections(
            {row: DifferenceRow(_name(row), found) for row, found in comparison.differences.items()}
        ),
        mended=_groups(comparison.mended, max_errors=max_errors),
        new=_groups(comparison.new, max_errors=max_errors),
    )


def _name(row: Row) -> str:
    return _HEADLINE[row[0]] if len(row) == 1 else row[-1]


def _sections(rows: Mapping[Row, _T]) -> Sections[_T]:
    def under(name: str) -> tuple[_T, ...]:
        return tuple(value for row, value in rows.items() if len(row) > 1 and row[0] == name)

    headline = tuple(value for row, value in rows.items() if len(row) == 1)
    return Sections(headline, under("by_label"), under("by_relation"))


def _confusion(confusion: Confusion) -> ConfusionView:
    return ConfusionView((*confusion.labels, None), confusion.counts)


def _groups(mistakes: Iterable[Mistake], *, max_errors: int) -> tuple[ErrorGroup, ...]:
    by_cause: dict[Cause, list[Mistake]] = {}
    for mistake in mistakes:
        by_cause.setdefault(mistake.cause, []).append(mistake)
    order = sorted(by_cause.items(), key=lambda i: (i[0].of_relations, -len(i[1]), i[0]))
    return tuple(
        ErrorGroup(
            cause,
            len(found),
            tuple(Counter(m.label for m in found).most_common()),
            tuple(_card(m) for m in found[:max_errors]),
        )
        for cause, found in order
    )


def _card(mistake: Mistake) -> ErrorCard:
    sides = []
    for name, marks in (("gold", mistake.gold), ("pred", mistake.pred)):
        if marks:
            link = (marks[0], marks[1]) if mistake.relation else None
            sides.append(Side(name, tuple(_segments(mistake.sentence, marks)), link))
    return ErrorCard(mistake, tuple(sides))


def _segments(sentence: str, marks: Sequence[Mark]) -> Iterator[Segment]:
    """The sentence cut at its marks, long stretches between them shortened."""
    at = 0
    for mark in sorted(set(marks), key=lambda m: m.start):
        if mark.start > at:
            yield Segment(_shorten(sentence[at : mark.start], head=at > 0, tail=True))
        if mark.end > at:
            yield Segment(sentence[max(at, mark.start) : mark.end], mark.label)
            at = mark.end
    if at < len(sentence):
        yield Segment(_shorten(sentence[at:], head=True, tail=False))


def _shorten(text: str, *, head: bool, tail: bool) -> str:
    """Keep what stands next to a mark: the head of the text, its tail, or both."""
    if len(text) <= _CONTEXT * (head + tail):
        return text
    return (text[:_CONTEXT] if head else "") + " … " + (text[-_CONTEXT:] if tail else "")
