"""Fine-tune encoders on an annotated set by one fixed recipe and several seeds, and compare them.

    python scripts/benchmark_encoder.py SET ENCODER [ENCODER ...] [--seeds 13 14 15] [--epochs 5]

SET is a folder with train, dev and test files: BMES or BIO tags a character (`train*.bmes`), or doccano
records (`train*.jsonl`). The recipe: CRF on the last states, AdamW 2e-4 at the top layer and 0.95 times
that a layer below, five times that for the classifier, linear decay, 3,072 characters a batch, the last
epoch; no choice is made on dev. F1 is strict over whole spans, as seqeval counts them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from swner.codec.collate import batches_by_length, pad
from swner.codec.encode import Encoder
from swner.codec.tags import TagSet
from swner.codec.viterbi import best_paths
from swner.config import ModelConfig, StageConfig, TrainConfig, WindowConfig
from swner.corpus import doccano
from swner.document import Document, Entity, Span
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import LoadedModel, new_model
from swner.schema import Schema
from swner.training.arguments import arguments, use_bf16
from swner.training.train import prepare_torch
from swner.training.trainer import JointTrainer, TrainingWindows

Sentence = tuple[str, list[str]]  # characters and their BIO tags


@dataclass(frozen=True)
class Result:
    """One fine-tuning: F1 on dev and test, characters a second in training and in inference."""

    dev: float
    test: float
    trained_a_second: float
    read_a_second: float


def read_sentences(folder: Path, part: str) -> list[Sentence]:
    """Sentences of `train`, `dev` or `test`, from BMES or BIO lines or from doccano records."""
    found = sorted(folder.glob(f"{part}*"))
    if len(found) != 1:
        raise SystemExit(f"{folder}: {len(found)} files named {part}*; expected one.")
    if found[0].suffix == ".jsonl":
        return [_of_document(doc) for doc in doccano.read(found[0])]
    sentences, chars, tags = list[Sentence](), list[str](), list[str]()
    for line in [*found[0].read_text(encoding="utf-8").splitlines(), ""]:
        if line.strip():
            char, tag = line.split()
            chars.append(char)
            tags.append({"M": "I", "E": "I", "S": "B"}.get(tag[0], tag[0]) + tag[1:])
        elif chars:
            sentences.append(("".join(chars), tags))
            chars, tags = [], []
    return sentences


def _of_document(doc: Document) -> Sentence:
    tags = ["O"] * len(doc.text)
    for entity in doc.entities:
        tags[entity.start : entity.end] = [f"I-{entity.label}"] * len(entity.surface)
        tags[entity.start] = f"B-{entity.label}"
    return doc.text, tags


def to_documents(sentences: Sequence[Sentence], schema: Schema) -> list[Document]:
    """Sentences as documents, for the encoder of training windows."""
    tag_set = TagSet.of(schema)
    ids = {name: i for i, name in enumerate(tag_set.names)}
    docs = []
    for number, (text, tags) in enumerate(sentences):
        spans: list[tuple[Span, str]] = tag_set.decode(np.array([ids[t] for t in tags]))
        entities = tuple(Entity(s.start, s.end, label, text[s.start : s.end]) for s, label in spans)
        docs.append(Document(str(number), text, entities))
    return docs


def tag(loaded: LoadedModel, sentences: Sequence[Sentence], *, bf16: bool) -> list[list[str]]:
    """Predicted tags of each sentence."""
    backend = TorchBackend(loaded, bf16=bf16)
    names = TagSet.of(loaded.schema).names
    longest = loaded.windows.max_pieces
    ids = [loaded.pieces.ids(text[:longest]) for text, _ in sentences]
    found: list[list[str]] = [[] for _ in sentences]
    for group in batches_by_length([len(i) for i in ids], budget=4096):
        encoded = backend.encode(pad([ids[i] for i in group], pieces=loaded.pieces))
        paths = best_paths([e.emissions.astype(np.float64) for e in encoded], backend.transitions)
        for index, path in zip(group, paths, strict=True):
            rest = len(sentences[index][0]) - len(path)
            found[index] = [names[t] for t in path] + ["O"] * rest
    return found


def fine_tune(
    encoder: str, parts: dict[str, list[Sentence]], schema: Schema, *, seed: int, epochs: int
) -> Result:
    """Train on `train` and measure on the other two."""
    stage = StageConfig(name="only", train=("SET",), epochs=epochs, learning_rate=2e-4)
    config = TrainConfig(encoder=encoder, output="none", seed=seed, stages=(stage,))
    prepare_torch(config)
    windows = WindowConfig(max_pieces=382, context=0)
    loaded = new_model(encoder, schema=schema, config=ModelConfig(), windows=windows)
    make_features = Encoder(loaded.pieces, schema, windows.max_pieces, windows.context)
    features, _ = make_features.encode_all(to_documents(parts["train"], schema))
    with tempfile.TemporaryDirectory() as work:
        args = arguments(config, stage, Path(work), n_epochs=epochs, has_dev=False)
        args.save_strategy = "no"
        trainer = JointTrainer(
            loaded, args=args, windows=TrainingWindows.same_for_all(features), dev=[],
            config=config.training, learning_rate=stage.learning_rate, callbacks=[],
        )  # fmt: skip
        started = time.monotonic()
        trainer.train()
        trained = epochs * sum(len(f) for f in features) / (time.monotonic() - started)
    loaded.model.eval()
    scores, n_chars, started = {}, 0, time.monotonic()
    for part in ("dev", "test"):
        gold = [tags for _, tags in parts[part]]
        found = tag(loaded, parts[part], bf16=use_bf16(config))
        scores[part] = float(f1_score(gold, found, mode="strict", scheme=IOB2))
        n_chars += sum(len(text) for text, _ in parts[part])
    return Result(scores["dev"], scores["test"], trained, n_chars / (time.monotonic() - started))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("encoders", nargs="+")
    parser.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    parts = {part: read_sentences(options.set, part) for part in ("train", "dev", "test")}
    labels = sorted({t[2:] for _, tags in parts["train"] for t in tags if t != "O"})
    schema = Schema(labels=tuple(labels), core_labels=tuple(labels), signatures={})
    print(f"{options.set.name}: {[len(p) for p in parts.values()]} sentences, {len(labels)} labels")
    print(f"{torch.get_num_threads()} threads, {options.epochs} epochs, seeds {options.seeds}\n")
    print("| encoder | MB | dev F1 | test F1 | training char/s | inference char/s |")
    print("|---|---|---|---|---|---|", flush=True)
    rows = {}
    for encoder in options.encoders:
        results = [
            fine_tune(encoder, parts, schema, seed=s, epochs=options.epochs) for s in options.seeds
        ]
        rows[encoder] = [r.__dict__ for r in results]
        size = (Path(encoder) / "model.safetensors").stat().st_size / 1e6
        dev, test = ([getattr(r, part) for r in results] for part in ("dev", "test"))
        rates = [statistics.median(x) for x in zip(*((r.trained_a_second, r.read_a_second) for r in results), strict=True)]  # fmt: skip
        print(f"| {encoder} | {size:.0f} | {_spread(dev)} | {_spread(test)} | {rates[0]:,.0f} | {rates[1]:,.0f} |", flush=True)  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _spread(values: Sequence[float]) -> str:
    spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.4f}{spread}"


if __name__ == "__main__":
    main()
