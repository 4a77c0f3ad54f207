"""The model and data that ship with the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForTokenClassification,
    AutoTokenizer,
)

import swner
from swner.codec.collate import pad
from swner.corpus.load import load
from swner.document import Document, Entity
from swner.evaluation.scores import score_documents, total
from swner.inference.annotator import Annotator
from swner.text.articles import split_page

MODEL = Path("models/swner-base")
ENCODER = Path("models/encoder")


@pytest.fixture(scope="module")
def annotate() -> Annotator:
    return swner.load()


@pytest.fixture(scope="module")
def gold() -> list[Document]:
    return load(["data/gold/articles.jsonl"])


def test_transformers_gives_the_same_tags(gold: list[Document]) -> None:
    model = AutoModelForTokenClassification.from_pretrained(MODEL).eval()
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    backend = swner.load(backend="torch").backend
    for text in gold[0].text.split("\n") + gold[-1].text.split("\n"):
        encoded = tokenizer(text, return_tensors="pt")
        batch = pad([backend.pieces.ids(text)], pieces=backend.pieces)
        assert encoded["input_ids"].tolist() == batch.input_ids.tolist()
        with torch.no_grad():
            theirs = model(**encoded).logits[0, 1:-1].argmax(1).numpy()
        assert (theirs == backend.encode(batch)[0].emissions.argmax(1)).all()


def test_the_encoder_loads_as_it_is() -> None:
    tokenizer = AutoTokenizer.from_pretrained(ENCODER)
    text = "民政部 印发《通知》，２０25年\n達到５万𠀀a"
    encoded = tokenizer(text, return_tensors="pt")
    assert encoded["input_ids"].shape[1] == len(text) + 2
    states = AutoModel.from_pretrained(ENCODER, dtype=torch.float32)(**encoded).last_hidden_state
    assert states.shape == (1, len(text) + 2, 384)
    logits = AutoModelForMaskedLM.from_pretrained(ENCODER, dtype=torch.float32)(**encoded).logits
    assert logits.shape[2] == len(tokenizer)
    assert torch.isfinite(logits).all()


def test_what_it_learnt_it_finds_and_spans_are_exact(
    annotate: Annotator, gold: list[Document]
) -> None:
    """The gold pages are in its training data: this checks the way through, not the quality."""
    pred = [
        Document(d.id, d.text, p.entities, p.relations)
        for d, p in zip(gold, annotate.pipe(d.text for d in gold), strict=True)
    ]
    for doc in pred:
        for e in doc.entities:
            assert doc.text[e.start : e.end] == e.surface
            assert "\n" not in e.name
    scores = total(score_documents(gold, pred))
    assert scores.core.f1 > 0.85
    assert scores.all_relations.f1 > 0.6


def test_raw_page_and_clean_text_give_the_same_entities(
    annotate: Annotator, gold: list[Document]
) -> None:
    page = Path("data/raw", str(gold[-1].meta["page"])).read_text(encoding="utf-8")
    (article,) = split_page(page)
    from_raw = annotate(page[article.start : article.end])
    names = {(e.label, e.name) for e in from_raw.entities}
    assert ("TARGET", "1.5万人") in names
    for e in from_raw.entities:
        assert from_raw.text[e.start : e.end] == e.surface
    assert any(e.surface != e.name for e in from_raw.entities)


def test_gold_can_be_shown_on_its_page(gold: list[Document]) -> None:
    pages = {
        p.name: (text, split_page(text))
        for p in Path("data/raw").glob("*.txt")
        for text in [p.read_text(encoding="utf-8")]
    }
    for doc in gold:
        page, articles = pages[str(doc.meta["page"])]
        (article,) = [a for a in articles if a.clean.text == doc.text]
        for e in doc.entities:
            at = article.clean.map.to_raw(e.span)
            raw = page[article.start + at.start : article.start + at.end]
            back = article.clean.map.to_clean(at)
            assert back is not None
            assert doc.text[back.start : back.end] == e.surface
            assert len(raw) >= len(e.surface) - raw.count("?")


def test_the_model_card_says_what_was_measured() -> None:
    metrics = json.loads((MODEL / "metrics.json").read_text(encoding="utf-8"))
    card = (MODEL / "README.md").read_text(encoding="utf-8")
    assert f"{metrics['crossval']['core']['f1']:.3f}" in card
    assert f"{metrics['unseen_real']['core']['f1']:.3f}" in card
    assert "MIT" in card


def test_offsets_hold_for_odd_input(annotate: Annotator) -> None:
    for text in (
        "",
        " ",
        "\n\n",
        "。",
        "a" * 3000,
        "民政部" * 700,
        "周惠\u3000任\r\n部長。",
        "😀民政部😀",
    ):
        doc = annotate(text)
        assert doc.text == text
        for e in doc.entities:
            assert isinstance(e, Entity)
            assert text[e.start : e.end] == e.surface
