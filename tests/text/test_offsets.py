"""Laws of the offset map: monotone, composable, inverse where the text was kept."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swner.document import Span
from swner.text.offsets import Edit, OffsetMap


@st.composite
def edited_texts(draw: st.DrawFn) -> tuple[str, list[Edit], str]:
    text = draw(st.text(alphabet="abcdef甲乙丙", max_size=30))
    edits: list[Edit] = []
    at = 0
    while at < len(text) and draw(st.booleans()):
        start = draw(st.integers(at, len(text) - 1))
        end = draw(st.integers(start + 1, min(len(text), start + 4)))
        edits.append((start, end, draw(st.text(alphabet="XYZ", max_size=4))))
        at = end
    clean, last = "", 0
    for start, end, new in edits:
        clean += text[last:start] + new
        last = end
    return text, edits, clean + text[last:]


@given(edited_texts())
def test_lengths_and_kept_characters(case: tuple[str, list[Edit], str]) -> None:
    text, edits, clean = case
    offsets = OffsetMap.from_edits(len(text), edits)
    assert offsets.clean_length == len(clean)
    for i, character in enumerate(clean):
        raw = offsets.to_raw(Span(i, i + 1))
        if character not in "XYZ":
            assert text[raw.start : raw.end] == character


@given(edited_texts())
def test_monotone_and_within(case: tuple[str, list[Edit], str]) -> None:
    text, edits, clean = case
    offsets = OffsetMap.from_edits(len(text), edits)
    spans = [offsets.to_raw(Span(i, i + 1)) for i in range(len(clean))]
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    for before, after in pairwise(spans):
        assert before.start <= after.start
        assert before.end <= after.end


@given(edited_texts(), st.data())
def test_there_and_back_covers(case: tuple[str, list[Edit], str], data: st.DataObject) -> None:
    text, edits, clean = case
    if not clean:
        return
    offsets = OffsetMap.from_edits(len(text), edits)
    start = data.draw(st.integers(0, len(clean) - 1))
    span = Span(start, data.draw(st.integers(start + 1, len(clean))))
    back = offsets.to_clean(offsets.to_raw(span))
    assert back is not None
    assert back.start <= span.start
    assert back.end >= span.end
    if offsets.linear.all():
        assert back == span
    assert offsets.to_raw(back) == offsets.to_raw(span)


@given(st.data())
@settings(max_examples=200)
def test_compose_is_one_after_the_other(data: st.DataObject) -> None:
    text, edits, clean = data.draw(edited_texts())
    first = OffsetMap.from_edits(len(text), edits)
    edits_2: list[Edit] = []
    at = 0
    while at < len(clean) and data.draw(st.booleans()):
        start = data.draw(st.integers(at, len(clean) - 1))
        end = data.draw(st.integers(start + 1, min(len(clean), start + 3)))
        edits_2.append((start, end, data.draw(st.text(alphabet="UV", max_size=3))))
        at = end
    second = OffsetMap.from_edits(len(clean), edits_2)
    both = first.compose(second)
    assert (both.raw_length, both.clean_length) == (len(text), second.clean_length)
    for start in range(both.clean_length):
        for end in range(start + 1, both.clean_length + 1):
            span = Span(start, end)
            assert both.to_raw(span) == first.to_raw(second.to_raw(span))


@given(edited_texts(), st.data())
def test_slice_is_the_same_map_rebased(
    case: tuple[str, list[Edit], str], data: st.DataObject
) -> None:
    text, edits, clean = case
    if not clean:
        return
    offsets = OffsetMap.from_edits(len(text), edits)
    start = data.draw(st.integers(0, len(clean) - 1))
    piece = Span(start, data.draw(st.integers(start + 1, len(clean))))
    raw = offsets.to_raw(piece)
    part = offsets.slice(piece, raw)
    assert (part.raw_length, part.clean_length) == (len(raw), len(piece))
    for i in range(len(piece)):
        whole = offsets.to_raw(Span(piece.start + i, piece.start + i + 1))
        assert part.to_raw(Span(i, i + 1)) == Span(whole.start - raw.start, whole.end - raw.start)


def test_deletion_inside_belongs_to_a_span_and_at_its_edge_does_not() -> None:
    raw = "乡(xiāng)镇(zhèn)长"
    offsets = OffsetMap.from_edits(len(raw), [(1, 8, ""), (9, 15, "")])
    span = offsets.to_raw(Span(0, 2))
    assert raw[span.start : span.end] == "乡(xiāng)镇"
    assert offsets.to_clean(Span(1, 8)) is None
    assert offsets.to_clean(Span(0, 8)) == Span(0, 1)


def test_empty_spans_and_empty_texts() -> None:
    offsets = OffsetMap.from_edits(3, [(0, 3, "")])
    assert offsets.clean_length == 0
    assert offsets.to_raw(Span(0, 0)) == Span(0, 0)
    assert OffsetMap.identity(0).is_identity
    assert OffsetMap.identity(5).to_raw(Span(5, 5)) == Span(5, 5)


def test_bad_edits_and_spans_are_refused() -> None:
    with pytest.raises(ValueError, match="edit"):
        OffsetMap.from_edits(5, [(2, 4, ""), (3, 5, "")])
    with pytest.raises(ValueError, match="edit"):
        OffsetMap.from_edits(5, [(2, 2, "x")])
    with pytest.raises(ValueError, match="does not lie"):
        OffsetMap.identity(3).to_raw(Span(2, 4))
    with pytest.raises(ValueError, match="after"):
        OffsetMap.identity(3).compose(OffsetMap.identity(4))


def test_a_map_costs_runs_not_characters() -> None:
    offsets = OffsetMap.from_edits(10_000_000, [(5_000_000, 5_000_001, "")])
    assert offsets.n_runs == 2
    assert isinstance(offsets.clean_start, np.ndarray)
