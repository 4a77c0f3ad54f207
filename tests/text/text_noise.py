"""Gold texts, and noise of the kinds that real pages have, for the tests of this folder."""

import json
import random
import re
from functools import cache
from pathlib import Path

import opencc

ROOT = Path(__file__).parents[2]
PAGES = tuple(sorted((ROOT / "data" / "raw").glob("0*.txt")))
READINGS = [
    "xiāng",
    "zhèn",
    "yè",
    "dǎo",
    "huì",
    "shí",
    "xiàn",
    "lǜ",
    "gè",
    "jiàn",
    "wù",
    "nǚ",
    "ér",
    "ān",
    "óu",
    "zhuāng",
    "qióng",
]


@cache
def gold() -> dict[str, str]:
    """The hand-made texts of the articles on the seed pages, by id seed-PPP-NN."""
    lines = (ROOT / "data" / "gold" / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    records = (json.loads(line) for line in lines if line)
    return {record["id"]: record["text"] for record in records}


def page(number: str) -> str:
    """A seed page, its line ends as they are."""
    path = next(path for path in PAGES if path.name.startswith(number))
    return path.read_bytes().decode("utf-8")


@cache
def traditional(text: str) -> str:
    return str(opencc.OpenCC("s2t").convert(text))


def with_readings(text: str, rng: random.Random, *, share: float = 0.2) -> str:
    def put(match: re.Match[str]) -> str:
        return f"{match[0]}({rng.choice(READINGS)})" if rng.random() < share else match[0]

    return re.sub(r"[\u4e00-\u9fff]", put, text)


def doubled(text: str, rng: random.Random, *, share: float = 0.2) -> str:
    marks = r"(?<=[\u4e00-\u9fff])[，,。、；;](?=[\u4e00-\u9fff])"
    return re.sub(marks, lambda m: m[0] * (1 + (rng.random() < share)), text)


def wide(text: str, rng: random.Random, *, share: float = 0.5) -> str:
    return re.sub(
        "[0-9A-Za-z]", lambda m: chr(ord(m[0]) + 0xFEE0) if rng.random() < share else m[0], text
    )


def spaced(text: str, rng: random.Random, *, share: float = 0.3) -> str:
    """Odd and zero-width spaces, indents, blank lines, Windows line ends."""

    def zero(match: re.Match[str]) -> str:
        return match[0] + rng.choice(["\u200b", "\ufeff", "\xad", "", "", ""])

    text = re.sub(r"[\u4e00-\u9fff]", zero, text)
    edge = r"(?<=[\u4e00-\u9fff])(?=[0-9A-Za-z])|(?<=[0-9A-Za-z])(?=[\u4e00-\u9fff])"
    text = re.sub(
        edge, lambda _: rng.choice(["", " ", "\xa0"]) if rng.random() < share else "", text
    )
    end = rng.choice(["\n", "\r\n", "\n\n", "\r\n\r\n\r\n"])
    return text.replace(
        "\n", rng.choice(["", " ", "\u3000"]) + end + rng.choice(["", "\u3000\u3000"])
    )


def broken(text: str, rng: random.Random, *, share: float = 0.5) -> str:
    """Paragraphs broken inside a sentence, some way into it, as page columns do."""
    out = []
    for line in text.split("\n"):
        places = [
            i
            for i in range(40, len(line) - 8)
            if re.match(r"[\u4e00-\u9fff]{4}", line[i - 2 : i + 2])
            and re.search("[，,]", line[:30])
        ]
        if "。" in line and places and rng.random() < share:
            i = rng.choice(places)
            line = line[:i] + rng.choice(["\n", "\n\n", "\n\n\n\n"]) + line[i:]
        out.append(line)
    return "\n".join(out)
