import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from swner.codec.tags import TagSet
from swner.document import Span
from swner.schema import SCHEMA

TAGS = TagSet.of(SCHEMA)


@st.composite
def flat_spans(draw: st.DrawFn) -> tuple[list[tuple[Span, str]], int]:
    cuts = sorted(draw(st.sets(st.integers(0, 30), max_size=12)))
    spans = [
        (Span(a, b), draw(st.sampled_from(SCHEMA.labels)))
        for a, b in itertools.pairwise(cuts)
        if draw(st.booleans())
    ]
    return spans, 30


@given(flat_spans())
def test_decode_inverts_encode(case: tuple[list[tuple[Span, str]], int]) -> None:
    spans, length = case
    assert TAGS.decode(TAGS.encode(spans, length)) == spans


@given(flat_spans())
def test_encoded_tags_are_legal(case: tuple[list[tuple[Span, str]], int]) -> None:
    tags = TAGS.encode(*case)
    assert TAGS.legal_starts()[tags[0]]
    assert TAGS.legal()[tags[:-1], tags[1:]].all()


def test_names_follow_the_schema() -> None:
    assert TAGS.names[:3] == ["O", "B-ORG", "I-ORG"]
    assert len(TAGS) == len(TAGS.names) == 17


def test_inside_is_legal_only_after_its_own_label() -> None:
    legal = TAGS.legal()
    inside = TAGS.begin("PER") + 1
    assert np.flatnonzero(legal[:, inside]).tolist() == [inside - 1, inside]
