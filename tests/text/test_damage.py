"""Byte damage: mended where it is certain, left alone where it is not."""

import random

import pytest
import text_noise as noise
from hypothesis import given, settings
from hypothesis import strategies as st

from swner.document import Span
from swner.text.clean import clean
from swner.text.damage import find_damage


def lose_lead_byte(text: str, at: int) -> str:
    """What a reader shows that loses the lead byte of a character: wrong pairs up to ASCII."""
    data = text[at:].encode("gbk")[1:]
    shown, i = "?", 0
    while i < len(data) and data[i] >= 0x80:
        pair = data[i : i + 2]
        i += 2
        try:
            shown += pair.decode("gbk")
        except UnicodeDecodeError:
            shown += "?"
        if len(pair) == 2 and pair[1] < 0x80:
            break
    return text[:at] + shown + data[i:].decode("gbk", "replace")


def test_the_seed_page() -> None:
    raw = "意見(jiàn)要求。不可替代的作用?!兑庖?jiàn)》強(qiáng)調(diào),要有針對(duì)性"
    cleaned = clean(raw)
    assert cleaned.text == "意见要求。不可替代的作用。《意见》强调,要有针对性"
    assert cleaned.counts["byte_damage"] == 1
    start = cleaned.text.index("《意见》")
    assert cleaned.surface(Span(start, start + 4)) == "!兑庖?jiàn)》"


def test_a_reading_put_in_between_two_characters() -> None:
    raw = "咨詢?nèi)绾纬蔀榇河鹱髡哒?qǐng)聯(lián)系"
    cleaned = clean(raw)
    assert cleaned.text == "咨询如何成为春羽作者请联系"
    start = cleaned.text.index("作者")
    assert cleaned.map.to_clean(cleaned.map.to_raw(Span(start, start + 2))) == Span(
        start, start + 2
    )


@pytest.mark.parametrize("mark", "。：”；？！")
@pytest.mark.parametrize("quoted", ["《意见(", "“社工人才(", "《民政工作(", "“工作人员("])
def test_generated_damage_with_a_reading_after_it(mark: str, quoted: str) -> None:
    readings = {"见": ("見", "jiàn"), "才": ("財", "cái"), "作": ("務", "wù"), "员": ("員", "yuán")}
    character, reading = readings[quoted[-2]]
    closing = "》" if quoted[0] == "《" else "”"
    whole = f"会议印发文件{mark}{quoted[:-2]}{character}({reading}){closing}要求落实"
    damaged = lose_lead_byte(whole, whole.index(mark))
    if "?" in damaged[damaged.index("?") + 1 : damaged.index(reading) - 1]:
        pytest.skip("a pair inside is no character: its bytes are lost")
    assert clean(damaged).text == clean(whole).text


def test_what_cannot_be_known_stays_a_question_mark() -> None:
    damaged = lose_lead_byte("民政部门出台办法。“社工人才”纳入,等待", 8)
    assert clean(damaged).text == "民政部门出台办法。“社工人才”纳?等待"


@pytest.mark.parametrize(
    "text",
    [
        "你怎么了?！对方说《意见》不好?",
        "真的吗?!对不起,“好”",
        "是因?yàn)檎腥颂F。一支隊",  # part of the bytes is gone
        "他问?俊杰回答“是”,对吗?",
        "哪里?骸骨“在”山上?",
        "?",
        "??？？",
    ],
)
def test_left_alone(text: str) -> None:
    assert find_damage(text) == []


@given(st.sampled_from(sorted(noise.gold())), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_question_marks_in_sound_text_are_left_alone(name: str, rng: random.Random) -> None:
    text = noise.gold()[name]
    for _ in range(20):
        i = rng.randrange(len(text))
        text = f"{text[:i]}?{text[i + rng.randrange(2) :]}"
    assert find_damage(text) == []


@given(st.text(alphabet="?？！!兑庖意見(jiàn)》《。“”俊骸弧", max_size=40))
@settings(max_examples=300, deadline=None)
def test_never_raises(text: str) -> None:
    for start, end, _ in find_damage(text):
        assert 0 <= start < end <= len(text)
