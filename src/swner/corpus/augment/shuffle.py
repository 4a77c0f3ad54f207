"""Paragraphs of an article in another order, where the article does not say which comes first.

Headline, byline, the paragraph that opens the article and the credits at its end stay. A paragraph
that refers back (其中, 上述, 该中心), goes on counting (二是, 三、), begins with a quotation or stands under
a subhead moves with the ones before it. Nobody is named before the paragraph that introduces them.
An article that defines short names (以下简称) behind its opening or counts its parts stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

from swner.document import Document, Entity, Relation

_BACKWARD = re.compile(
    r"[“‘]|[（(《]*(?:其中|其|该|此|上述|以上|这|那|他|她|它|两人|二人|三人|双方|同时|同日|同年|当天|当日|当时|当年|随后|之后|此后|此前"
    r"|然后|接着|接下来|后来|另外|此外|除此|与此|为此|对此|因此|由此|不仅|而且|但|然而|不过|而|也|还|又|再|并|所以|于是|原来|如今|现在"
    r"|目前|据介绍|据了解|据悉|介绍|会上|会议|会后|活动|仪式|现场|座谈|培训|调研|考察|下一步|今后|未来|最后|最终|一年来|几年来|近年"
    r"|结果|总之|正如|谈到|说到|提到|说起|看到|听|当晚|次日|第二天|方案|意见|通知|办法|规划|计划|文件|条例|《[^》]{2,4}》"
    r"|[一二三四五六七八九十]{1,3}[是、.．]|[（(][一二三四五六七八九十0-9]{1,2}[）)]|第[一二三四五六七八九十]|\d{1,2}[.．、]|首先|其次)"
)
_COUNTED = re.compile(
    r"[（(]?[一二三四五六七八九十0-9]{1,2}[）)、.．]|第[一二三四五六七八九十]|[一二三四五六七八九十]是"
)
_ENDED = re.compile(r"[。！？!?；;…”’）)]$")
_BYLINE = re.compile("记者|通讯员|作者|来源|编辑|本报|责编|供稿|摄影|^[■●□(（].{0,30}$|^——")
_DEFINES = re.compile("以下简称|下称|简称“|简称《")
_LONGEST_HEADLINE = 60
_N_TRIES = 20


def shuffle_paragraphs(doc: Document, share: float, random: Random) -> Document:
    """A document with its paragraphs in another order; the same one where that cannot be.

    Args:
        doc: Any document.
        share: Probability that it is done.
        random: Where chance comes from.
    """
    if random.random() >= share:
        return doc
    lines = doc.text.split("\n")
    first, last = _movable(lines)
    blocks = _blocks(lines, first, last, doc)
    if len(blocks) < 2 or any(_DEFINES.search(line) for line in lines[first:last]):
        return doc
    order = _another_order(blocks, doc, random)
    moved = [n for block in order for n in range(*blocks[block])]
    return _in_order(doc, lines, [*range(blocks[0][0]), *moved, *range(last, len(lines))])


def _another_order(blocks: Sequence[tuple[int, int]], doc: Document, random: Random) -> list[int]:
    """A random order of blocks in which nobody comes before the block that introduces them."""
    block_of = {n: b for b, lines in enumerate(blocks) for n in range(*lines)}
    by_name: dict[str, list[int]] = {}
    for entity in doc.entities:
        if entity.label == "PER":
            line = doc.text.count("\n", 0, entity.start)
            by_name.setdefault(entity.surface, []).append(block_of.get(line, -1))
    before = {
        (first, later) for first, *rest in by_name.values() for later in rest if first != later
    }
    order = list(range(len(blocks)))
    for _ in range(_N_TRIES):
        random.shuffle(order)
        place = {block: at for at, block in enumerate(order)}
        if order != sorted(order) and all(
            place[a] < place[b] for a, b in before if a >= 0 and b >= 0
        ):
            return order
    return sorted(order)


def _movable(lines: list[str]) -> tuple[int, int]:
    """The paragraphs behind the opening one and before the credits, end exclusive."""
    first = 0
    while first < len(lines) and _is_head(lines[first]):
        first += 1
    last = len(lines)
    while last > first and (_BYLINE.search(lines[last - 1]) and len(lines[last - 1]) < 60):
        last -= 1
    return min(first + 1, last), last


def _is_head(line: str) -> bool:
    """Whether a paragraph is a headline, a subtitle, a byline or a source line."""
    return len(line) <= _LONGEST_HEADLINE and not line.rstrip().endswith(
        ("。", "！", "？", "；", ";")
    )


def _blocks(lines: list[str], first: int, last: int, doc: Document) -> list[tuple[int, int]]:
    """What moves as one: ranges of paragraphs, end exclusive."""
    heads = [n for n in range(first, last) if not _ENDED.search(lines[n].rstrip())]
    if heads:  # sections move, and what stands before the first one stays
        counted = any(_COUNTED.match(lines[n]) for n in heads)
        starts = heads if not counted and all(_is_head(lines[n]) for n in heads) else []
    else:
        starts = [n for n in range(first, last) if not _BACKWARD.match(lines[n])]
    joined = _joined_lines(doc)
    starts = [n for n in starts if not any(a < n <= b for a, b in joined)]
    return list(pairwise([*starts, last]))


def _joined_lines(doc: Document) -> list[tuple[int, int]]:
    """First and last paragraph of each relation that crosses paragraphs."""
    number = [doc.text.count("\n", 0, e.start) for e in doc.entities]
    ends = [sorted((number[r.head], number[r.tail])) for r in doc.relations]
    return [(a, b) for a, b in ends if a != b]


def _in_order(doc: Document, lines: list[str], order: list[int]) -> Document:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    shift: dict[int, int] = {}
    at = 0
    for n in order:
        shift[n] = at - starts[n]
        at += len(lines[n]) + 1
    moved = [_moved(e, shift[doc.text.count("\n", 0, e.start)]) for e in doc.entities]
    place = sorted(range(len(moved)), key=lambda i: moved[i].start)
    new_index = {old: new for new, old in enumerate(place)}
    return replace(
        doc,
        text="\n".join(lines[n] for n in order),
        entities=tuple(moved[i] for i in place),
        relations=tuple(
            Relation(new_index[r.head], new_index[r.tail], r.label, r.score) for r in doc.relations
        ),
    )


def _moved(entity: Entity, by: int) -> Entity:
    return replace(entity, start=entity.start + by, end=entity.end + by)
