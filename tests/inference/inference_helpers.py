"""Made-up Chinese text for the tests of prediction."""

from __future__ import annotations

import random

CHARS = "周惠任民政部长李明财厅到2025年,社工达5万人站点家去今有印发实施意见管理办法"


def make_text(seed: int, length: int, *, line: int = 70) -> str:
    """Sentences of random characters, a line break after some `line` of them."""
    source = random.Random(seed)
    parts: list[str] = []
    n = at = 0
    while n < length:
        sentence = "".join(source.choices(CHARS, k=source.randint(4, 30))) + "。"
        at += len(sentence)
        if at > line:
            sentence, at = sentence + "\n", 0
        parts.append(sentence)
        n += len(sentence)
    return "".join(parts)[:length]
