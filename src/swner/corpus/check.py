"""Checks of annotated data beyond what reading refuses: errors to mend, and places to look at.

Errors: spans that cross a paragraph, have space or a punctuation mark at an edge, relations across
paragraphs or written twice, quantities with two indicators or dates, articles that are near-duplicates. Notes: rare
labels, one surface under several labels, names of people that real and synthetic articles share, or
that the training documents of a recipe share with those held out.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from swner.document import Document
from swner.schema import SCHEMA, Schema

SHINGLE = 8
DUPLICATE_SHARE = 0.4
RARE = 50
_EDGE = "《》，。、；：,;:！？!?■"


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Attributes:
        kind: What sort of thing, a few words.
        where: Record id, or ids.
        what: The span, value or pair found.
    """

    kind: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.what}"


@dataclass(frozen=True)
class CheckReport:
    """Errors to mend, notes to look at, and counts.

    Attributes:
        errors: Exit code 3 if there is one.
        notes: The most telling first.
        labels: Entities by label.
        relations: Relations by label.
        n_docs: Documents.
        n_chars: Characters.
    """

    errors: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    labels: Counter[str]
    relations: Counter[str]
    n_docs: int
    n_chars: int


def check(docs: Sequence[Document], *, schema: Schema = SCHEMA) -> CheckReport:
    """Look at all documents of a data set together."""
    errors = [finding for doc in docs for finding in _document_errors(doc, schema)]
    errors += near_duplicates(docs)
    labels = Counter(e.label for d in docs for e in d.entities)
    relations = Counter(r.label for d in docs for r in d.relations)
    notes = [
        Finding("rare label", label, f"{labels[label]} times, fewer than {RARE}")
        for label in schema.labels
        if labels[label] < RARE
    ]
    notes += [*_ambiguous(docs), *_shared_names(docs)]
    n_chars = sum(len(d.text) for d in docs)
    return CheckReport(tuple(errors), tuple(notes), labels, relations, len(docs), n_chars)


def _document_errors(doc: Document, schema: Schema) -> Iterator[Finding]:
    for e in doc.entities:
        shown = f"[{e.start}, {e.end}) {e.label} {e.surface!r}"
        if "\n" in e.surface:
            yield Finding("span crosses a paragraph", doc.id, shown)
        if e.surface != e.surface.strip():
            yield Finding("span has space at an edge", doc.id, shown)
        if e.surface[0] in _EDGE or e.surface[-1] in _EDGE:
            yield Finding("span has a mark at an edge", doc.id, shown)
    tails: Counter[tuple[int, str]] = Counter()
    links: set[tuple[int, int, str]] = set()
    for r in doc.relations:
        head, tail = doc.entities[r.head], doc.entities[r.tail]
        low, high = sorted((head.start, tail.start))
        shown = f"{r.label} {head.surface!r} -> {tail.surface!r}"
        if "\n" in doc.text[low:high]:
            yield Finding("relation crosses a paragraph", doc.id, shown)
        if (r.head, r.tail, r.label) in links:
            yield Finding("relation twice", doc.id, shown)
            continue
        links.add((r.head, r.tail, r.label))
        tails[r.head, r.label] += 1
        if r.label in schema.single_tail and tails[r.head, r.label] == 2:
            yield Finding(f"two tails of {r.label}", doc.id, shown)


def near_duplicates(docs: Sequence[Document]) -> list[Finding]:
    """Pairs of which the smaller shares at least `DUPLICATE_SHARE` of its 8-character shingles."""
    owners: dict[str, list[int]] = defaultdict(list)
    sizes = []
    for number, doc in enumerate(docs):
        text = "".join(
            c for c in doc.text if not unicodedata.category(c).startswith(("P", "Z", "C"))
        )
        shingles = {text[i : i + SHINGLE] for i in range(max(1, len(text) - SHINGLE + 1))}
        sizes.append(len(shingles))
        for shingle in shingles:
            owners[shingle].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in owners.values():
        if 2 <= len(numbers) <= 20:  # what more share is a set phrase
            shared.update(combinations(numbers, 2))
    return [
        Finding(
            "near-duplicates", f"{docs[i].id} {docs[j].id}", f"{n / min(sizes[i], sizes[j]):.0%}"
        )
        for (i, j), n in sorted(shared.items())
        if n >= DUPLICATE_SHARE * min(sizes[i], sizes[j])
    ]


def _ambiguous(docs: Sequence[Document]) -> list[Finding]:
    """Surfaces under several labels, ranked by how often the rarer label occurs."""
    places: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for doc in docs:
        for e in doc.entities:
            places[e.surface][e.label].append(doc.id)
    rows = []
    for surface, by_label in places.items():
        if len(by_label) > 1:
            ranked = sorted(by_label.items(), key=lambda item: -len(item[1]))
            shown = ", ".join(f"{label} {len(ids)}x ({ids[0]})" for label, ids in ranked)
            rows.append((len(ranked[1][1]), Finding("several labels", surface, shown)))
    return [finding for _, finding in sorted(rows, key=lambda row: (-row[0], row[1].where))]


def _shared_names(docs: Sequence[Document]) -> list[Finding]:
    kinds: dict[str, set[str]] = defaultdict(set)
    for doc in docs:
        for e in doc.entities:
            if e.label == "PER":
                kinds[e.surface].add(str(doc.meta.get("kind", "")))
    return [
        Finding("name in real and synthetic articles", name, "rename it in the synthetic ones")
        for name, found in sorted(kinds.items())
        if {"gold", "synthetic"} <= found
    ]


def names_in_both(training: Sequence[Document], dev: Sequence[Document]) -> list[Finding]:
    """Names of people that a model learns and is then measured on.

    A name it knows is easier to find than one it does not, so scores on `dev` are too high by as much.

    Args:
        training: What is learnt from.
        dev: What is held out.

    Returns:
        How many names of `dev` are in both, then each of them, the commonest in `dev` first. Nothing
        where there is none.
    """
    learnt, held = _names(training), _names(dev)
    shared = sorted(held.keys() & learnt.keys(), key=lambda name: (-len(held[name]), name))
    if not shared:
        return []
    n_mentions, n_all = sum(len(held[n]) for n in shared), sum(map(len, held.values()))
    total = Finding(
        "names of people in training and dev",
        f"{len(shared)} of {len(held)} names of the dev documents",
        f"{n_mentions} of {n_all} mentions",
    )
    return [
        total,
        *(
            Finding(
                "name in training and dev",
                name,
                f"dev {len(held[name])}x ({held[name][0]}), "
                f"training {len(learnt[name])}x ({learnt[name][0]})",
            )
            for name in shared
        ),
    ]


def _names(docs: Sequence[Document]) -> dict[str, list[str]]:
    """Name of a person -> the ids of the documents that mention it, once for each mention."""
    places: dict[str, list[str]] = defaultdict(list)
    for doc in docs:
        for e in doc.entities:
            if e.label == "PER":
                places[e.name].append(doc.id)
    return places
