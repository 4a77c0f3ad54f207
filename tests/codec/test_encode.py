import numpy as np
import pytest

from swner.codec.collate import batches_by_length, collate, pad
from swner.codec.encode import IGNORED, Encoder
from swner.codec.tags import TagSet
from swner.codec.tokenize import PieceTable
from swner.document import Document, Entity
from swner.errors import ModelError
from swner.schema import SCHEMA

PIECES = PieceTable(
    {p: i for i, p in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"民政部a1,"])}
)


def test_one_piece_per_character() -> None:
    ids = PIECES.ids("民政部Ａ１，\n𠀀")
    assert len(ids) == 8
    assert ids.tolist() == [4, 5, 6, 7, 8, 9, 1, 1]  # wide forms by NFKC, case folded, else [UNK]


def test_a_vocabulary_without_specials_is_refused() -> None:
    with pytest.raises(ModelError, match=r"\[CLS\]"):
        PieceTable({"[PAD]": 0, "[UNK]": 1, "[SEP]": 2})


def test_own_tags_over_all_windows_are_the_documents_tags(documents: list[Document]) -> None:
    text = "".join(d.text for d in documents)
    offset, entities = 0, []
    for doc in documents:
        entities += [
            Entity(e.start + offset, e.end + offset, e.label, e.surface) for e in doc.entities
        ]
        offset += len(doc.text)
    doc = Document("joined", text, tuple(entities))
    features, loss = Encoder(PIECES, SCHEMA, 32, 8).encode(doc)
    tags = np.concatenate([f.tags[f.tags != IGNORED] for f in features])
    spans = [(e.span, e.label) for e in entities]
    assert (tags == TagSet.of(SCHEMA).encode(spans, len(text))).all()
    assert (loss.n_spans, loss.n_lost_spans) == (len(entities), 0)


def test_a_span_across_a_window_is_counted_as_lost() -> None:
    text = "民" * 40
    doc = Document("long", text, (Entity(0, 30, "ORG", text[:30]), Entity(31, 32, "ORG", "民")))
    _, loss = Encoder(PIECES, SCHEMA, 16, 0).encode(doc)
    assert (loss.n_spans, loss.n_lost_spans) == (2, 1)


def test_padding_is_masked_and_specials_are_in_place() -> None:
    batch = pad([np.array([4, 5, 6]), np.array([4])], pieces=PIECES)
    assert batch.input_ids.tolist() == [[2, 4, 5, 6, 3], [2, 4, 3, 0, 0]]
    assert batch.attention_mask.sum(axis=1).tolist() == [5, 3]


def test_collated_pairs_point_into_the_padded_rows(documents: list[Document]) -> None:
    features, _ = Encoder(PIECES, SCHEMA, 64, 8).encode_all(documents)
    batch = collate(features, pieces=PIECES)
    for row, (head_start, head_end, *_), gold in zip(
        batch.pair_windows, batch.pair_spans.tolist(), batch.pair_gold, strict=True
    ):
        surface = documents[row].text[head_start - 1 : head_end - 1]
        assert surface in {e.surface for e in documents[row].entities}
        assert gold in (0.0, 1.0)
    assert batch.pair_gold.sum() == sum(len(d.relations) for d in documents)


def test_batches_hold_everything_once_within_the_budget() -> None:
    lengths = [5, 90, 17, 17, 3, 60, 200, 1]
    groups = batches_by_length(lengths, budget=128)
    assert sorted(i for g in groups for i in g) == list(range(len(lengths)))
    for group in groups:
        assert len(group) == 1 or len(group) * (max(lengths[i] for i in group) + 2) <= 128
