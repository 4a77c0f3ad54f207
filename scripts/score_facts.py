"""Row-level scores of the facts against the hand-made gold records.

python scripts/score_facts.py                      # from gold spans
python scripts/score_facts.py runs/swner-base      # from predicted spans, each page by a model
                                                   # that never saw it (after `swner crossval`)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import swner
from swner.corpus import doccano
from swner.document import Document
from swner.evaluation.crossval import page_folds
from swner.facts.score import format_scores, read_gold, rows_of, score

GOLD = Path("data/gold/articles.jsonl")


def predicted(run: Path, gold: list[Document]) -> Iterator[Document]:
    """Each page's articles by the model of its fold, with the gold record's title and date."""
    for fold in page_folds(gold):
        stages = sorted(run.glob(f"without-{Path(fold.page).stem}/*/done"))
        annotate = swner.load(stages[-1])
        for doc, found in zip(fold.test, annotate.pipe(d.text for d in fold.test), strict=True):
            yield Document(doc.id, doc.text, found.entities, found.relations, doc.meta)


def main() -> None:
    gold = list(doccano.read(GOLD))
    docs = predicted(Path(sys.argv[1]), gold) if len(sys.argv) > 1 else iter(gold)
    rows = [row for doc in docs for row in rows_of(swner.facts(doc))]
    print(format_scores(score(read_gold(Path("data/gold/records")), rows)))


if __name__ == "__main__":
    main()
