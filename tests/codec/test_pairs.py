from swner.codec.decode import decode_relations
from swner.codec.pairs import FEATURE_SIZES, Pair, candidates, gold_of, signatures, to_batch
from swner.document import Document, Entity
from swner.schema import SCHEMA


def test_two_labels_allow_one_relation_and_all_fit_the_feature_table() -> None:
    table = signatures(SCHEMA)
    assert len(table) == sum(len(v) for v in SCHEMA.signatures.values())
    assert len(table) <= FEATURE_SIZES["signature"]


def test_every_gold_relation_is_a_candidate(documents: list[Document]) -> None:
    for doc in documents:
        pairs = candidates(doc.text, doc.entities, schema=SCHEMA)
        assert gold_of(pairs, doc.relations).sum() == len(doc.relations)


def test_no_pair_crosses_a_paragraph() -> None:
    text = "周惠\n部长"
    entities = [Entity(0, 2, "PER", "周惠"), Entity(3, 5, "POS", "部长")]
    assert candidates(text, entities, schema=SCHEMA) == []
    assert candidates(text.replace("\n", ","), entities, schema=SCHEMA) == [Pair(0, 1, "holds")]


def test_features_stay_inside_their_tables() -> None:
    text = "甲" * 3000
    entities = [Entity(i, i + 1, "ORG", "甲") for i in range(0, 3000, 250)]
    pairs = candidates(text, entities, schema=SCHEMA)
    features = to_batch(text, entities, pairs, schema=SCHEMA).features
    assert len(pairs) == 12 * 11
    assert (features >= 0).all()
    assert (features.max(axis=0) < list(FEATURE_SIZES.values())).all()


def test_marks_between_are_seen() -> None:
    text = "甲、乙。丙"
    entities = [Entity(i, i + 1, "ORG", text[i]) for i in (0, 2, 4)]
    pairs = [Pair(0, 1, "alias_of"), Pair(1, 2, "alias_of"), Pair(2, 0, "alias_of")]
    features = to_batch(text, entities, pairs, schema=SCHEMA).features
    assert features[:, 4].tolist() == [1, 5, 5]
    assert features[:, 2].tolist() == [0, 0, 1]


def test_a_quantity_keeps_one_indicator_the_best() -> None:
    import numpy as np

    pairs = [Pair(0, 1, "measures"), Pair(0, 2, "measures"), Pair(0, 3, "dated")]
    found = decode_relations(pairs, np.array([0.6, 0.9, 0.7]), schema=SCHEMA)
    assert [(r.tail, r.score) for r in found] == [(2, 0.9), (3, 0.7)]
