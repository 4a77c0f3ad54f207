from hypothesis import given
from hypothesis import strategies as st

from swner.codec.windows import make_windows, paragraphs

texts = st.text(alphabet="民政部，。；、\n a1", max_size=400)


@given(texts, st.integers(16, 80), st.integers(0, 15))
def test_own_parts_tile_the_text(text: str, max_pieces: int, context: int) -> None:
    windows = make_windows(text, max_pieces=max_pieces, context=context)
    at = 0
    for window in windows:
        assert window.own_start == at < window.own_end
        assert window.start <= window.own_start
        assert window.own_end <= window.end <= len(text)
        assert len(window) <= max_pieces
        at = window.own_end
    assert at == len(text)


@given(texts, st.integers(16, 80), st.integers(0, 15))
def test_context_is_given_wherever_there_is_text_before(
    text: str, max_pieces: int, context: int
) -> None:
    for window in make_windows(text, max_pieces=max_pieces, context=context):
        assert window.own_start - window.start >= min(context, window.own_start)


def test_cuts_at_paragraphs_before_sentences() -> None:
    text = "甲。乙丙丁甲甲。丙\n甲。" + "戊" * 30
    assert make_windows(text, max_pieces=16, context=0)[0].own_end == text.index("\n") + 1


def test_cuts_after_a_sentence_where_no_paragraph_ends() -> None:
    text = "甲" * 10 + "。" + "乙" * 20
    assert make_windows(text, max_pieces=16, context=0)[0].own_end == 11


@given(texts)
def test_paragraphs_are_the_lines(text: str) -> None:
    assert [text[a:b] for a, b in paragraphs(text)] == [line for line in text.split("\n") if line]
