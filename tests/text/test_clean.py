"""Cleaning: each rule by example, and the laws on generated noise."""

import random
import re
import time

import pytest
import text_noise as noise
from hypothesis import given, settings
from hypothesis import strategies as st

from swner.document import Span
from swner.text.clean import DEFAULT_RULES, clean
from swner.text.hanzi import is_traditional

EXAMPLES = [
    ("readings", "鄉(xiāng)鎮(zhèn)的", "乡镇的"),
    ("readings", "乡（xiāng）镇", "乡镇"),
    ("readings", "我們(men)發(fā)現(xiàn)國(guó)家", "我们发现国家"),
    ("traditional", "發揮著重要作用的著名學者", "发挥着重要作用的著名学者"),
    ("traditional", "據瞭解,計畫覆蓋三個縣", "据了解,计划覆盖三个县"),
    ("width", "２０２４年，ＬＥＤ屏９０％", "2024年，LED屏90%"),
    ("point", "增长２．５倍", "增长2.5倍"),
    ("doubled_marks", "近日,,民政部。。通知、、", "近日,民政部。通知、"),
    ("doubled_marks", "近日，,民政部", "近日，民政部"),
    ("spaces", "于 2023 年 3 月在 LED 屏", "于2023年3月在LED屏"),
    ("odd_spaces", "\u3000\u3000近日\xa0\xa0召开", "近日 召开"),
    ("controls", "民\u200b政\ufeff部\x07", "民政部"),
    ("line_ends", "一段。\r\n二段。\r三段。", "一段。\n二段。\n三段。"),
    ("compatibility", "⼀是⾦融\uf9e9", "一是金融里"),
    ("entities", "民政&nbsp;部&amp;社工&ldquo;站&rdquo;", "民政 部&社工“站”"),
    ("tags", "<p>一段。</p><p>二<b>段</b>。</p>", "一段。\n二段。"),
    ("markdown", "**民政部**与[社工站](https://a.cn/x)。", "民政部与社工站。"),
    ("heading_marks", "## 标题\n近日,召开。", "标题\n近日,召开。"),
    ("blank_lines", "\n\n一段。\n\n\n二段。\n", "一段。\n二段。"),
    ("stray_marks", "一段。\n”\n二段。", "一段。\n二段。"),
    (
        "broken_lines",
        "标题\n举办中国城乡社区论坛,以增进国内外交流,四是推动城乡生\n\n态文明建设的发展。",
        "标题\n举办中国城乡社区论坛,以增进国内外交流,四是推动城乡生态文明建设的发展。",
    ),
]

UNTOUCHED = [
    "著名作家吴藉、于乾、覆盖率、瞭望塔、徵羽",  # good simplified characters
    "上海公司(ltd)与张三(男)、李四(man)",  # brackets that are no readings
    "太好了！！真的？！……——",  # marks that are meant
    "标题\n张三 李四\n王五 赵六",  # names
    "床前明月光,\n疑是地上霜。",  # verse
    "标题\n近日召开。\n领导重视,高位推进\n近年来,淇县推进。",  # a subhead
    "标题\n近日召开。\n一是加强领导\n二是加强培训\n三是加强宣传",  # points
    "上一段。\n党建引领,激活基层治理新动能\n社区党委书记介绍,全年服务群众。",
    "项目 金额\n培训 二万元\n服务 三万元",  # a table
    "(据《中国日报》)\n河南淇县:发展人才队伍,推进高质量服务\n近年来,淇县推进。",
    "你来了?!对方说《意见》不好?",  # question marks that are meant
    "#社工日#话题",
    "",
]


@pytest.mark.parametrize(("rule", "raw", "expected"), EXAMPLES)
def test_rule(rule: str, raw: str, expected: str) -> None:
    cleaned = clean(raw)
    assert cleaned.text == expected
    assert cleaned.counts.get(rule, 0) > 0
    assert cleaned.raw == raw


@pytest.mark.parametrize("text", UNTOUCHED)
def test_left_alone(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.text == text
    assert not cleaned.counts
    assert cleaned.map.is_identity


@pytest.mark.parametrize("name", sorted(noise.gold()))
def test_gold_texts_are_clean(name: str) -> None:
    assert clean(noise.gold()[name]).text == noise.gold()[name]


@pytest.mark.parametrize("name", sorted(noise.gold()))
def test_traditional_texts_come_back(name: str) -> None:
    text = noise.gold()[name].replace("批复", "批准")  # OpenCC makes 批覆 of it, and not back
    converted = noise.traditional(text)
    assert is_traditional(converted)
    assert clean(converted).text == text


@given(st.sampled_from(sorted(noise.gold())), st.randoms(use_true_random=False), st.data())
@settings(max_examples=60, deadline=None)
def test_noise_is_undone(name: str, rng: random.Random, data: st.DataObject) -> None:
    text = noise.gold()[name].replace("批复", "批准")
    noisy = text
    kinds = data.draw(st.sets(st.sampled_from(["broken", "doubled", "trad", "wide", "pinyin"])))
    if "broken" in kinds:
        noisy = noise.broken(noisy, rng)
    if "doubled" in kinds:
        noisy = noise.doubled(noisy, rng)
    if "trad" in kinds:
        noisy = noise.traditional(noisy)
    if "wide" in kinds:
        noisy = noise.wide(noisy, rng)
    noisy = noise.spaced(noisy, rng)
    if "pinyin" in kinds:
        noisy = noise.with_readings(noisy, rng)
    cleaned = clean(noisy)
    assert cleaned.text == text
    check_map(noisy, cleaned.text, rng)


def check_map(raw: str, text: str, rng: random.Random) -> None:
    """Every clean span has a raw one that holds its characters; and back."""
    cleaned = clean(raw)
    assert cleaned.text == text
    for _ in range(30):
        if not text:
            return
        start = rng.randrange(len(text))
        span = Span(start, min(len(text), start + rng.randrange(1, 12)))
        surface = cleaned.surface(span)
        assert raw.find(surface) >= 0
        assert clean(surface, rules=DEFAULT_RULES[:-5]).text.replace("\n", "") in (
            text[span.start : span.end].replace("\n", ""),
            text[span.start : span.end].replace("\n", "").strip(" "),
        ) or _differs_by_context(surface)
        back = cleaned.map.to_clean(cleaned.map.to_raw(span))
        assert back == span


def _differs_by_context(surface: str) -> bool:
    """Whether a piece alone may be cleaned otherwise: too short to be known as traditional."""
    return bool(
        re.search(
            r"[著於乾吒夥後徵捱摺榘甯菸薹醣麴麽覆瞭藉畫沈彷\n \u3000\xa0]|([,;，。、；])\1", surface
        )
    )


ODD = st.text(
    alphabet=st.sampled_from(
        "民政部乡鄉著於。，,、；:：\n\n\r \u3000\xa0\u200b()（）《》“”‘’?!？！#*_[]<>&;ap1２ＡbāÀ"
        "xiāng\x00\ud800\ufffd\u2028⼀兑庖一是的"
    ),
    max_size=60,
)


@given(st.one_of(ODD, st.text(max_size=40)))
@settings(max_examples=600, deadline=None)
def test_laws_on_any_text(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned.text).text == cleaned.text
    assert cleaned.map.raw_length == len(text)
    assert cleaned.map.clean_length == len(cleaned.text)
    last = Span(0, 0)
    for i in range(len(cleaned.text)):
        raw = cleaned.map.to_raw(Span(i, i + 1))
        assert 0 <= raw.start < raw.end <= len(text)
        assert raw.start >= last.start
        assert raw.end >= last.end
        last = raw
    assert bool(cleaned.counts) == (cleaned.text != text)


@given(st.text(alphabet="民政部社会工作,。、“”《》()2024", max_size=80))
@settings(max_examples=200, deadline=None)
def test_no_character_of_a_text_is_lost(text: str) -> None:
    def kept(t: str) -> str:
        return re.sub(r"([,。、])\1+", r"\1", t)

    assert kept(clean(text).text) == kept(text)


def test_reading_inside_an_entity_is_in_its_raw_surface() -> None:
    raw = "由民政廳(tīng)社會(huì)處(chù)長(zhǎng)主持"
    cleaned = clean(raw)
    start = cleaned.text.index("社会处")
    assert cleaned.surface(Span(start, start + 3)) == "社會(huì)處"
    start = cleaned.text.index("厅")
    assert cleaned.surface(Span(start, start + 1)) == "廳"


def test_a_line_break_inside_an_entity_is_in_its_raw_surface() -> None:
    raw = "标题\n记者了解到,近日,云南省民政厅发布通知,由中国社会工作联\n\n合会主办,要求落实。"
    cleaned = clean(raw)
    start = cleaned.text.index("中国社会工作联合会")
    assert cleaned.surface(Span(start, start + 9)) == "中国社会工作联\n\n合会"


def test_wrapped_text_is_unwrapped() -> None:
    lead = "近日民政部召开会议研究部署社会工作人才队伍建设。会议要求各地抓好落实。"
    text = "标题一行\n" + "\n".join(lead * n + "到此为止。" for n in (3, 4, 5))
    wrapped = "\n".join(
        line[i : i + 21] for line in text.split("\n") for i in range(0, len(line), 21)
    )
    assert clean(wrapped).text == text


@pytest.mark.parametrize(
    "piece", ["?！兑", "乡(", "<p ", "[", "“\n", "中国,\n", "\n", "# a\n", "**", "?jiàn)"]
)
def test_time_is_linear_on_bad_text(piece: str) -> None:
    def seconds(n: int) -> float:
        start = time.process_time()
        clean((piece * n)[:n])
        return time.process_time() - start

    seconds(1000)
    short = min(seconds(20_000) for _ in range(2))
    assert min(seconds(80_000) for _ in range(2)) < 10 * short + 0.1


def test_radicals_of_pdfs_become_characters() -> None:
    assert (
        clean("安平县⺠政局局⻓在县城召开社会⼯作会议。").text
        == "安平县民政局局长在县城召开社会工作会议。"
    )
