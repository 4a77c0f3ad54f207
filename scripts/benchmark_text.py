"""Speed of the text layer on one core: MB of UTF-8 a second, and whether time is linear.

    python scripts/benchmark_text.py [--megabytes 50]

Texts are the seed pages and gold articles of `data/`, repeated: as they are, traditional with
readings (the seed page 004), broken by columns, and on a single line of up to 50 MB.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from swner.text.articles import split_page
from swner.text.clean import clean

DATA = Path(__file__).parents[1] / "data"


def repeated(text: str, megabytes: float) -> str:
    """`text` again and again, one after another, up to so many megabytes of UTF-8."""
    return text * max(1, round(megabytes * 1e6 / len(text.encode())))


def measure(name: str, text: str, work: Callable[[str], object], *, n_runs: int = 3) -> float:
    """Print and return the median MB/s of `work` on `text`."""
    n_megabytes = len(text.encode()) / 1e6
    seconds = []
    for _ in range(n_runs):
        start = time.process_time()
        work(text)
        seconds.append(time.process_time() - start)
    rate = n_megabytes / statistics.median(seconds)
    spread = f"{n_megabytes / max(seconds):.2f} to {n_megabytes / min(seconds):.2f}"
    print(f"{name:<44}{n_megabytes:>8.2f} MB {rate:>7.2f} MB/s  ({spread})", flush=True)
    return rate


def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=float, default=50, help="size of the longest line")
    longest = parser.parse_args().megabytes
    lines = (DATA / "gold" / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    gold = "\n".join(json.loads(line)["text"] for line in lines)
    pages = {
        path.name[:3]: path.read_bytes().decode() for path in sorted((DATA / "raw").glob("0*.txt"))
    }
    clean(gold)
    measure("clean: clean articles", repeated(gold + "\n", 2), clean)
    measure("clean: pages broken by columns", repeated(pages["000"] + "\n", 2), clean)
    measure("clean: traditional with readings", repeated(pages["004"] + "\n", 2), clean)
    measure("split_page: one page at a time", pages["004"], split_page, n_runs=20)
    measure("split_page: one long page", repeated(pages["001"] + "\n", 2), split_page)
    one_line = gold.replace("\n", "")
    rates = [
        measure(f"clean: a single line, {n:g} MB", repeated(one_line, n), clean, n_runs=1)
        for n in (longest / 50, longest / 10, longest)
    ]
    hard = pages["004"].replace("\n", "")
    measure(
        f"clean: the same, with readings, {longest / 5:g} MB",
        repeated(hard, longest / 5),
        clean,
        n_runs=1,
    )
    print(f"longest line against shortest: {rates[-1] / rates[0]:.2f} times the rate")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
