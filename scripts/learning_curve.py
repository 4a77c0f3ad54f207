"""How much the synthetic articles give: leave-one-page-out F1 on the gold pages with parts of them.

python scripts/learning_curve.py                                  # the shipped recipe, 15 points
python scripts/learning_curve.py --config configs/quick.yaml --shares 0 100 --seeds 13

Each point is a share of the synthetic articles and a seed; smaller shares of a seed lie in larger ones.
A finished point is a line of OUTPUT/points.jsonl, so a run that was broken off goes on where it was.
Table and picture of all points there are: OUTPUT/curve.md and OUTPUT/curve.png.

With a share of 0 the other gold pages take the place of the synthetic articles in every stage. So that
small shares are not just trained too little, stages without gold pages have more epochs, up to
--max-repeat times as many and never more steps than the whole data has.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from swner.config import StageConfig, TrainConfig, load_config
from swner.corpus import doccano
from swner.corpus.load import files, load, sha256
from swner.corpus.split import unit
from swner.document import Document
from swner.errors import ConfigError, DataError, SwnerError

SCORES = ("core", "all", "relations")
COLOURS = {"core": "#17505f", "all": "#2f6db5", "relations": "#c2485f"}


@dataclass(frozen=True)
class Point:
    """A finished point.

    Attributes:
        recipe: Digest of configuration and data; points of one curve share it.
        percent: Share of the synthetic articles.
        seed: Of the choice of articles, and of the training.
        n_articles: Synthetic ones.
        n_chars: In them.
        f1: Name of a score -> pooled F1 over the pages left out, 0 to 1.
        by_page: Page -> the same for it.
        seconds: Wall time.
    """

    recipe: str
    percent: float
    seed: int
    n_articles: int
    n_chars: int
    f1: Mapping[str, float]
    by_page: Mapping[str, Mapping[str, float]]
    seconds: float


def read_points(path: Path, recipe: str) -> list[Point]:
    """The finished points of a curve.

    Raises:
        DataError: They belong to another configuration or other data.
    """
    if not path.exists():
        return []
    points = [Point(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    if any(point.recipe != recipe for point in points):
        raise DataError(
            f"{path}: holds points of another recipe or other data. Give another --output, or delete "
            "the file to begin anew."
        )
    return points


def recipe_digest(config: TrainConfig, max_repeat: float) -> str:
    """Changes with what the points of a curve have in common."""
    sources = {s for stage in config.stages for s in (*stage.train, *stage.replay)}
    paths = files(sorted({*sources, *config.dev, config.gold}))
    known = {
        "config": config.model_dump(mode="json", exclude={"seed", "output", "work"}),
        "data": {str(path): sha256(path) for path in paths},
        "max_repeat": max_repeat,
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


def is_chosen(gold: set[str], percent: float, seed: int) -> Callable[[Document], bool]:
    """Says whether a document is a gold one, or one of the share of the others."""
    return lambda doc: doc.id in gold or unit(doc.id, seed) < percent / 100


def point_config(
    config: TrainConfig, *, percent: float, seed: int, max_repeat: float, folder: Path
) -> TrainConfig:
    """The recipe of a point; its data are written below `folder`."""
    gold = load([config.gold])
    chosen = is_chosen({d.id for d in gold}, percent, seed)
    stages = [
        stage_of_point(stage, gold, chosen, max_repeat, folder / f"{number}-{stage.name}")
        for number, stage in enumerate(config.stages)
    ]
    return config.model_copy(
        update={
            "seed": seed, "output": str(folder / "run"), "work": str(folder), "stages": tuple(stages)
        }
    )  # fmt: skip


def stage_of_point(
    stage: StageConfig,
    gold: Sequence[Document],
    chosen: Callable[[Document], bool],
    max_repeat: float,
    folder: Path,
) -> StageConfig:
    """A stage with those of its documents that are chosen, and epochs to make up for the others."""
    whole, replay = load(stage.train), load(stage.replay) if stage.replay else []
    gold_ids = {d.id for d in gold}
    docs = [d for d in whole if chosen(d)] or list(gold)
    replay = [d for d in replay if chosen(d) and d.id not in gold_ids]
    doccano.write(docs, folder / "train.jsonl")
    if replay:
        doccano.write(replay, folder / "replay.jsonl")
    repeat = 1.0
    if not any(d.id in gold_ids for d in whole):
        repeat = min(max_repeat, n_chars(whole) / n_chars(docs))
    return stage.model_copy(
        update={
            "train": (str(folder / "train.jsonl"),),
            "replay": (str(folder / "replay.jsonl"),) if replay else (),
            "epochs": round(stage.epochs * repeat),
        }
    )


def n_chars(docs: Sequence[Document]) -> int:
    return sum(len(d.text) for d in docs)


def run_point(
    config: TrainConfig, *, percent: float, seed: int, max_repeat: float, recipe: str, folder: Path
) -> Point:
    """Cross-validate with a share of the synthetic articles; goes on where it was broken off."""
    from swner.training.cross_validate import cross_validate

    started = time.monotonic()
    point = point_config(config, percent=percent, seed=seed, max_repeat=max_repeat, folder=folder)
    result = cross_validate(point, resume=True)["crossval"]
    gold = {d.id for d in load([config.gold])}
    sources = {source for stage in point.stages for source in (*stage.train, *stage.replay)}
    used = {d.id: d for source in sources for d in load([source]) if d.id not in gold}
    return Point(
        recipe=recipe,
        percent=percent,
        seed=seed,
        n_articles=len(used),
        n_chars=n_chars(list(used.values())),
        f1=scores_of(result),
        by_page={page: scores_of(scores) for page, scores in result["by_page"].items()},
        seconds=round(time.monotonic() - started, 1),
    )


def scores_of(result: Mapping[str, Any]) -> dict[str, float]:
    """The three overall F1 scores of an evaluation."""
    return {name: result[name]["f1"] for name in SCORES}


def table(points: Sequence[Point]) -> str:
    """Markdown: a row a share, mean and standard deviation over the seeds."""
    rows = ["| synthetic articles | characters | seeds | core F1 | all F1 | relation F1 |"]
    rows.append("|---|---|---|---|---|---|")
    for percent in sorted({p.percent for p in points}):
        same = [p for p in points if p.percent == percent]
        cells = [
            f"{percent:g} % ({mean(p.n_articles for p in same):,.0f})",
            f"{mean(p.n_chars for p in same):,.0f}",
            str(len(same)),
            *(shown([p.f1[name] for p in same]) for name in SCORES),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def shown(values: Sequence[float]) -> str:
    spread = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
    return f"{mean(values):.3f}{spread}"


def draw(points: Sequence[Point], path: Path) -> None:
    """F1 over the number of synthetic articles: a dot a seed, a line through the means."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 4.6), dpi=130, layout="constrained")
    axes = figure.subplots()
    percents = sorted({p.percent for p in points})
    for name in SCORES:
        x = [mean(p.n_articles for p in points if p.percent == share) for share in percents]
        y = [mean(p.f1[name] for p in points if p.percent == share) for share in percents]
        colour = COLOURS[name]
        axes.plot(x, y, color=colour, linewidth=1.8, label=name)
        axes.scatter(
            [p.n_articles for p in points], [p.f1[name] for p in points], color=colour, s=14, alpha=0.6
        )  # fmt: skip
    axes.set_xlabel("synthetic articles")
    axes.set_ylabel("F1 on the gold page left out")
    axes.set_ylim(0, 1)
    axes.grid(color="#dbe2e8")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path, metadata={"Software": None})


def run(options: argparse.Namespace) -> None:
    """Run the points that are missing; table and picture after each."""
    config = load_config(options.config, options.set_ or [])
    if options.max_repeat < 1 or not all(0 <= share <= 100 for share in options.shares):
        raise ConfigError(
            f"--shares {options.shares}, --max-repeat {options.max_repeat}: shares are per cent from 0 "
            "to 100, repeats 1 or more."
        )
    recipe = recipe_digest(config, options.max_repeat)
    path = options.output / "points.jsonl"
    points = read_points(path, recipe)
    options.output.mkdir(parents=True, exist_ok=True)
    for seed in options.seeds:
        for percent in options.shares:
            if any((p.percent, p.seed) == (percent, seed) for p in points):
                continue
            print(f"{percent:g} % of the synthetic articles, seed {seed}", flush=True)
            folder = options.output / f"share-{percent:g}-seed-{seed}"
            points.append(
                run_point(
                    config, percent=percent, seed=seed, max_repeat=options.max_repeat,
                    recipe=recipe, folder=folder,
                )
            )  # fmt: skip
            with path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(points[-1])) + "\n")
            shutil.rmtree(folder)
            (options.output / "curve.md").write_text(table(points), encoding="utf-8")
            draw(points, options.output / "curve.png")
    print(table(points))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config", type=Path, default=Path("configs/base.yaml"), help="a training recipe")
    add("--set", dest="set_", action="append", metavar="A.B=C", help="override a field of it")
    add("--shares", type=float, nargs="+", default=[0, 10, 25, 50, 100], help="per cent")
    add("--seeds", type=int, nargs="+", default=[13, 14, 15])
    add("--max-repeat", type=float, default=10.0, help="of the epochs, for small shares")
    add("--output", type=Path, default=Path("runs/learning-curve"))
    try:
        run(parser.parse_args(arguments))
    except SwnerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
