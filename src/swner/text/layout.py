"""What the lines of a page are, each by its own form: menu, date, byline, source, caption, body.

Lines here are clean ones (`clean.CHARACTER_RULES`), stripped, simplified. Where a line could be
several things the kinds are tried in the order of `Kind`. What only the neighbours can tell, a
title from a subhead, is decided in `articles`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from enum import Enum, auto

from swner.text.lines import BYLINE, SOURCE


class Kind(Enum):
    """What a line is by its form."""

    STRAY = auto()
    """Marks only, or the number of a page: nothing, wherever it stands."""
    DATE = auto()
    """A date of publication, with what stands around it: time, weekday, counters, source."""
    NAVIGATION = auto()
    """A menu, a page's name, a footer: an article ends before it."""
    EXTRA = auto()
    """Keywords, a share button, a web address: none of the article, which may go on after it."""
    BYLINE = auto()
    SOURCE = auto()
    CAPTION = auto()
    BODY = auto()
    """Sentences."""
    SHORT = auto()
    """No sentence: a title, a subhead, a headline of another article, a part of a list."""


_DIGITS = "〇零一二三四五六七八九"
_SEPARATED = r" ?[-/.年] ?"
_DATE = re.compile(
    rf"(?<![0-9])((?:19|20)[0-9]{{2}}){_SEPARATED}([0-9]{{1,2}}) ?[-/.月] ?([0-9]{{1,2}})(?![0-9])"
    r" ?[日号]?"
    r"|([二一][〇零○九][〇零○一二三四五六七八九]{2})年([一二三四五六七八九十]{1,2})月"
    r"([一二三四五六七八九十]{1,3})[日号]"
)
_TIME = re.compile(
    r"[T ]?[0-2]?[0-9][:：][0-5][0-9](?:[:：][0-5][0-9])?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_WEEKDAY = re.compile(r"(?:星期|周|礼拜)[一二三四五六日天]|农历\S{2,12}")
_FIELD_NAMES = "来源|出处|作者|编辑|记者|责编|审核|责任|时间|日期|发布|浏览|阅读|点击"
_FIELD = re.compile(
    r"https?://\S+|(?:发布|发表|更新|出版|刊发|创建|编辑|录入)?(?:时间|日期|于)"
    r"|(?:信息|文章|稿件|新闻)?(?:来源|出处|作者|编辑|记者|责编|审核|责任编辑)"
    r" ?[:：] ?[^:：]{0,20}?"
    rf"(?=$|[ |\[【(（]|{_FIELD_NAMES}|[0-9]{{4}})"
    r"|(?:浏览|阅读|点击|访问)(?:次数|量|数)? ?[:：]? ?[0-9]*次?|次(?:浏览|阅读)"
    r"|【?字号|字体|大|中|小|打印|分享|收藏|[上下]一[期版篇]|往期回顾|今日|本版|导读"
    r"|\[[^\[\]]{0,8}\]|【[^【】]{0,8}】"
)
_LEFT_OVER = 6  # characters besides all that which a date line may hold

_PAGE = re.compile(
    r"第? ?[0-9A-Za-z]{1,3}[ -]?[0-9]{0,3} ?版(?:[面次])?(?: ?[:：|·] ?.{1,12})?"
    r"|[A-Z]?[0-9]{1,3}[:：].{1,8}"
)
_FOLIO = re.compile(
    r"[-—– ]*(?:第 ?)?[0-9]{1,4}(?: ?页)?(?:[ ,，/]*共 ?[0-9]{1,4} ?页)?[-—– ]*"
    r"|[0-9]{1,4} ?/ ?[0-9]{1,4}"
)
_MENU_WORD = re.compile(
    r"首页|版面|目录|标题|导航|概览|新闻(?:内容|列表)|数字报|电子报|[上下]一[期版篇条页]|返回|网站地图"
    r"|设为首页|加入收藏|联系我们|关于我们|登录|注册|搜索|打印(?:本页)?|关闭(?:窗口)?|友情链接"
    r"|放大|缩小|默认|PDF版?|更多|电脑版|手机版|无障碍|简体|繁体|English"
)
_PLACE_ON_SITE = re.compile(
    r"(?:您(?:的|现在的|所在的)?|当前|所在)(?:位置|栏目)[是为]? ?[:：]|[上下]一篇 ?[:：]"
)
_EXTRA = re.compile(
    r"(?:关键词|关键字|标签|Tags?|分享到?|收藏|点赞|评论|扫一扫|二维码|阅读原文|网址)(?: ?[:：].*)?"
    r"|https?://\S+|www\.\S+|中图分类号.*",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"版权所有|Copyright|©|ICP备|ICP证|公网安备|技术支持|(?:主办|承办)单位[:：]|网站标识码"
    r"|违法和不良信息|举报电话|未经.{0,12}(?:授权|许可)"
    r"|责任编辑[:：]|^[(（]?(?:本版)?(?:责编|编辑|主编|美编|版式|校对|审核)[:：]|相关(?:阅读|新闻|链接|文章|推荐)[:：]?$|(?:推荐|延伸)阅读[:：]?$"
    r"|热点(?:新闻|推荐)$|[上下]一篇[:：]",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"(?:[上下左右]?图(?:[一二三四五六0-9]{0,2})(?:为|[:：]|片?说明)|图片[:：]).{1,80}"
    r"|[^，,；;。]{1,8}(?:现场|现场图|合影|留影|资料图片?|资料照片|效果图|示意图|掠影|剪影|一角|配图)[。.]?"
    r"|[^。]{1,60}(?:[/／](?:摄|图|供图)|供图|摄影|[^拍]摄)[)）]?"
    r"|.{1,60}(?:拍摄|摄影|摄|供图|图片来源|图源) ?[:：/] ?[\u4e00-\u9fff]{2,10}[)）]?"
)
_NAMED_SOURCE = re.compile(
    r"^(?:据|(?:稿件|文章|信息|资料|新闻|本文)?(?:来源|出处)(?:于)?|(?:原载|摘自|转自|选自)于?)"
    r" ?[:：]? ?(.+?)(?:消息|报道|讯|供稿)?(?:$| ?(?:作者|记者|编辑|时间|日期)[:：])"
)
_SENTENCE_END = re.compile(r"[。；;：:][”’」』)）]{0,2}$|[！？!?…]$")


def parse_date(text: str) -> str | None:
    """The first full date in a text as YYYY-MM-DD; None where there is none that exists."""
    for match in _DATE.finditer(text):
        if match[1]:
            parts = (int(match[1]), int(match[2]), int(match[3]))
        else:
            year = int("".join(str(_DIGITS.replace("零", "").index(_zero(c))) for c in match[4]))
            parts = (year, _number(match[5]), _number(match[6]))
        try:
            return date(*parts).isoformat()
        except ValueError:
            continue
    return None


def _zero(character: str) -> str:
    return "〇" if character in "零○" else character


def _number(numeral: str) -> int:
    """A Chinese numeral from 1 to 99."""
    tens, ten, ones = numeral.rpartition("十")
    value = (_DIGITS.index(tens) - 1 if tens else 1) * 10 if ten else 0
    return value + (_DIGITS.index(ones) - 1 if ones else 0)


def is_date_line(text: str) -> bool:
    """Whether a line holds a date of publication and nothing of an article."""
    if len(text) > 120 or not _DATE.search(text):
        return False
    rest = _DATE.sub(" ", text)
    for pattern in (_TIME, _WEEKDAY, _FIELD):
        rest = pattern.sub(" ", rest)
    return len(re.sub(r"[\W_]+", "", rest)) <= _LEFT_OVER


def is_plain_date(text: str) -> bool:
    """Whether a line is a date in words and nothing else, as under a signature."""
    return "年" in text and _DATE.fullmatch(text) is not None


def is_navigation(text: str) -> bool:
    """Whether a line is a menu, a page number or a footer."""
    if len(text) > 200:
        return False
    if _PAGE.fullmatch(text) or _FOOTER.search(text):
        return len(text) <= 100
    if _PLACE_ON_SITE.match(text):
        return True
    items = [item for item in re.split(r" ?[|｜>»›·•/＞] ?| {2,}", text) if item]
    n_menu_words = len(_MENU_WORD.findall(text))
    if len(items) > 2 and all(len(item) <= 8 for item in items):
        return n_menu_words > 0 or len(items) > 4
    rest = re.sub(r"[\W_]+", "", _MENU_WORD.sub("", text))
    return n_menu_words > 0 and len(rest) <= 4 * (n_menu_words - 1)


def kind_of(text: str) -> Kind:
    """What a line is by its form."""
    if not re.search(r"\w", text) or _FOLIO.fullmatch(text):
        return Kind.STRAY
    if is_date_line(text):
        return Kind.DATE
    if BYLINE.fullmatch(text):
        return Kind.BYLINE
    if is_navigation(text):
        return Kind.NAVIGATION
    if len(text) <= 100 and _EXTRA.fullmatch(text):
        return Kind.EXTRA
    if SOURCE.fullmatch(text):
        return Kind.SOURCE
    if _CAPTION.fullmatch(text):
        return Kind.CAPTION
    return Kind.BODY if is_body(text) else Kind.SHORT


def is_body(text: str) -> bool:
    """Whether a line holds sentences."""
    if "。" in text or (_SENTENCE_END.search(text) and len(text) > 8):
        return True
    return len(text) >= 40 and len(re.findall("[，,；;]", text)) > 1


def byline_of(lines: Sequence[str]) -> str | None:
    """Who wrote an article, from its bylines: the first one, without marks and brackets."""
    return re.sub(r"^[\W_]+|[\W_]+$", "", lines[0]) or None if lines else None


def source_of(lines: Sequence[str]) -> str | None:
    """Where an article comes from, from its source lines: the last one that says so."""
    for line in reversed(lines):
        if match := _NAMED_SOURCE.search(line.strip("()（）【】[] ")):
            return match[1].strip(" 《》:：") or None
    return None


def field_of(names: str, lines: Sequence[str]) -> str | None:
    """The value of a field, such as 来源, in lines on when and where an article was published."""
    pattern = re.compile(
        rf"(?:{names}) ?[:：] ?([^ :：0-9|【\[]{{2,20}}?)(?=$|[ |【\[0-9]|{_FIELD_NAMES})"
    )
    found = (pattern.search(line) for line in lines)
    return next((match[1] for match in found if match), None)


def is_name(text: str) -> bool:
    """Whether a line is but a personal name: two to four characters."""
    return re.fullmatch("[\u4e00-\u9fff]{2,4}|[\u4e00-\u9fff] [\u4e00-\u9fff]", text) is not None
