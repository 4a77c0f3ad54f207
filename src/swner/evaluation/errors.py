"""Errors by cause, each in its sentence, and the confusion between labels.

Every missed gold item and every spurious predicted one is in exactly one mistake, so mistakes add
up to the counts that scores are made of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from swner.document import Document, Entity, Relation, Span
from swner.evaluation.sentences import Sentences

Pairs = Sequence[tuple[Document, Document]]
"""Gold documents, each with the predicted one."""

Key = tuple[int, int, str]
LinkKey = tuple[Key, str, Key]


class Cause(StrEnum):
    """What went wrong. The first five concern entities, the others relations."""

    MISSED = "missed"
    SPURIOUS = "spurious"
    BOUNDARY = "boundary"
    LABEL = "label"
    BOUNDARY_AND_LABEL = "boundary and label"
    LINK_MISSED = "missed link"
    LINK_SPURIOUS = "spurious link"
    LINK_PARTNER = "wrong partner"
    LINK_END = "wrong end"

    @property
    def of_relations(self) -> bool:
        """Whether the mistake is one of relations."""
        return self in _LINK_CAUSES

    @property
    def meaning(self) -> str:
        """One sentence for readers."""
        return _MEANINGS[self]


_LINK_CAUSES = (Cause.LINK_MISSED, Cause.LINK_SPURIOUS, Cause.LINK_PARTNER, Cause.LINK_END)
_MEANINGS = {
    Cause.MISSED: "A gold entity where nothing was predicted.",
    Cause.SPURIOUS: "A predicted entity where gold has none.",
    Cause.BOUNDARY: "The right label on other characters than gold has.",
    Cause.LABEL: "The right characters under another label.",
    Cause.BOUNDARY_AND_LABEL: "Overlaps a gold entity; neither its characters nor its label fit.",
    Cause.LINK_MISSED: "Both ends were found, the relation between them was not.",
    Cause.LINK_SPURIOUS: "Both ends are right, but gold has no such relation between them.",
    Cause.LINK_PARTNER: "All ends are right, but linked to another one or the other way round.",
    Cause.LINK_END: "An end of the relation is itself missed, spurious or not exact.",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """An entity inside a sentence.

    Attributes:
        start: First character, an offset into the sentence.
        end: One past the last.
        label: Its label.
        surface: Exactly those characters.
        score: The model's probability; None for gold and where the model gave none.
    """

    start: int
    end: int
    label: str
    surface: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """One error in its place.

    Attributes:
        cause: What went wrong.
        document: Id of the document.
        start: Where the sentence begins, an offset into the document's text.
        sentence: The sentence or sentences that hold all marks.
        gold: What gold has: nothing, an entity, or head and tail of a relation, in this order.
        pred: What was predicted, likewise.
        relation: Label of the relation; None for mistakes of entities.
        score: The model's probability of what it predicted; None where it predicted nothing.
        n_links: Relations that are wrong at the entities of this mistake; 0 for relations.
    """

    cause: Cause
    document: str
    start: int
    sentence: str
    gold: tuple[Mark, ...]
    pred: tuple[Mark, ...]
    relation: str | None = None
    score: float | None = None
    n_links: int = 0

    @property
    def label(self) -> str:
        """The relation, or the gold label, or where gold has nothing the predicted one."""
        return self.relation or (*self.gold, *self.pred)[0].label

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for two models that make the same mistake at the same place."""
        sides = [
            tuple((m.start + self.start, m.end + self.start, m.label) for m in side)
            for side in (self.gold, self.pred)
        ]
        return (self.cause, self.document, self.relation, *sides)


@dataclass(frozen=True)
class Confusion:
    """Gold label and predicted label of the same characters.

    Attributes:
        labels: Order of rows and columns.
        counts: (gold, predicted) -> how many; None stands for no entity of exactly these characters.
    """

    labels: tuple[str, ...]
    counts: Mapping[tuple[str | None, str | None], int]


def confusion(pairs: Pairs, *, labels: tuple[str, ...]) -> Confusion:
    """Count labels of equal spans; what has no counterpart of equal span counts against None."""
    counts: Counter[tuple[str | None, str | None]] = Counter()
    for gold, pred in pairs:
        gold_labels, pred_labels = ({e.span: e.label for e in d.entities} for d in (gold, pred))
        for span in gold_labels.keys() | pred_labels.keys():
            counts[gold_labels.get(span), pred_labels.get(span)] += 1
    return Confusion(labels, dict(counts))


def find_mistakes(pairs: Pairs) -> list[Mistake]:
    """All mistakes, worst first.

    Worst is what spoils most relations, then what the model was surest of, then what comes first
    in the data.
    """
    found = [m for gold, pred in pairs for m in _DocumentMistakes(gold, pred).all()]
    return sorted(found, key=lambda m: (-m.n_links, -(m.score or 0.0)))


class _DocumentMistakes:
    """Mistakes of one document: gold and predicted items matched, the leftovers explained."""

    def __init__(self, gold: Document, pred: Document) -> None:
        self._id = gold.id
        self._text = gold.text
        self._sentences = Sentences(gold.text)
        self._gold, self._pred = ({e.key: e for e in d.entities} for d in (gold, pred))
        gold_links, pred_links = _links(gold), _links(pred)
        self._missed = [k for k in gold_links if k not in pred_links]
        self._spurious = [k for k in pred_links if k not in gold_links]
        self._pred_links = pred_links
        self._wrong_at_gold = Counter(end for k in self._missed for end in {k[0], k[2]})
        self._wrong_at_pred = Counter(end for k in self._spurious for end in {k[0], k[2]})

    def all(self) -> list[Mistake]:
        """Of entities, then of relations."""
        return [*self._of_entities(), *self._of_relations()]

    def _of_entities(self) -> Iterator[Mistake]:
        gold = [e for k, e in self._gold.items() if k not in self._pred]
        pred = [e for k, e in self._pred.items() if k not in self._gold]
        for g, p in _match_entities(gold, pred):
            if p is None:
                cause = Cause.MISSED
            elif g is None:
                cause = Cause.SPURIOUS
            elif g.span == p.span:
                cause = Cause.LABEL
            else:
                cause = Cause.BOUNDARY if g.label == p.label else Cause.BOUNDARY_AND_LABEL
            n_links = self._wrong_at_gold[g.key] if g else 0
            n_links += self._wrong_at_pred[p.key] if p else 0
            yield self._mistake(cause, (g,) if g else (), (p,) if p else (), n_links=n_links)

    def _of_relations(self) -> Iterator[Mistake]:
        for gold, pred in self._match_links():
            cause = self._link_cause(gold, pred)
            key = gold or pred
            assert key is not None
            yield self._mistake(
                cause,
                (self._gold[gold[0]], self._gold[gold[2]]) if gold else (),
                (self._pred[pred[0]], self._pred[pred[2]]) if pred else (),
                relation=key[1],
                score=self._pred_links[pred].score if pred else None,
            )

    def _match_links(self) -> list[tuple[LinkKey | None, LinkKey | None]]:
        """Missed with spurious: first those whose ends overlap, then those of right ends."""
        missed, spurious = list(self._missed), list(self._spurious)
        matched: list[tuple[LinkKey | None, LinkKey | None]] = []
        for fits in (_ends_overlap, self._shares_a_right_end):
            for gold in list(missed):
                pred = next((p for p in spurious if p[1] == gold[1] and fits(gold, p)), None)
                if pred:
                    missed.remove(gold)
                    spurious.remove(pred)
                    matched.append((gold, pred))
        return [*matched, *((g, None) for g in missed), *((None, p) for p in spurious)]

    def _shares_a_right_end(self, gold: LinkKey, pred: LinkKey) -> bool:
        right = all(end in self._gold and end in self._pred for k in (gold, pred) for end in k[::2])
        return right and (
            gold[0] == pred[0] or gold[2] == pred[2] or (gold[0], gold[2]) == (pred[2], pred[0])
        )

    def _link_cause(self, gold: LinkKey | None, pred: LinkKey | None) -> Cause:
        ends = [end for key in (gold, pred) if key for end in key[::2]]
        if not all(end in self._gold and end in self._pred for end in ends):
            return Cause.LINK_END
        if gold and pred:
            return Cause.LINK_PARTNER
        return Cause.LINK_MISSED if gold else Cause.LINK_SPURIOUS

    def _mistake(
        self,
        cause: Cause,
        gold: tuple[Entity, ...],
        pred: tuple[Entity, ...],
        *,
        relation: str | None = None,
        score: float | None = None,
        n_links: int = 0,
    ) -> Mistake:
        both = gold + pred
        extent = Span(min(e.start for e in both), max(e.end for e in both))
        place = self._sentences.around(extent)

        def marks(entities: tuple[Entity, ...]) -> tuple[Mark, ...]:
            return tuple(
                Mark(e.start - place.start, e.end - place.start, e.label, e.surface, e.score)
                for e in entities
            )

        if relation is None and pred:
            score = pred[0].score
        sentence = self._text[place.start : place.end]
        return Mistake(
            cause, self._id, place.start, sentence, marks(gold), marks(pred),
            relation, score, n_links,
        )  # fmt: skip


def _links(doc: Document) -> dict[LinkKey, Relation]:
    return {(doc.entities[r.head].key, r.label, doc.entities[r.tail].key): r for r in doc.relations}


def _match_entities(
    gold: Sequence[Entity], pred: Sequence[Entity]
) -> list[tuple[Entity | None, Entity | None]]:
    """Wrong gold and predicted entities that overlap, one to one, and those left alone.

    Equal spans first, then equal labels, then the longest overlap; the order of the text decides
    ties. What comes back is in the order of the text.
    """
    candidates = sorted(
        (g.span != p.span, g.label != p.label, -_overlap(g, p), g.start, p.start, i, j)
        for i, g in enumerate(gold)
        for j, p in enumerate(pred)
        if g.span.overlaps(p.span)
    )
    partner_of: dict[int, int] = {}
    taken: set[int] = set()
    for *_, i, j in candidates:
        if i not in partner_of and j not in taken:
            partner_of[i] = j
            taken.add(j)
    matched: list[tuple[Entity | None, Entity | None]] = [
        (g, pred[partner_of[i]] if i in partner_of else None) for i, g in enumerate(gold)
    ]
    matched += [(None, p) for j, p in enumerate(pred) if j not in taken]
    return sorted(matched, key=lambda pair: min(e.start for e in pair if e))


def _overlap(a: Entity, b: Entity) -> int:
    return min(a.end, b.end) - max(a.start, b.start)


def _ends_overlap(gold: LinkKey, pred: LinkKey) -> bool:
    return all(
        Span(*g[:2]).overlaps(Span(*p[:2])) for g, p in zip(gold[::2], pred[::2], strict=True)
    )
