"""Endurance of `swner predict`: cost against size, memory over a long run, and kills in the worst of inputs.

    python scripts/soak_predict.py size [--articles 1000 10000 100000] [--chars 200]
    python scripts/soak_predict.py soak [--batches 2000]
    python scripts/soak_predict.py torture [--inputs 5000] [--kills 3] [--line-megabytes 20]

Each takes `--model MODEL` (by default the shipped one); `--model tiny` makes a two-layer one with random
weights, where the point is the machinery and not the speed. Prints Markdown; exit code 1 if an aim is
missed. Memory is read as Linux gives it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RUN_TIMEOUT_SECONDS = 6 * 3600
MAX_GROWTH = 0.05
MAX_SLOWDOWN = 1.15
BEGIN_CHARS = 24  # of an article that a cut may not be shorter than


def sentences() -> list[str]:
    """The sentences of the synthetic articles."""
    lines = (ROOT / "data/synthetic/news.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    return [part + "。" for text in texts for part in text.replace("\n", "").split("。") if part]


def make_article(source: random.Random, known: list[str], n_chars: int) -> str:
    """Sentences in random order, a paragraph after every third, about so many characters."""
    text, n = "", 0
    while len(text) < n_chars:
        n += 1
        text += source.choice(known) + ("\n" if n % 3 == 0 else "")
    return text.strip()


def make_tiny_model(path: Path) -> Path:
    """A model directory with two layers and random weights, for tests of the machinery."""
    import torch
    from transformers import BertConfig, BertModel

    from swner.config import ModelConfig, WindowConfig
    from swner.model.checkpoint import new_model, save_model
    from swner.model.tokenizer import character_tokenizer
    from swner.schema import SCHEMA

    torch.manual_seed(0)
    chars = sorted(set("".join(sentences())))
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *chars]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    encoder = path / "encoder"
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=258, pad_token_id=0,
    )  # fmt: skip
    BertModel(config).save_pretrained(encoder)
    character_tokenizer(vocabulary, max_length=258).save_pretrained(encoder)
    loaded = new_model(
        str(encoder),
        schema=SCHEMA,
        config=ModelConfig(dropout=0.0, relation_width=32),
        windows=WindowConfig(max_pieces=256, context=32),
    )
    with torch.no_grad():  # about as many entities and relations as in real text
        loaded.model.token_model.classifier.weight.mul_(60)
        loaded.model.token_model.classifier.bias[0] += 27
        loaded.model.relations.score.weight.mul_(10)
        loaded.model.relations.score.bias -= 4
    save_model(loaded, path / "model")
    return path / "model"


@contextmanager
def model_named(name: str | None) -> Iterator[Path]:
    """The model directory to use."""
    from swner.inference.shipped import shipped_model

    if name != "tiny":
        yield Path(name) if name else shipped_model()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield make_tiny_model(Path(folder))


def command(inputs: list[Path], output: Path, model: Path, *options: str) -> list[str]:
    """The command line of a run."""
    paths = [str(path) for path in inputs]
    return [
        sys.executable, "-m", "swner", "predict", *paths, "--output", str(output),
        "--model", str(model), "--quiet", *options,
    ]  # fmt: skip


def run_measured(arguments: list[str]) -> tuple[int, float, float]:
    """Run a command; returns its exit code, wall seconds and peak memory in MB."""
    started = time.monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    if code not in (0, 3):
        raise SystemExit(f"{' '.join(arguments)}\nended with {code}:\n{said.decode()}")
    return code, time.monotonic() - started, usage.ru_maxrss / 1024


def measure_sizes(given: argparse.Namespace) -> bool:
    """Time and peak memory of runs over more and more articles, from one .jsonl file each."""
    known = sentences()
    rows: list[tuple[int, int, float, float]] = []
    with model_named(given.model) as model, tempfile.TemporaryDirectory() as folder:
        for n_articles in (1, *given.articles):
            source = random.Random(n_articles)
            path = Path(folder, f"{n_articles}.jsonl")
            n_chars = 0
            with path.open("w", encoding="utf-8") as stream:
                for n in range(n_articles):
                    text = make_article(source, known, given.chars)
                    n_chars += len(text)
                    stream.write(json.dumps({"id": n, "text": text}, ensure_ascii=False) + "\n")
            output = Path(folder, f"out-{n_articles}")
            code, seconds, megabytes = run_measured(command([path], output, model))
            if code:
                raise SystemExit(f"{path}: inputs failed; see {output}/ledger.jsonl")
            rows.append((n_articles, n_chars, seconds, megabytes))
    start = rows[0][2]
    print(
        "| articles | characters | seconds, start-up taken off | µs a character | peak memory, MB |"
    )
    print("|--:|--:|--:|--:|--:|")
    costs = []
    for n_articles, n_chars, seconds, megabytes in rows[1:]:
        costs.append(1e6 * (seconds - start) / n_chars)
        print(
            f"| {n_articles:,} | {n_chars:,} | {seconds - start:,.1f} | {costs[-1]:.1f} | "
            f"{megabytes:,.0f} |"
        )
    memory_growth = rows[-1][3] / rows[1][3] - 1
    slowdown = costs[-1] / costs[0]
    print(
        f"\nstart-up {start:.1f} s; from the first to the last row the cost of a character times "
        f"{slowdown:.2f}, peak memory {memory_growth:+.1%}"
    )
    return slowdown <= MAX_SLOWDOWN and memory_growth <= MAX_GROWTH


def resident_megabytes() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def soak(given: argparse.Namespace) -> bool:
    """Memory of one process over thousands of batches of ever new texts."""
    import swner

    known = sentences()
    with model_named(given.model) as model:
        annotator = swner.load(model)
    backend = annotator.backend
    encode, n_batches = backend.encode, 0

    def counted(batch: Any) -> Any:
        nonlocal n_batches
        n_batches += 1
        return encode(batch)

    backend.encode = counted  # type: ignore[method-assign]
    source = random.Random(0)

    def texts() -> Iterator[str]:
        while n_batches < given.batches:
            yield make_article(source, known, source.choice((50, 200, 500, 2000)))

    samples: list[tuple[int, float]] = []
    n_chars, started = 0, time.monotonic()
    for doc in annotator.pipe(texts()):
        n_chars += len(doc.text)
        if not samples or n_batches >= samples[-1][0] + max(1, given.batches // 40):
            samples.append((n_batches, resident_megabytes()))
    seconds = time.monotonic() - started
    warm = [megabytes for at, megabytes in samples if at >= given.batches // 10]
    tenth = max(1, len(warm) // 10)
    before, after = statistics.median(warm[:tenth]), statistics.median(warm[-tenth:])
    growth = after / before - 1
    print("| batches | memory, MB |\n|--:|--:|")
    for at, megabytes in samples[:: max(1, len(samples) // 10)]:
        print(f"| {at:,} | {megabytes:,.0f} |")
    print(
        f"\n{n_batches:,} batches, {n_chars:,} characters, {seconds:,.0f} s; memory after the first "
        f"tenth of the run {before:,.0f} MB, at its end {after:,.0f} MB: {growth:+.1%}"
    )
    return growth < MAX_GROWTH


def write_jsonl(path: Path, texts: list[str], source: random.Random) -> int:
    """Records, some of them broken; returns how many inputs the file is."""
    with path.open("wb") as stream:
        for n, text in enumerate(texts):
            line = json.dumps({"id": f"{path.stem}-{n}", "text": text}, ensure_ascii=False).encode()
            kind = source.randrange(8)
            if kind == 0:
                line = line[: len(line) // 2]
            elif kind == 1:
                line = line[:40] + b"\xff\xfe" + line[40:]
            elif kind == 2:
                line = b'{"id": %d, "text": null}' % n
            stream.write(line + b"\n")
    return len(texts)


def write_table(path: Path, texts: list[str]) -> int:
    """Rows of a .csv, one too short, or of a .parquet; returns how many inputs the file is."""
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist([{"id": t[:9], "text": t} for t in texts]), path)
        return len(texts)
    rows = [f'{n},"{text}"' for n, text in enumerate(texts)]
    path.write_text("\n".join(["编号,正文", *rows, "short"]), encoding="gb18030", errors="replace")
    return len(texts) + 1


def write_page(path: Path, text: str, source: random.Random) -> None:
    """A page as it may come: in some encoding, cut, broken, empty, or no text at all."""
    begin = source.randrange(len(text) // 2)
    data = text.encode()
    contents: list[bytes] = [
        data,
        text.encode("gb18030"),
        text.encode("utf-16"),
        text.encode("big5", "ignore"),
        b"\xef\xbb\xbf" + data,
        data[begin : begin + 3 * BEGIN_CHARS + 1],
        data[:200] + bytes([0xFF, 0xC0]) + data[200:],
        text.encode("gb18030")[1:],
        b"",
        b" \r\n\t\x00",
        source.randbytes(2000),
        b"\x89PNG\r\n\x1a\n" + source.randbytes(500),
        b"%PDF-1.4\n" + source.randbytes(500),
        b"<html><head><meta charset=gbk><title>t</title></head><body><p>" + data + b"</p></body>",
        b"<p>" * 3000 + data,
        text.replace("。", "。\r\n\r\n").encode(),
    ]
    path.write_bytes(source.choice(contents))


ODD_NAMES = (
    "空 格#%?&.txt", "引号'\"`$(id).md", "换\n行.txt", "-rf.txt", "emoji😀.html", "a" * 240 + ".txt",
    "two..dots...txt", "UPPER.TXT", "no-suffix", "page.docx", "half.pdf", "é\u0301.htm",
)  # fmt: skip


def make_inputs(folder: Path, given: argparse.Namespace) -> Counter[str]:
    """Make the folder of inputs; returns how many ledger lines each path must have."""
    known, source = sentences(), random.Random(given.seed)
    expected: Counter[str] = Counter()
    folders = [folder]
    while len(expected) < given.inputs - 40:
        n = len(expected)
        if n % 25 == 0:
            parent = source.choice(folders)
            if len(parent.parts) - len(folder.parts) < 20:
                folders.append(parent / f"{n:05}.txt")  # a folder that is called as a page is
                folders[-1].mkdir()
        suffix = source.choice((".txt", ".txt", ".txt", ".md", ".html", ".htm", ".pdf"))
        path = source.choice(folders) / f"{n:05}-{source.randrange(10**6)}{suffix}"
        write_page(path, make_article(source, known, source.choice((40, 200, 400, 1500))), source)
        expected[str(path)] = 1
    for n, make in enumerate([write_jsonl] * 6 + [lambda p, t, _: write_table(p, t)] * 4):
        suffix = ".jsonl" if n < 6 else (".csv" if n < 8 else ".parquet")
        path = source.choice(folders) / f"table-{n}{suffix}"
        texts = [make_article(source, known, 150).replace("\n", "") for _ in range(30)]
        expected[str(path)] = make(path, texts, source)
    for name in ODD_NAMES:
        path = source.choice(folders) / name
        write_page(path, make_article(source, known, 300), source)
        expected[str(path)] = 1
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/bytes-\xff\xfe.txt"))
    odd.write_text(make_article(source, known, 300), encoding="utf-8")
    expected[str(odd)] = 1
    long_line = "".join(source.choices(known, k=int(given.line_megabytes * 1e6 / 3 / 25)))
    (folder / "one-line.txt").write_text(long_line, encoding="utf-8")
    expected[str(folder / "one-line.txt")] = 1
    for path in special_files(folder):
        expected[str(path)] = 1
    (folder / ".hidden.txt").write_text("隐藏", encoding="utf-8")  # passed over, as documented
    return expected


def special_files(folder: Path) -> Iterator[Path]:
    """What is no regular file, or cannot be opened; each is an input that must fail with a reason."""
    for name, target in (("dangling.txt", "nowhere"), ("loop.txt", "loop.txt"), ("linked", ".")):
        (folder / name).symlink_to(target)
        yield folder / name
    os.mkfifo(folder / "pipe.jsonl")
    yield folder / "pipe.jsonl"
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket may not be long
        listener.bind("socket.txt")
        os.chdir(here)
    yield folder / "socket.txt"
    (folder / "device.txt").symlink_to("/dev/zero")
    yield folder / "device.txt"
    closed = folder / "closed.txt"
    closed.write_text("民政部印发通知。", encoding="utf-8")
    closed.chmod(0)  # root reads it all the same
    yield closed
    shut = folder / "memory.txt"
    shut.symlink_to("/proc/self/mem")  # a file by its looks; reading it fails, for root too
    yield shut


def read_ledger(output: Path) -> list[dict[str, Any]]:
    """A ledger without the seconds, which differ from run to run."""
    lines = (output / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def digest(path: Path) -> str:
    """Hash of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def run_killed(arguments: list[str], seconds: float) -> bool:
    """Run a command and kill it after so many seconds; returns whether it was still running."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def torture(given: argparse.Namespace) -> bool:
    """The worst inputs, killed again and again, against an unbroken run."""
    checks: dict[str, bool] = {}
    with model_named(given.model) as model, tempfile.TemporaryDirectory() as made:
        folder = Path(made, "inputs")
        folder.mkdir()
        expected = make_inputs(folder, given)
        unbroken, killed = Path(made, "unbroken"), Path(made, "killed")
        code, seconds, megabytes = run_measured(command([folder], unbroken, model))
        source = random.Random(given.seed + 1)
        moments = []
        while len(moments) < given.kills:
            moment = source.uniform(0.02, 0.95) * seconds / (1 + len(moments))
            if not run_killed(command([folder], killed, model, "--resume"), moment):
                break
            moments.append(moment)
        code_killed, _, _ = run_measured(command([folder], killed, model, "--resume"))
        ledger = read_ledger(unbroken)
        lines = Counter(line["path"] for line in ledger)
        n_documents = sum(line["n_documents"] for line in ledger)
        with (unbroken / "documents.jsonl").open("rb") as stream:
            n_records = sum(1 for _ in stream)
        failed = [line for line in ledger if line["status"] == "failed"]
        checks["every input has its lines in the ledger"] = lines == expected
        checks["each failure has a reason"] = all(line["reason"] for line in failed)
        checks["none is a failure of our own"] = not any(
            "internal error" in line["reason"] for line in failed
        )
        checks["records are those of the ledger"] = n_records == n_documents
        checks["exit code 3, both"] = (code, code_killed) == (3, 3)
        checks[f"killed {given.kills} times"] = len(moments) == given.kills
        name = "documents.jsonl"
        checks["same records to the byte"] = digest(unbroken / name) == digest(killed / name)
        checks["same ledger but for seconds"] = read_ledger(killed) == ledger
    print(
        f"{len(expected):,} files, {len(ledger):,} inputs, {n_records:,} records, {len(failed):,} inputs "
        f"failed; {seconds:,.0f} s unbroken, peak memory {megabytes:,.0f} MB; killed after "
        f"{', '.join(f'{moment:.1f}' for moment in moments)} s\n"
    )
    reasons = Counter(line["reason"].split(":")[0].split("/")[0] for line in failed)
    for reason, n in reasons.most_common(12):
        print(f"- {n:,} {reason or 'broken lines'}")
    print("\n| check | |\n|---|---|")
    for check, holds in checks.items():
        print(f"| {check} | {'yes' if holds else 'NO'} |")
    missing = [path for path in expected if lines[path] != expected[path]]
    extra = [path for path in lines if path not in expected]
    for path in (*missing[:5], *extra[:5]):
        print(f"{path}: {lines[path]} lines, expected {expected[path]}", file=sys.stderr)
    return all(checks.values())


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parsers = parser.add_subparsers(required=True)

    def add(name: str, work: Callable[[argparse.Namespace], bool]) -> argparse.ArgumentParser:
        made = parsers.add_parser(name, help=(work.__doc__ or "").split("\n")[0])
        made.add_argument("--model", help="model directory, or tiny")
        made.set_defaults(work=work)
        return made

    size = add("size", measure_sizes)
    size.add_argument("--articles", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    size.add_argument("--chars", type=int, default=200, help="of an article")
    add("soak", soak).add_argument("--batches", type=int, default=2_000)
    worst = add("torture", torture)
    worst.add_argument("--inputs", type=int, default=5_000)
    worst.add_argument("--kills", type=int, default=3)
    worst.add_argument("--line-megabytes", type=float, default=20)
    worst.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if not given.work(given):
        raise SystemExit("an aim was missed")


if __name__ == "__main__":
    main()
