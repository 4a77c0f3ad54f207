"""Label paragraphs of plain text with a trained model and keep those it is sure of, to train on.

python scripts/self_label.py TEXT... --output ../selftrain/kept.jsonl
python -m swner train configs/selftrain.yaml

TEXT is a .txt or .xz file with a paragraph a line, or a folder of such files. A paragraph is kept if
every entity and every relation found in it reaches its label's threshold, and no character outside
them may well belong to an entity that was not found. Thresholds are those that give the wanted
precision by the model's calibration.json; without one, --min-score on raw scores. Paragraphs in
which there is surely nothing are kept up to a share. The file holds other people's text, so it has
to lie outside the repository.
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from swner.codec.calibration import Thresholds
from swner.codec.collate import batches_by_length, pad
from swner.codec.tags import OUTSIDE
from swner.codec.viterbi import make_lattices
from swner.corpus import doccano
from swner.corpus.load import load
from swner.corpus.recipe import SELF_LABELLED
from swner.corpus.split import unit
from swner.document import Document
from swner.errors import ConfigError, DataError, SwnerError
from swner.inference.backend import Backend
from swner.inference.choose import BACKENDS, load_backend
from swner.inference.predictor import BATCH_PIECES, Predictor, grouped
from swner.inference.shipped import shipped_model
from swner.text.clean import clean

REPOSITORY = Path(__file__).resolve().parents[1]


def read_lines(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Lines of .txt and .xz files, each with its place, FILE:LINE."""
    for path in paths:
        inside = sorted([*path.rglob("*.txt"), *path.rglob("*.xz")]) if path.is_dir() else [path]
        if not inside:
            raise DataError(f"{path}: holds no .txt or .xz file.")
        for file in inside:
            opened = lzma.open if file.suffix == ".xz" else open
            try:
                with opened(file, "rt", encoding="utf-8") as stream:
                    for number, line in enumerate(stream, 1):
                        yield f"{file.name}:{number}", line
            except (OSError, lzma.LZMAError, UnicodeDecodeError) as error:
                raise DataError(
                    f"{file}: cannot be read ({error}); expected UTF-8 text, plain or as .xz."
                ) from error


def paragraphs_to_label(
    lines: Iterable[tuple[str, str]], options: argparse.Namespace, known: set[str], counts: Counts
) -> Iterator[Document]:
    """Clean paragraphs of fitting length, each once, none that annotated data has."""
    seen = set(known)
    for place, line in lines:
        text = clean(line).text
        counts.n_read += 1
        if "\n" in text or not options.min_chars <= len(text) <= options.max_chars or text in seen:
            continue
        seen.add(text)
        name = "self-" + hashlib.sha256(text.encode()).hexdigest()[:16]
        if unit(name, options.seed) < options.share:
            counts.n_labelled += 1
            yield Document(name, text, meta={"kind": SELF_LABELLED, "source": place})


@dataclass
class Counts:
    """What became of the paragraphs."""

    n_read: int = 0
    n_labelled: int = 0
    n_kept: int = 0
    n_empty: int = 0
    labels: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        found = ", ".join(f"{label} {n}" for label, n in self.labels.most_common())
        return (
            f"{self.n_read:,} lines, {self.n_labelled:,} paragraphs labelled, {self.n_kept:,} kept, "
            f"{self.n_empty:,} of them empty\n{found}"
        )


@dataclass(frozen=True)
class Judge:
    """Says which labelled paragraphs are sure.

    Attributes:
        backend: Of the model.
        thresholds: By its calibration; None without one.
        min_score: Smallest raw score where there are no thresholds.
        min_outside: Smallest probability, of any character in no entity, that it is in none.
    """

    backend: Backend
    thresholds: Thresholds | None
    min_score: float
    min_outside: float

    def sure(self, docs: Sequence[Document]) -> Iterator[Document]:
        """Those that are, in order."""
        scored = [doc for doc in docs if self._has_sure_scores(doc)]
        least = least_outside(self.backend, scored)
        yield from (d for d, p in zip(scored, least, strict=True) if p >= self.min_outside)

    def _has_sure_scores(self, doc: Document) -> bool:
        known = self.thresholds
        if known is None:
            items = (*doc.entities, *doc.relations)
            return all(item.score is not None and item.score >= self.min_score for item in items)
        return all(known.entities[e.label].lets_through(e.score) for e in doc.entities) and all(
            known.relations[r.label].lets_through(r.score) for r in doc.relations
        )


def least_outside(backend: Backend, docs: Sequence[Document]) -> list[float]:
    """For each document the smallest probability of a character outside its entities to be outside.

    By the forward and backward recursions of the CRF, 0 to 1; 1 where entities cover all.

    Args:
        backend: Of the model that found the entities.
        docs: No longer than a window.
    """
    least = [1.0] * len(docs)
    ids = [backend.pieces.ids(doc.text) for doc in docs]
    for rows in batches_by_length([len(i) for i in ids], budget=BATCH_PIECES):
        encoded = backend.encode(pad([ids[row] for row in rows], pieces=backend.pieces))
        emissions = [e.emissions.astype(np.float64) for e in encoded]
        for row, lattice in zip(rows, make_lattices(emissions, backend.transitions), strict=True):
            log_probs = lattice.forward[:, OUTSIDE] + lattice.backward[:, OUTSIDE]
            unmarked = np.ones(len(log_probs), bool)
            for entity in docs[row].entities:
                unmarked[entity.start : entity.end] = False
            if unmarked.any():
                least[row] = float(np.exp(log_probs[unmarked].min() - lattice.log_partition))
    return least


def label(docs: Iterable[Document], judge: Judge) -> Iterator[Document]:
    """Documents with what the model finds in them, those it is sure of."""
    predictor = Predictor(judge.backend)
    for group in grouped(docs, n_chars=lambda doc: len(doc.text)):
        for doc in judge.sure(list(predictor.annotate(group))):
            yield doc.with_meta(model=judge.backend.digest)


def with_few_empty(
    docs: Iterable[Document], *, empty_share: float, limit: int | None, counts: Counts
) -> Iterator[Document]:
    """The first `limit` documents, those without entities never more than a share of what came."""
    for doc in docs:
        if not doc.entities:
            if counts.n_empty + 1 > empty_share * (counts.n_kept + 1):
                continue
            counts.n_empty += 1
        counts.n_kept += 1
        counts.labels.update(e.label for e in doc.entities)
        yield doc
        if counts.n_kept == limit:
            return


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("text", type=Path, nargs="+", metavar="TEXT", help=".txt or .xz files, or folders of them")
    add("--output", type=Path, required=True, help="the .jsonl file, outside the repository")
    add("--model", type=Path, help="model directory; by default the shipped one")
    add("--backend", choices=BACKENDS, default="auto")
    add("--min-precision", type=float, default=0.95, help="of each label, by calibration.json")
    add(
        "--min-score", type=float, default=0.95, help="of all, for a model without calibration.json"
    )
    add("--min-outside", type=float, default=0.9, help="that an unmarked character is in no entity")
    add("--empty-share", type=float, default=0.2, help="of the kept paragraphs, at most")
    add("--min-chars", type=int, default=20)
    add("--max-chars", type=int, default=300)
    add("--share", type=float, default=1.0, help="of the paragraphs to look at, by a hash")
    add("--seed", type=int, default=13, help="of that hash")
    add("--limit", type=int, help="stop when so many are kept")
    add("--unlike", type=Path, nargs="*", default=[REPOSITORY / "data"], metavar="DATA",
        help="annotated data whose paragraphs are passed over; by default data/")  # fmt: skip
    return parser.parse_args(arguments)


def check_options(options: argparse.Namespace, backend: Backend) -> None:
    """Refuse what cannot work.

    Raises:
        ConfigError: With the option, what was found and what is allowed.
    """
    if options.output.resolve().is_relative_to(REPOSITORY):
        raise ConfigError(
            f"--output {options.output}: lies in the repository, where text from elsewhere does not "
            "belong. Give a file outside it, such as ../selftrain/kept.jsonl."
        )
    for name in ("min_precision", "min_score", "min_outside", "empty_share", "share"):
        value = getattr(options, name)
        if not 0 <= value <= 1 or (name == "min_precision" and value in (0, 1)):
            option = "--" + name.replace("_", "-")
            raise ConfigError(f"{option}: found {value}; allowed is what lies between 0 and 1.")
    if options.max_chars > backend.windows.max_pieces:
        raise ConfigError(
            f"--max-chars: found {options.max_chars}; the model reads {backend.windows.max_pieces} "
            "characters at a time. Give that or less."
        )


def run(options: argparse.Namespace) -> Counts:
    """Label, choose and write; returns the counts.

    Raises:
        SwnerError: An option, a file or the model is not what it has to be, or nothing was kept.
    """
    model = options.model or shipped_model()
    backend = load_backend(model, options.backend)
    check_options(options, backend)
    calibration = backend.calibration
    thresholds = calibration.thresholds(options.min_precision) if calibration else None
    show_thresholds(thresholds, model, options)
    known = {p for doc in load(options.unlike) for p in doc.text.split("\n")}
    judge = Judge(backend, thresholds, options.min_score, options.min_outside)
    counts = Counts()
    docs = paragraphs_to_label(read_lines(options.text), options, known, counts)
    kept = with_few_empty(
        label(docs, judge), empty_share=options.empty_share, limit=options.limit, counts=counts
    )
    part = options.output.with_name(options.output.name + ".part")
    if doccano.write(kept, part) == 0:
        part.unlink()
        raise DataError(
            f"nothing kept of {counts.n_labelled} paragraphs. Lower --min-precision, --min-score or "
            "--min-outside, or give more text."
        )
    part.replace(options.output)
    return counts


def show_thresholds(
    thresholds: Thresholds | None, model: Path, options: argparse.Namespace
) -> None:
    if thresholds is None:
        print(f"{model} is not calibrated: scores from {options.min_score} count as sure")
        return
    print(f"lowest sure scores for a precision of {thresholds.precision}:")
    for name, known in {**thresholds.entities, **thresholds.relations}.items():
        shown = "none is" if known.score is None else f"{known.score:.4f}"
        print(f"  {name:10} {shown}")


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        counts = run(options)
    except SwnerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{counts}\n{options.output}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
