"""What the workbook, the other exports and the report show of each view, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

_QUANTITY = (
    "province", "city", "county", "place", "indicator", "comparator", "value", "upper", "unit",
    "quote", "quantity_text", "kind", "direction", "per", "precision",
)  # fmt: skip
_ORIGIN = (
    "flags", "article_id", "article_title", "published", "source", "score", "paragraph", "start",
    "end", "span_start", "span_end", "n_mentions", "place_source", "model", "id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table for people.

    Attributes:
        name: File name of the .csv and .parquet.
        view: The view it is read from.
        title: Name of the sheet.
        columns: Columns in their order, evidence beside the value.
        order: Columns that rows are sorted by.
    """

    name: str
    view: str
    title: str
    columns: tuple[str, ...]
    order: str


SHEETS = (
    Sheet(
        "targets", "v_targets", "目标",
        (*_QUANTITY, "deadline_latest", "deadline_earliest", "deadline_text",
         "deadline_granularity", "deadline_rule", "policy", "policy_number", "issuers",
         "policy_source", *_ORIGIN),
        "province, city, county, deadline_latest, article_id, span_start",
    ),
    Sheet(
        "figures", "v_figures", "数据",
        (*_QUANTITY, "as_of_latest", "as_of_earliest", "as_of_text", "as_of_granularity",
         "as_of_rule", *_ORIGIN),
        "province, city, county, indicator, as_of_latest, article_id, span_start",
    ),
    Sheet(
        "policies", "v_policies", "政策",
        ("title", "number", "issuers", "level", "quote", "date_latest", "date_earliest",
         "date_text", "n_targets", "n_articles",
         *(c for c in _ORIGIN if c not in ("n_mentions", "place_source"))),
        "level, title",
    ),
    Sheet(
        "appointments", "v_appointments", "任职",
        ("person", "post", "organisation", "status", "quote", "date_latest", "date_earliest",
         "date_text", "date_granularity", "date_rule", "organisation_source",
         *(c for c in _ORIGIN if c not in ("n_mentions", "place_source"))),
        "person, organisation, post, article_id, span_start",
    ),
    Sheet(
        "articles", "v_articles", "文章",
        ("id", "title", "source", "published", "n_sources", "reprints", "n_targets", "n_figures",
         "n_policies", "n_appointments", "n_characters", "model"),
        "published DESC, id",
    ),
)  # fmt: skip

CHINESE = {
    "province": "省级", "city": "市级", "county": "县级", "place": "地方", "indicator": "指标",
    "comparator": "比较", "value": "数值", "upper": "上限", "unit": "单位", "quote": "原文依据",
    "quantity_text": "原文数量", "kind": "类别", "direction": "增减", "per": "按",
    "precision": "精度", "flags": "待核", "article_id": "文章编号", "article_title": "文章标题",
    "published": "发布日期", "source": "来源", "score": "置信度", "paragraph": "段落",
    "start": "起", "end": "止", "span_start": "标注起", "span_end": "标注止",
    "n_mentions": "提及次数", "place_source": "地方依据", "model": "模型", "id": "编号",
    "deadline_latest": "期限", "deadline_earliest": "期限起", "deadline_text": "原文期限",
    "deadline_granularity": "期限粒度", "deadline_rule": "期限规则", "policy": "政策",
    "policy_number": "文号", "issuers": "发文机关", "policy_source": "政策依据",
    "as_of_latest": "截至", "as_of_earliest": "时间起", "as_of_text": "原文时间",
    "as_of_granularity": "时间粒度", "as_of_rule": "时间规则", "title": "标题", "number": "文号",
    "level": "级别", "date_latest": "日期", "date_earliest": "日期起", "date_text": "原文日期",
    "date_granularity": "日期粒度", "date_rule": "日期规则", "n_targets": "目标数",
    "n_articles": "文章数", "person": "姓名", "post": "职务", "organisation": "机构",
    "status": "状态", "organisation_source": "机构依据", "n_sources": "来源数",
    "reprints": "转载", "n_figures": "数据数", "n_policies": "政策数", "n_appointments": "任职数",
    "n_characters": "字数",
}  # fmt: skip
DETAILS = frozenset({
    "direction", "precision", "place_source", "policy_source", "organisation_source",
    "deadline_earliest", "deadline_granularity", "deadline_rule", "as_of_earliest",
    "as_of_granularity", "as_of_rule", "date_earliest", "date_granularity", "date_rule",
    "paragraph", "start", "end", "span_start", "span_end", "n_mentions", "model", "id",
})  # fmt: skip
"""Columns that the workbook folds away behind a +."""
NUMBERS = frozenset({"value", "upper", "score"})
WHOLE_NUMBERS = frozenset({
    "paragraph", "start", "end", "span_start", "span_end", "n_mentions", "n_targets",
    "n_articles", "n_sources", "n_figures", "n_policies", "n_appointments", "n_characters",
})  # fmt: skip
DATES = frozenset({
    "published", "deadline_latest", "deadline_earliest", "as_of_latest", "as_of_earliest",
    "date_latest", "date_earliest",
})  # fmt: skip
