"""Builds documents from marked-up text: `[5万人|TARGET|t1]` with relations by name."""

from __future__ import annotations

import re
from pathlib import Path

from swner.document import Document, Entity, Relation

ROOT = Path(__file__).resolve().parents[2]
GOLD = ROOT / "data" / "gold"
_MARK = re.compile(r"\[([^\[\]|]+)\|([A-Z]+)\|(\w+)\]")


def document(marked: str, *relations: str, doc_id: str = "a", **meta: str) -> Document:
    """`relations` are strings such as `measures t1 i1`."""
    text, entities, names = "", [], {}
    last = 0
    for found in _MARK.finditer(marked):
        text += marked[last : found.start()]
        surface, label, name = found.groups()
        names[name] = len(entities)
        entities.append(Entity(len(text), len(text) + len(surface), label, surface))
        text += surface
        last = found.end()
    text += marked[last:]
    links = []
    for relation in relations:
        label, head, tail = relation.split()
        links.append(Relation(names[head], names[tail], label))
    return Document(doc_id, text, tuple(entities), tuple(links), meta)


def noisy(doc: Document, at: dict[int, str]) -> Document:
    """The same article with strings inserted in front of characters, offsets moved along."""
    shift, total = [], 0
    pieces = []
    for position, character in enumerate(doc.text):
        total += len(at.get(position, ""))
        shift.append(position + total)
        pieces.append(at.get(position, "") + character)
    text = "".join(pieces)
    entities = []
    for e in doc.entities:
        start, end = shift[e.start], shift[e.end - 1] + 1
        entities.append(Entity(start, end, e.label, text[start:end], clean=e.surface))
    return Document(doc.id, text, tuple(entities), doc.relations, doc.meta)


def articles(count: int, *, seed: str = "") -> list[Document]:
    """Invented articles, each with a target, a figure, a policy and an appointment."""
    return [_article(n, seed) for n in range(count)]


def _article(n: int, seed: str) -> Document:
    name = f"青岛市社会工作发展规划第{n % 50}号方案"
    marked = (
        f"青岛市民政部门第{n}次部署社会工作{seed}\n"
        f"[6月{n % 28 + 1}日|DATE|d0],[青岛市民政局|ORG|o1]印发《[{name}|POLICY|y1]》"
        f"(以下简称《[方案|POLICY|y2]》),部署今后一个时期全市社会工作发展{seed}。"
        "《[方案|POLICY|y3]》提出,到[2027年年底|DATE|d1],"
        f"[社会工作人才总量|IND|i1]达到[{n + 100}人|TARGET|t1]。"
        f"截至[今年5月底|DATE|d2],全市已建成[社工站|IND|i2][{n + 1}个|FIG|f1]。\n"
        f"会议选举[张{chr(0x4E00 + n % 900)}|PER|p1]为[会长|POS|s1],"
        "[青岛市社会工作协会|ORG|o2][秘书长|POS|s2][李伟|PER|p2]主持会议。"
    )
    return document(
        marked, "issued_by y1 o1", "alias_of y2 y1", "sets y3 t1", "measures t1 i1", "dated t1 d1",
        "measures f1 i2", "dated f1 d2", "holds p1 s1", "holds p2 s2", "post_at s2 o2",
        doc_id=f"art-{n:05d}", published="2024-07-02", model="m1",
    )  # fmt: skip
