"""Print the count tables of data/README.md.

python scripts/datasheet.py
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from swner.corpus.load import load
from swner.document import Document
from swner.schema import SCHEMA


def row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(c) for c in cells) + " |"


def by_label(parts: dict[str, list[Document]]) -> None:
    print(row(["", *parts]))
    print(row(["---"] * (len(parts) + 1)))
    print(row(["articles", *(len(docs) for docs in parts.values())]))
    print(row(["characters", *(f"{sum(len(d.text) for d in docs):,}" for docs in parts.values())]))
    for label in SCHEMA.labels:
        found = [sum(e.label == label for d in docs for e in d.entities) for docs in parts.values()]
        print(row([label, *found]))
    for label in SCHEMA.relation_labels:
        found = [
            sum(r.label == label for d in docs for r in d.relations) for docs in parts.values()
        ]
        print(row([label, *found]))


def one_line(title: str, counts: Iterable[tuple[str, int]]) -> None:
    print(f"\n{title}: " + ", ".join(f"{k} {n}" for k, n in counts))


def main() -> None:
    parts = {
        name: load([f"data/{name}"])
        for name in (
            "gold/articles.jsonl",
            "synthetic/drafts.jsonl",
            "synthetic/news.jsonl",
            "synthetic/hard.jsonl",
        )
    }
    by_label(parts)
    synthetic = [d for name, docs in parts.items() if "synthetic" in name for d in docs]
    years = Counter(str(d.meta.get("published", ""))[:4] for d in synthetic)
    one_line("Synthetic articles by year", sorted(years.items()))
    provinces = Counter(p for d in synthetic if (p := d.meta.get("province")))
    one_line("By province, where the record says it", provinces.most_common())
    lengths = Counter(
        "under 150"
        if n < 150
        else "150 to 449"
        if n < 450
        else "450 to 699"
        if n < 700
        else "700 or more"
        for d in synthetic
        for n in [len(d.text)]
    )
    one_line("By length in characters", lengths.most_common())


if __name__ == "__main__":
    main()
