"""Mending GBK text that lost one byte, so that every later character is read one byte off.

The mechanism. In GBK a Chinese character is two bytes, both often above 0x80, so a reader that
loses one byte goes on reading wrong pairs until an ASCII character puts it right again:

    bytes    A1A3 A1B6 D2E2 D28A 28      。  《  意  見  (
    read     A1→? A3A1 B6D2 E2D2 8A28→?  ?   ！  兑  庖  ?

The lead byte of the first character became `?`; the trail byte of the last one and the ASCII
character after it became `?` too. The rule reads the pairs the other way again, and believes the
result only if all of this holds:

- it begins with a closing mark and an opening one (。《, 。“, ：“): the second character seen
  (`！` for 。 before a mark of row A1) tells which;
- the opening mark's closing one follows;
- the characters won make known two-character words, more than those seen do.

A last character whose trail byte is lost is restored only where a reading follows it and the
text has, elsewhere, exactly one character with this lead byte and this reading; else a `?` stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from swner.text.hanzi import certain_table
from swner.text.offsets import Edit
from swner.text.rules import READING, EditRule, readings_in
from swner.text.words import is_word

_CLOSING = "。！？；：、，”’》）"
_PAIRS = {
    "《": "》",
    "“": "”",
    "‘": "’",
    "（": "）",
    "【": "】",
    "「": "」",
    "『": "』",
    "〈": "〉",
}
_LOOKAHEAD = 60  # characters after the damage in which the closing mark must come


@cache
def _first_seen() -> Mapping[str, tuple[str, int]]:
    """The character seen after `?` -> the closing mark lost, the opening mark's lead byte."""
    table: dict[str, tuple[str, int]] = {}
    for mark in _CLOSING:
        for opening in _PAIRS:
            lead = opening.encode("gbk")[0]
            try:
                seen = bytes([mark.encode("gbk")[1], lead]).decode("gbk")
            except UnicodeDecodeError:
                continue
            table.setdefault(seen, (mark, lead))
            if "！" <= seen <= "～":  # pages on which marks were made half-width since
                table.setdefault(chr(ord(seen) - 0xFEE0), (mark, lead))
    return table


@cache
def _pattern() -> re.Pattern[str]:
    first = "".join(map(re.escape, _first_seen()))
    return re.compile(rf"[?\ufffd]([{first}])([^\x00-\x7f]{{1,400}})([?\ufffd]?)")


_READ = re.compile(r"([^\x00-\x20()（）]{1,6})[)）]")


def find_damage(text: str) -> list[Edit]:
    """The certain repairs in a text."""
    if "?" not in text and "\ufffd" not in text:
        return []
    edits: list[Edit] = []
    at = 0
    readings: Mapping[str, set[str]] | None = None
    while match := _pattern().search(text, at):
        at = match.start() + 1
        realigned = _realign(match)
        if realigned is None:
            continue
        won, end, lead = realigned
        if lead is not None:  # the run ended in a character that is lost
            reading = _READ.match(text, end)
            if reading:
                readings = _known_readings(text) if readings is None else readings
                fitting = [c for c in readings.get(reading[1], ()) if _lead(c) == lead]
                if len(fitting) == 1:
                    won += fitting[0] + "("
        n_lost = end - match.start() - len(won)
        if _is_certain(won, text[match.start() : end], text[end : end + _LOOKAHEAD], n_lost):
            edits.append((match.start(), match.start() + len(won), won))
            if n_lost:
                edits.append((match.start() + len(won), end, "?"))
            at = end
    return edits


def _realign(match: re.Match[str]) -> tuple[str, int, int | None] | None:
    """Read the run of a match one byte off.

    Returns:
        The characters won, the offset after the run, and the lead byte of a last character that
        is lost (None where nothing is); or None where the bytes do not fit.
    """
    mark, lead = _first_seen()[match[1]]
    stream = bytearray([lead])
    end = match.start(2)
    for character in match[2]:
        try:
            pair = character.encode("gbk")
        except UnicodeEncodeError:
            return None
        stream += pair
        end += 1
        if pair[-1] < 0x80:  # paired with an ASCII character: in step again, nothing lost
            break
    try:
        if stream[-1] < 0x80:
            return mark + stream.decode("gbk"), end, None
        if end == match.end(2) and match[3]:
            return mark + stream[:-1].decode("gbk"), end + 1, stream[-1]
    except UnicodeDecodeError:
        pass
    return None


def _is_certain(won: str, seen: str, after: str, n_lost: int) -> bool:
    closing = _PAIRS.get(won[1])
    if closing is None:
        return False
    inside = won[2:] + after
    place = inside.find(closing)
    if place < 0 or won[1] in inside[:place]:
        return False
    n_words = _n_words(won)
    return n_words > _n_words(seen) and n_words > (1 if n_lost else 0)


def _n_words(text: str) -> int:
    simplified = text.translate(certain_table())
    return sum(is_word(simplified[i : i + 2]) for i in range(len(simplified) - 1))


def _lead(character: str) -> int | None:
    try:
        return character.encode("gbk")[0]
    except UnicodeEncodeError:
        return None


def _known_readings(text: str) -> dict[str, set[str]]:
    """Reading -> the characters that this text gives it for."""
    known: dict[str, set[str]] = {}
    for match in READING.finditer(text):
        for reading in readings_in(match[0]):
            known.setdefault(reading, set()).add(text[match.start() - 1])
    return known


DAMAGE = EditRule("byte_damage", find_damage)
