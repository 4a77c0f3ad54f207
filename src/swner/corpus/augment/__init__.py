"""Other versions of annotated articles to train on: other names, numbers and dates, noise, other order.

Each part is deterministic by seed, article and version, and independent of whether the other parts
are on. Entities keep their labels and relations their ends; `doc.text[e.start:e.end] == e.surface`.
Which parts are on and how much: `swner.config.AugmentationConfig`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

from swner.config import AugmentationConfig
from swner.corpus.augment.dates import shift_dates
from swner.corpus.augment.edits import revise
from swner.corpus.augment.names import rename
from swner.corpus.augment.noise import add_noise
from swner.corpus.augment.organisations import reorganise
from swner.corpus.augment.quantities import rescale
from swner.corpus.augment.shuffle import shuffle_paragraphs
from swner.document import Document
from swner.text.offsets import Edit

__all__ = ["augment", "augmented"]

KIND = "augmented"
"""`meta["kind"]` of the versions made here."""

Finder = Callable[[Document, float, Random], list[Edit]]
Part = Callable[[Document, float, Random], Document]


def _revising(find: Finder) -> Part:
    def part(doc: Document, share: float, random: Random) -> Document:
        return revise(doc, find(doc, share, random))

    return part


PARTS: dict[str, Part] = {
    "names": _revising(rename),
    "organisations": _revising(reorganise),
    "quantities": _revising(rescale),
    "dates": _revising(shift_dates),
    "shuffle": shuffle_paragraphs,
    "noise": _revising(add_noise),
}
"""By the name that the configuration has for each, in the order in which they are applied."""


def augment(doc: Document, config: AugmentationConfig, *, seed: int, version: int) -> Document:
    """One version of an article.

    Args:
        doc: An annotated article.
        config: Which parts, and their shares.
        seed: Of chance.
        version: Another number makes another version.

    Returns:
        A document `ID~VERSION`; its meta says where it comes from and nothing of place and time,
        which are others now.
    """
    new = doc
    for name, part in PARTS.items():
        share: float = getattr(config, name)
        if share:
            new = part(new, share, Random(f"{seed}:{version}:{name}:{doc.id}"))
    return replace(new, id=f"{doc.id}~{version}", meta={"kind": KIND, "original": doc.id})


def augmented(
    docs: Iterable[Document], config: AugmentationConfig, *, seed: int, epoch: int
) -> list[Document]:
    """The versions of an epoch, `config.copies` of each article; those in which nothing changed are left out."""
    return [
        new
        for doc in docs
        for n in range(config.copies)
        for new in [augment(doc, config, seed=seed, version=epoch * config.copies + n + 1)]
        if new.text != doc.text
    ]
