"""Shared fixtures: a two-layer BERT with a character vocabulary, and eight small documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from swner.corpus import doccano
from swner.document import Document, Entity, Relation
from swner.model.tokenizer import character_tokenizer

SENTENCES = [
    ("周惠任民政部部长。", [("周惠", "PER"), ("民政部", "ORG"), ("部长", "POS")]),
    ("李明任财政厅厅长。", [("李明", "PER"), ("财政厅", "ORG"), ("厅长", "POS")]),
    ("到2025年,社工达到5万人。", [("2025年", "DATE"), ("社工", "IND"), ("5万人", "TARGET")]),
    ("到2027年,站点达到60家。", [("2027年", "DATE"), ("站点", "IND"), ("60家", "TARGET")]),
    ("去年,社工有8万人。", [("去年", "DATE"), ("社工", "IND"), ("8万人", "FIG")]),
    ("今年,站点有47家。", [("今年", "DATE"), ("站点", "IND"), ("47家", "FIG")]),
    ("民政部印发《实施意见》。", [("民政部", "ORG"), ("实施意见", "POLICY")]),
    ("财政厅印发《管理办法》。", [("财政厅", "ORG"), ("管理办法", "POLICY")]),
]
LINKS = {
    ("PER", "POS"): "holds", ("POS", "ORG"): "post_at", ("POLICY", "ORG"): "issued_by",
    ("TARGET", "IND"): "measures", ("FIG", "IND"): "measures",
    ("TARGET", "DATE"): "dated", ("FIG", "DATE"): "dated",
}  # fmt: skip


def make_document(doc_id: str, text: str, marks: list[tuple[str, str]]) -> Document:
    entities = []
    for surface, label in marks:
        start = text.index(surface)
        entities.append(Entity(start, start + len(surface), label, surface))
    entities.sort(key=lambda e: e.start)
    relations = [
        Relation(i, j, LINKS[a.label, b.label])
        for i, a in enumerate(entities)
        for j, b in enumerate(entities)
        if (a.label, b.label) in LINKS
    ]
    return Document(doc_id, text, tuple(entities), tuple(relations), {"page": f"page-{doc_id[-1]}"})


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    return [make_document(f"doc-{n}", text, marks) for n, (text, marks) in enumerate(SENTENCES)]


@pytest.fixture(scope="session")
def data_path(documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "docs.jsonl"
    doccano.write(documents, path)
    return path


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real, random BERT: two layers, width 32, one piece per character of the sentences."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("encoder")
    chars = sorted({c for text, _ in SENTENCES for c in text})
    vocabulary = {
        p: i for i, p in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *chars])
    }
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=66, pad_token_id=0,
    )  # fmt: skip
    BertModel(config).save_pretrained(path)
    character_tokenizer(vocabulary, max_length=66).save_pretrained(path)
    return path


@pytest.fixture
def recipe(tiny_encoder: Path, data_path: Path, tmp_path: Path) -> Path:
    """A training recipe on the tiny encoder that overfits the eight documents."""
    path = tmp_path / "tiny.yaml"
    values = {
        "encoder": str(tiny_encoder),
        "output": str(tmp_path / "model"),
        "work": str(tmp_path / "runs"),
        "dev_share": 0.0,
        "gold": str(data_path),
        "windows": {"max_pieces": 64, "context": 8},
        "model": {"dropout": 0.0, "relation_width": 32},
        "training": {"batch_pieces": 128, "bf16": "no", "head_learning_rate_factor": 3.0},
        "stages": [
            {"name": "only", "train": [str(data_path)], "epochs": 60, "learning_rate": 4e-3}
        ],
    }
    path.write_text(json.dumps(values), encoding="utf-8")
    return path
