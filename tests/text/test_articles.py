"""Pages into articles: the thirteen of the seed pages, and pages of other makes."""

import pytest
import text_noise as noise
from hypothesis import given, settings
from hypothesis import strategies as st

from swner.document import Span
from swner.text.articles import Article, split_page, whole
from swner.text.layout import Kind, kind_of, parse_date

NUMBERS = ["000", "001", "002", "003", "004"]
HEADS = {
    "seed-000-01": (
        "中国社会工作联合会举行 生态文明工作部聘任和授牌仪式",
        None,
        "本报记者 王勇",
        None,
    ),
    "seed-000-02": (
        "广西六部门联合印发方案 进一步加强社会工作专业人才培养",
        None,
        "本报记者 皮磊",
        None,
    ),
    "seed-000-03": (
        "内蒙古呼伦贝尔: 持续优化“五社联动”社会工作服务项目",
        None,
        None,
        "呼伦贝尔市民政局",
    ),
    "seed-001-01": (
        "北京市东城区相关负责人 到访中国社会工作联合会",
        None,
        None,
        "中国社会工作联合会",
    ),
    "seed-001-02": (
        "推动社会工作理论与实践双向促进 青岛胶州社会工作学院揭牌成立",
        None,
        None,
        "中国日报",
    ),
    "seed-001-03": ("河南淇县： 发展民政社工人才队伍 推进高质量民政服务见成效", None, None, None),
    "seed-002-01": (
        "“推进‘五社联动’ 关爱‘一小一老’”",
        "2023年社会工作主题宣传活动将于3月下旬举行",
        "本报记者 皮磊",
        None,
    ),
    "seed-002-02": ("福建: 推动社会工作助力乡村振兴", None, None, "东南网"),
    "seed-002-03": (
        "中国社会工作联合会妇女与婚姻家庭工作委员会更名换届大会"
        "暨“凝聚社会力量建设幸福家庭”主题交流会召开",
        None,
        None,
        "中国社会工作联合会",
    ),
    "seed-003-01": ("云南:开展“三区”社会工作专业人才支持计划", None, "本报记者 皮磊", None),
    "seed-003-02": ("山东:已建成社工站1683个,覆盖率达92.22%", None, None, "山东省民政厅"),
    "seed-003-03": ("山西太原:年底前全市六成乡镇(街道)将建社工站", None, None, "太原日报"),
    "seed-004-01": ("宁夏四部门联合出台意见", "推动社会工作高质量发展", "本报记者 皮磊", None),
}


def check(page: str, articles: list[Article]) -> None:
    """What holds for the articles of any page."""
    end = 0
    for article in articles:
        assert end <= article.start < article.end <= len(page)
        end = article.end
        assert page[article.start : article.end] == article.raw == article.clean.raw
        text = article.clean.text
        assert text == "\n".join(line.strip(" ") for line in text.split("\n") if line.strip(" "))
        assert article.clean.map.clean_length == len(text)
        assert article.clean.map.raw_length == len(article.raw)


@pytest.mark.parametrize("number", NUMBERS)
def test_seed_page(number: str) -> None:
    page = noise.page(number)
    expected = {k: v for k, v in noise.gold().items() if k.startswith(f"seed-{number}-")}
    articles = split_page(page)
    check(page, articles)
    assert [article.clean.text for article in articles] == list(expected.values())
    for name, article in zip(expected, articles, strict=True):
        assert (article.title, article.subtitle, article.byline, article.source) == HEADS[name]
        assert article.published == ("2022-12-20" if number == "004" else None)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_character_of_a_seed_page_maps_to_its_own(number: str) -> None:
    for article in split_page(noise.page(number)):
        for i, character in enumerate(article.clean.text):
            surface = article.clean.surface(Span(i, i + 1))
            if character != "\n" and number != "004":
                assert surface == character


@pytest.mark.parametrize("name", sorted(noise.gold()))
def test_whole_finds_the_same_head(name: str) -> None:
    text = noise.gold()[name]
    article = whole(text)
    assert (article.start, article.end, article.raw) == (0, len(text), text)
    assert article.clean.text == text
    title, subtitle, byline, source = HEADS[name]
    assert {article.title, article.subtitle} == {title, subtitle}
    assert (article.byline, article.source) == (byline, source)


PAPER = """公益时报
第A07版:社会工作
上一版 下一版
2023年08月15日 星期二
湖南长沙:社工站建设三年行动收官
■ 本报记者 张明敏
    近日,湖南省长沙市民政局召开全市社工站建设总结会。
    会上,长沙市民政局局长李立明表示,三年来全市共建成
社工站172个,实现全覆盖。
    (据长沙市民政局)
江苏苏州出台社工薪酬指导标准
    日前,苏州市民政局联合印发《苏州市社工薪酬指导标准》,明确年薪不低于8万元。
    一、适用范围
    标准适用于全市社工机构。
    加强领导,压实责任
    下列人员被聘任为首批督导:
    张三、李四
    王五
广东:“双百工程”覆盖全省
    7月3日,记者从广东省民政厅获悉,“双百工程”已实现乡镇(街道)社工站全覆盖。
上一篇:无
下一篇:江西社工站建设推进会在南昌召开
版权所有 公益时报社
"""


def test_a_paper_without_marks() -> None:
    articles = split_page(PAPER)
    check(PAPER, articles)
    assert [article.clean.text for article in articles] == [
        "湖南长沙:社工站建设三年行动收官\n■ 本报记者 张明敏\n"
        "近日,湖南省长沙市民政局召开全市社工站建设总结会。\n"
        "会上,长沙市民政局局长李立明表示,三年来全市共建成社工站172个,实现全覆盖。\n"
        "(据长沙市民政局)",
        "江苏苏州出台社工薪酬指导标准\n"
        "日前,苏州市民政局联合印发《苏州市社工薪酬指导标准》,明确年薪不低于8万元。\n"
        "一、适用范围\n标准适用于全市社工机构。\n加强领导,压实责任\n"
        "下列人员被聘任为首批督导:\n张三、李四\n王五",
        "广东:“双百工程”覆盖全省\n"
        "7月3日,记者从广东省民政厅获悉,“双百工程”已实现乡镇(街道)社工站全覆盖。",
    ]
    assert {article.published for article in articles} == {"2023-08-15"}


WEB = """首页 > 新闻中心 > 民政要闻

某市设立5个乡镇社会工作服务站

发布时间：2024-07-02 10:11   来源：某网  作者：杨一   浏览次数：12
分享:

　　本网讯(通讯员 杨一)7月1日,某市启动主题宣传活动,为5个乡镇社会工作服务站授牌。

　　启动仪式结束后,社工向居民展示成果,,宣传理念。

某市民政局
2024年7月1日

关键词:民政,社会工作
责任编辑:王二
相关阅读
某市召开社会工作推进会部署下半年工作
"""


def test_a_web_page() -> None:
    (article,) = split_page(WEB)
    check(WEB, [article])
    assert article.title == "某市设立5个乡镇社会工作服务站"
    assert (article.published, article.source, article.byline) == ("2024-07-02", "某网", "杨一")
    assert article.clean.text.split("\n") == [
        "某市设立5个乡镇社会工作服务站",
        "本网讯(通讯员 杨一)7月1日,某市启动主题宣传活动,为5个乡镇社会工作服务站授牌。",
        "启动仪式结束后,社工向居民展示成果,宣传理念。",
        "某市民政局",
        "2024年7月1日",
    ]
    assert article.clean.counts["doubled_marks"] == 1


def test_markdown_with_subheads_is_one_article() -> None:
    page = "# 社工站进展\n\n近日,会议召开。\n\n## 工作背景\n\n社工站多。\n\n## 成效\n\n成效好。\n"
    (article,) = split_page(page)
    assert article.clean.text.split("\n")[2] == "工作背景"
    assert article.raw.startswith("社工站进展")


@pytest.mark.parametrize("page", ["", "\n\n", "首页 | 新闻 | 社工", "———\n”\n12"])
def test_pages_without_an_article(page: str) -> None:
    assert split_page(page) == []


def test_a_page_without_a_sentence_is_one_article() -> None:
    (article,) = split_page("张三任某市民政局局长")
    assert article.clean.text == "张三任某市民政局局长"


@given(st.lists(st.sampled_from([*PAPER.split("\n"), *WEB.split("\n"), "# 一", "”"]), max_size=40))
@settings(max_examples=200, deadline=None)
def test_shuffled_lines_keep_the_laws(lines: list[str]) -> None:
    page = "\n".join(lines)
    check(page, split_page(page))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022年12月20日 星期二上一期下一期", "2022-12-20"),
        ("发布时间：2024-07-02 10:11", "2024-07-02"),
        ("2024/7/2", "2024-07-02"),
        ("2024.07.02 来源：某报", "2024-07-02"),
        ("二〇二三年十一月二十一日", "2023-11-21"),
        ("2024年2月31日", None),
        ("来源:某晚报作者:时间:2021-03-19 08:55", "2021-03-19"),
    ],
)
def test_dates(text: str, expected: str | None) -> None:
    assert parse_date(text) == expected
    assert kind_of(text) is Kind.DATE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("首页 | 版面导航 | 标题导航", Kind.NAVIGATION),
        ("第07版:社会工作", Kind.NAVIGATION),
        ("您的位置: 长乐新闻网 >> 长乐新闻 >> 正文", Kind.NAVIGATION),
        ("本版责编:李四", Kind.NAVIGATION),
        ("■ 本报记者 皮磊", Kind.BYLINE),
        ("□ 王勇 文/图", Kind.BYLINE),
        ("(记者 杜胜健)", Kind.BYLINE),
        ("(据《中国日报》)", Kind.SOURCE),
        ("来源：东南网", Kind.SOURCE),
        ("座谈会现场", Kind.CAPTION),
        ("图为揭牌仪式现场。", Kind.CAPTION),
        ("牙城镇社会工作服务站落地揭牌 拍摄:林一", Kind.CAPTION),
        ("领导重视,高位推进", Kind.SHORT),
        ("分享经验,共同进步", Kind.SHORT),
        ("记者了解到,会议在北京召开。", Kind.BODY),
        ("记者走访了多个社工站点了解情况", Kind.SHORT),
        ("”", Kind.STRAY),
        ("- 12 -", Kind.STRAY),
        ("2023年社会工作主题宣传活动将于3月下旬举行", Kind.SHORT),
        ("2024年4月,胶州市委社会工作部正式成立。", Kind.BODY),
    ],
)
def test_kinds(text: str, kind: Kind) -> None:
    assert kind_of(text) is kind
