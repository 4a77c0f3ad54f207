from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swner.facts.dates import parse_date

ROWS = list(csv.DictReader((Path(__file__).parent / "dates.csv").open(encoding="utf-8")))


def test_the_table_is_large_enough():
    assert len(ROWS) >= 100


@pytest.mark.parametrize("row", ROWS, ids=[f"{n}-{r['surface']}" for n, r in enumerate(ROWS)])
def test_date(row):
    anchor = date.fromisoformat(row["anchor"]) if row["anchor"] else None
    found = parse_date(row["surface"], anchor=anchor)
    if row["latest"] == "none":
        assert found is None
        return
    assert found is not None
    shown = (str(found.earliest or ""), str(found.latest or ""), found.granularity, found.rule)
    assert shown == (row["earliest"], row["latest"], row["granularity"], row["rule"])


def test_a_deadline_lies_ahead():
    anchor = date(2024, 11, 20)
    found = parse_date("3月底", anchor=anchor, future=True)
    assert found is not None
    assert found.latest == date(2025, 3, 31)
    assert parse_date("12月底", anchor=date(2024, 1, 10), future=True).latest == date(2024, 12, 31)


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 12, 31)))
def test_a_written_day_is_that_day_whatever_the_anchor(day):
    text = f"{day.year}年{day.month}月{day.day}日"
    for anchor in (None, date(2024, 7, 2)):
        found = parse_date(text, anchor=anchor)
        assert found is not None
        assert found.earliest == found.latest == day


@given(
    st.dates(min_value=date(2000, 1, 1), max_value=date(2030, 12, 31)),
    st.integers(min_value=0, max_value=25),
)
def test_a_recent_day_without_month_is_found_again(anchor, back):
    day = anchor - timedelta(days=back)
    found = parse_date(f"{day.day}日", anchor=anchor)
    assert found is not None
    assert found.earliest is not None
    assert found.earliest.day == day.day
    assert abs((found.earliest - anchor).days) <= 31


@given(
    st.text(
        alphabet="0123456789年月日底末前初至到-“”十四五期间今去明上下半季度一二三旬周世纪代",
        max_size=14,
    ),
    st.one_of(st.none(), st.dates(min_value=date(2000, 1, 1), max_value=date(2030, 1, 1))),
)
def test_never_raises_and_never_runs_backwards(text, anchor):
    found = parse_date(text, anchor=anchor)
    if found is not None and found.earliest and found.latest and "since" not in found.rule:
        assert found.earliest <= found.latest
