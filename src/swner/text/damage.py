"""Mending GBK text in which characters were read one byte off.

In GBK a Chinese character is two bytes, both often above 0x80, so a reader that is one byte out of
step goes on reading wrong pairs until an ASCII character puts it right again. Two ways of getting
out of step are seen on pages that were made traditional, with readings, byte by byte:

1. The lead byte of a mark before an opening mark is lost:

       bytes    A1A3 A1B6 D2E2 D28A 28          。  《  意  見  (
       read     A1→? A3A1 B6D2 E2D2 8A28→?      ?   ！  兑  庖  ?

2. A reading was put in between two characters, because the last byte of one and the first of the
   next look like a character that gets one (here 83C8, 內):

       bytes    D483 C8E7 BACE                  詢  如  何
       read     D483 C828→? n è i ) E7BA CE…    詢  ?nèi) 绾  …

Both end where a byte pairs with an ASCII character: in a `?` for both; or nothing is lost, for
the last wrong character's second byte is ASCII, or an ASCII letter is seen that is the last
character's own. The rule reads the pairs the other way again, and believes the result
only if it makes known two-character words, more than what is seen does, and, for the first way,
if it begins with a closing and an opening mark whose partner follows.

A last character of which only the lead byte is left is restored where a reading follows it and
one character alone has this lead byte and this reading, on this page or else among the
traditional ones; otherwise a `?` stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files

from swner.text.hanzi import certain_table
from swner.text.offsets import Edit
from swner.text.pinyin import READING, is_reading, readings_in
from swner.text.rules import HAN, EditRule
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
_MAX_RUN = 400
_LOST = "?\ufffd"
_READ = re.compile(r"([^\x00-\x20()（）]{1,6}|[a-zü]{1,6})[)）]")
_PUT_IN = re.compile(rf"[{HAN}][{_LOST}]([^\x00-\x20()（）{HAN}]{{1,6}}|[a-z]{{1,6}})[)）]")

Readings = Mapping[str, str]
"""Reading -> the characters that have it."""
Here = Callable[[], Readings]
"""Those that the text itself gives, found when first asked for."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Wrong pairs, read the other way.

    Attributes:
        won: The characters they are.
        end: Offset after them, and after the `?` that ends them if one does.
        lead: Lead byte of a last character that is lost; None where nothing is.
    """

    won: str
    end: int
    lead: int | None


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
def _mark_lost() -> re.Pattern[str]:
    first = "".join(map(re.escape, _first_seen()))
    return re.compile(rf"[{_LOST}]([{first}])(?=[^\x00-\x7f])")


@cache
def _all_readings() -> Readings:
    data = files("swner.text").joinpath("data", "readings.json").read_text(encoding="utf-8")
    readings: Readings = json.loads(data)["readings"]
    return readings


def find_damage(text: str) -> list[Edit]:
    """The certain repairs in a text."""
    if not any(mark in text for mark in _LOST):
        return []
    here = cache(partial(_readings_here, text))
    edits: list[Edit] = []
    at = 0
    places = [(m, True) for m in _mark_lost().finditer(text)]
    places += [(m, False) for m in _PUT_IN.finditer(text)]
    for match, is_mark in sorted(places, key=lambda place: place[0].start()):
        if match.start() < at:
            continue
        found = _mend_mark(text, match, here) if is_mark else _mend_put_in(text, match, here)
        if found:
            edits += found
            at = found[-1][1]
    return edits


def _mend_mark(text: str, match: re.Match[str], here: Here) -> list[Edit]:
    mark, lead = _first_seen()[match[1]]
    run = _realign(text, match.end(), lead, here)
    if run is None:
        return []
    won = mark + run.won
    closing = _PAIRS.get(won[1])
    if closing is None:
        return []
    inside = won[2:] + text[run.end : run.end + _LOOKAHEAD]
    place = inside.find(closing)
    if place < 0 or won[1] in inside[:place]:
        return []
    if not _is_better(won, text[match.start() : run.end], 1 if run.lead is None else 2):
        return []
    return _edits(match.start(), won, run)


def _mend_put_in(text: str, match: re.Match[str], here: Here) -> list[Edit]:
    trail = _gbk(match[0][0])[-1:]
    put_in = _the_one(match[1], trail[0], here) if trail and trail[0] > 0x80 else None
    if put_in is None:
        return []
    run = _realign(text, match.end(), _gbk(put_in)[1], here)
    if run is None or not _is_better(
        match[0][0] + run.won, match[0][0] + "?" + text[match.end() : run.end], 2
    ):
        return []
    lost = match.start() + 1
    first = (lost, lost + 1, run.won[0])
    return [first, (lost + 1, match.end(), ""), *_edits(match.end(), run.won[1:], run)]


def _edits(start: int, won: str, run: _Run) -> list[Edit]:
    """Edits from `start` on, character by character; a `?` for a last one that is lost."""
    last = "?"
    if start + len(won) < run.end and run.lead is None:
        won, last = won[:-1], won[-1]  # two that are seen are one
    edits = [(start, start + len(won), won)] if won else []
    if start + len(won) < run.end:
        edits.append((start + len(won), run.end, last))
    return edits


def _realign(text: str, start: int, byte: int, here: Here) -> _Run | None:
    """Read the wrong pairs from `start` the other way, with the byte that comes before them."""
    stream = bytearray([byte])
    end = start
    for character in text[start : start + _MAX_RUN]:
        pair = _gbk(character)
        if len(pair) != 2:
            break
        stream += pair
        end += 1
        if pair[1] < 0x80:  # paired with an ASCII character: in step again, nothing lost
            break
    try:
        if end > start and stream[-1] < 0x80:
            return _Run(stream.decode("gbk"), end, None)
        if "@" <= text[end : end + 1] <= "~" and end > start:  # the last character's trail byte
            return _Run((stream + text[end].encode()).decode("gbk"), end + 1, None)
        if text[end : end + 1] not in ("?", "\ufffd") or end == start:
            return None
        won, lead = stream[:-1].decode("gbk"), stream[-1]
    except UnicodeDecodeError:
        return None
    reading = _READ.match(text, end + 1)
    last = _the_one(reading[1], lead, here) if reading else None
    if last is None:
        return _Run(won, end + 1, lead)
    return _Run(f"{won}{last}(", end + 1, None)


def _is_better(won: str, seen: str, least: int) -> bool:
    n_words = _n_words(won)
    return n_words >= least and n_words > _n_words(seen)


def _n_words(text: str) -> int:
    simplified = text.translate(certain_table())
    return sum(is_word(simplified[i : i + 2]) for i in range(len(simplified) - 1))


def _the_one(reading: str, lead: int, here: Here) -> str | None:
    """The only character with a reading and a lead byte: on this page, else of all."""
    if not is_reading(reading, toned=False):
        return None
    for readings in (here, _all_readings):
        fitting = [c for c in readings().get(reading, "") if _gbk(c)[:1] == bytes([lead])]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _gbk(character: str) -> bytes:
    """The two bytes of a character in GBK; nothing where it is no such character."""
    try:
        data = character.encode("gbk")
    except UnicodeEncodeError:
        return b""
    return data if len(data) == 2 else b""


def _readings_here(text: str) -> Readings:
    """The readings that this text gives."""
    known: dict[str, set[str]] = {}
    for match in READING.finditer(text):
        for reading in readings_in(match[0]):
            known.setdefault(reading, set()).add(text[match.start() - 1])
    return {reading: "".join(sorted(characters)) for reading, characters in known.items()}


DAMAGE = EditRule("byte_damage", find_damage)
