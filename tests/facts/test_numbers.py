from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swner.facts.numbers import parse_quantity
from swner.facts.numerals import parse_numeral

ROWS = list(csv.DictReader((Path(__file__).parent / "quantities.csv").open(encoding="utf-8")))


def test_the_table_is_large_enough():
    assert len(ROWS) >= 150


@pytest.mark.parametrize("row", ROWS, ids=[f"{n}-{r['surface']}" for n, r in enumerate(ROWS)])
def test_quantity(row):
    quantity = parse_quantity(row["surface"], row["before"], row["after"])
    assert quantity is not None
    found = (
        quantity.value, quantity.upper, quantity.unit, quantity.comparator, quantity.precision,
        quantity.kind, quantity.per,
    )  # fmt: skip
    upper = float(row["upper"]) if row["upper"] else None
    assert found == (
        float(row["value"]), upper, row["unit"], row["comparator"], row["precision"], row["kind"],
        row["per"],
    )  # fmt: skip


@pytest.mark.parametrize("surface", ["第三", "第一名", "多家", "有关", "", "近年来", "1/0"])
def test_no_number_gives_none(surface):
    assert parse_quantity(surface) is None


@pytest.mark.parametrize(
    ("before", "surface", "direction"),
    [("比上年减少", "20个", "down"), ("同比下降", "三成", "down"), ("新增床位", "300张", "up"),
     ("增加到", "300张", ""), ("降至", "5%", "")],
)  # fmt: skip
def test_direction_of_change(before, surface, direction):
    quantity = parse_quantity(surface, before)
    assert quantity is not None
    assert quantity.direction == direction
    assert (quantity.kind == "change") == bool(direction)


def test_step_is_the_last_written_digit():
    steps = [q.step for s in ("2.5万人", "1683个", "三千名") if (q := parse_quantity(s))]
    assert steps == [1000, 1, 1000]


def _chinese(number: int) -> str:
    import cn2an

    return str(cn2an.an2cn(number))


@given(st.integers(min_value=1, max_value=99_999_999))
def test_chinese_and_arabic_numerals_agree(number):
    parsed = parse_numeral(_chinese(number))
    assert parsed is not None
    assert parsed.value == number


@given(
    st.integers(min_value=1, max_value=9999),
    st.sampled_from(["", "万", "亿"]),
    st.sampled_from(["人", "家", "元", "平方米"]),
    st.sampled_from([("", "", "="), ("近", "", "<"), ("不少于", "", ">="), ("", "以上", ">="),
                     ("约", "", "~"), ("超过", "", ">"), ("", "以内", "<=")]),
)  # fmt: skip
def test_value_unit_and_comparator_are_independent(number, scale, unit, hedge):
    before, after, comparator = hedge
    quantity = parse_quantity(f"{before}{number}{scale}{unit}{after}")
    assert quantity is not None
    factor = {"": 1, "万": 10**4, "亿": 10**8}[scale]
    assert (quantity.value, quantity.unit) == (number * factor, unit)
    assert quantity.comparator == comparator


@given(
    st.text(
        alphabet="0123456789.,%万亿千百十一二三两几数多余近约至到-成分之个名人元倍每半/全覆盖不少于以上第",
        max_size=14,
    )
)
def test_never_raises(text):
    quantity = parse_quantity(text, text, text)
    assert quantity is None or quantity.comparator in ("=", ">=", "<=", ">", "<", "~")
