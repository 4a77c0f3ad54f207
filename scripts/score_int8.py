"""What 8 bits cost: leave-one-page-out scores of the same folds by torch and by the 8-bit graph.

python scripts/score_int8.py runs/swner-base                  # after `swner crossval`
python scripts/score_int8.py runs/swner-base --dev FILE.jsonl # also on other documents, by every fold

Each page is annotated by the model that never saw it, once with torch and once with its graphs, which
are exported to a folder that is deleted again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from swner.cli.export import describe
from swner.corpus import doccano
from swner.document import Document
from swner.evaluation.crossval import page_folds
from swner.evaluation.scores import Scores, score_documents, total
from swner.inference.backend import Backend
from swner.inference.onnx_backend import OnnxBackend
from swner.inference.parity import compare
from swner.inference.predictor import Predictor
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import load_model
from swner.model.export import export_graphs
from swner.model.files import SETTINGS, TOKENIZER

GOLD = Path("data/gold/articles.jsonl")


def backends(model_dir: Path, folder: Path) -> tuple[Backend, Backend]:
    """A fold's model in torch, and its 8-bit graph."""
    loaded = load_model(model_dir)
    for name in (SETTINGS, TOKENIZER):
        (folder / name).write_bytes((model_dir / name).read_bytes())
    export_graphs(loaded, folder, ["int8"])
    return TorchBackend(loaded), OnnxBackend(folder, precision="int8")


def scores_of(backend: Backend, docs: Sequence[Document]) -> list[Scores]:
    return score_documents(docs, list(Predictor(backend).annotate(docs)))


def main() -> None:
    parser = argparse.ArgumentParser(description="The cost of 8 bits, leave-one-page-out")
    parser.add_argument("run", type=Path, help="Folder that `swner crossval` left")
    parser.add_argument("--dev", type=Path, help="Other documents, for every fold")
    arguments = parser.parse_args()
    dev = list(doccano.read(arguments.dev)) if arguments.dev else []
    found: dict[str, list[Scores]] = {}
    for fold in page_folds(list(doccano.read(GOLD))):
        stages = sorted(arguments.run.glob(f"without-{Path(fold.page).stem}/*/done"))
        if not stages:
            sys.exit(f"{arguments.run}: no fold without {fold.page}; run `swner crossval` first")
        with TemporaryDirectory() as name:
            torch, int8 = backends(stages[-1], Path(name))
            print(f"{fold.page}: {describe(compare(torch, int8, [d.text for d in fold.test]))}")
            for title, backend in (("torch", torch), ("int8", int8)):
                found.setdefault(f"gold {title}", []).extend(scores_of(backend, fold.test))
                found.setdefault(f"dev {title}", []).extend(scores_of(backend, dev))
    for title, scores in found.items():
        if scores:
            whole = total(scores)
            print(
                f"{title:12} core {whole.core.f1:.4f}  all {whole.all.f1:.4f}  "
                f"relations {whole.all_relations.f1:.4f}"
            )


if __name__ == "__main__":
    main()
