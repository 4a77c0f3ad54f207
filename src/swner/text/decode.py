"""Bytes to text, for Chinese files of unknown encoding.

Candidates are decoded strictly; what is decoded must look like text, and among several results
the one with the larger share of usual Chinese characters wins (charset-normalizer breaks ties). A
file cut off inside its last character is read up to there, and the bytes left over are counted.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes

from swner.text.hanzi import certain_table

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (
    (b"%PDF", "a PDF file"),
    (b"PK\x03\x04", "a ZIP, Word or Excel file"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip file"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format", "an SQLite database"),
)
_SAMPLE_BYTES = 200_000
_MIN_SHARE = 0.75  # of the characters that are not ASCII: usual ones
_CLEAR_LEAD = 0.05
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MARKS = "　，。、；：！？（）《》“”‘’【】「」『』〈〉—…·～％■□●◆▲〇"
_TAIL_BYTES = 3  # what a cut may leave of a character
_FEW_BROKEN = 0.002


class UndecodableError(ValueError):
    """Bytes that are no text, with the reason."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and how it was got.

    Attributes:
        text: The characters, without a byte order mark; line ends as they were.
        encoding: Name of the codec.
        n_dropped: Bytes at the end that are an incomplete character, left out.
        n_replaced: Places inside that could not be decoded and are U+FFFD now.
    """

    text: str
    encoding: str
    n_dropped: int = 0
    n_replaced: int = 0


def decode(data: bytes) -> Decoded:
    """The text of a file's bytes.

    Raises:
        UndecodableError: There is none: empty, binary, or no encoding fits.
    """
    if not data:
        raise UndecodableError("empty: 0 bytes")
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise UndecodableError(f"binary: the bytes are those of {what}")
    best = _with_mark(data) or _utf8(data) or _utf16(data) or _chinese(data)
    if best is None:
        raise UndecodableError(
            f"undecodable: not UTF-8, UTF-16, GB18030 or Big5 text; first bytes {data[:8].hex(' ')}"
        )
    sample = best.text[:_SAMPLE_BYTES]
    if len(_CONTROL.findall(sample)) > 0.02 * len(sample) + 1:
        raise UndecodableError("binary: too many control characters for a text")
    if not best.text.strip("\x00 \t\r\n\ufeff\u3000\xa0"):
        raise UndecodableError("empty: only spaces and line ends")
    return best


def _attempt(data: bytes, encoding: str) -> Decoded | None:
    """Decode strictly, but for a character cut off at the end."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        text = decoder.decode(data)
    except UnicodeDecodeError:
        return None
    rest = decoder.getstate()[0]
    return Decoded(text, encoding, n_dropped=len(rest))


def _with_mark(data: bytes) -> Decoded | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            found = _attempt(data, encoding)
            if found is not None:
                return found
            text = data.decode(encoding, "replace")
            n_replaced = text.count("\ufffd")
            if n_replaced <= 1 + _FEW_BROKEN * len(text):
                return Decoded(text, encoding, n_replaced=n_replaced)
    return None


def _utf8(data: bytes) -> Decoded | None:
    found = _attempt(data, "utf-8")
    if found is not None:
        return found
    text = data.decode("utf-8", "replace")
    n_replaced = text.count("\ufffd")
    n_wide = len(text) - len(re.findall("[\x00-\x7f\ufffd]", text))
    if n_wide > 20 and n_replaced <= _FEW_BROKEN * n_wide + 1:
        return Decoded(text, "utf-8", n_replaced=n_replaced)  # UTF-8 with a few bytes broken
    return None


def _utf16(data: bytes) -> Decoded | None:
    """UTF-16 without a mark: one of the two halves of most pairs is zero or a Han row."""
    if len(data) < 4 or b"\x00" not in data[:4096]:
        return None
    found = (_attempt(data, encoding) for encoding in ("utf-16-le", "utf-16-be"))
    fitting = [one for one in found if one is not None and "\x00" not in one.text]
    best = max(fitting, key=lambda one: share_usual(one.text), default=None)
    if best is None or share_usual(best.text, ascii_too=True) < _MIN_SHARE:
        return None
    return best


def _chinese(data: bytes) -> Decoded | None:
    """The best of GB18030 and Big5."""
    found = [one for one in _candidates(data) if share_usual(one.text) >= _MIN_SHARE]
    found.sort(key=lambda one: -share_usual(one.text))
    if len(found) > 1 and share_usual(found[0].text) - share_usual(found[1].text) < _CLEAR_LEAD:
        guess = from_bytes(data[:20_000], cp_isolation=[one.encoding for one in found]).best()
        found.sort(key=lambda one: guess is None or one.encoding != guess.encoding)
    return found[0] if found else None


def _candidates(data: bytes) -> Iterator[Decoded]:
    for encoding in ("gb18030", "big5hkscs"):
        found = _attempt(data, encoding)
        if found is not None:
            yield found
            continue
        text = data.decode(encoding, "replace")
        n_replaced = text.count("\ufffd")
        if n_replaced <= _FEW_BROKEN * len(text):
            yield Decoded(text, encoding, n_replaced=n_replaced)


def share_usual(text: str, *, ascii_too: bool = False) -> float:
    """The share of usual Chinese characters and marks among those that are not ASCII, 0 to 1.

    Usual are the 3,755 commonest simplified characters (GB 2312, level 1) and what traditional
    ones turn into them.

    Args:
        text: Only its first 200,000 characters are looked at.
        ascii_too: Whether printable ASCII counts as usual instead of not at all.
    """
    sample = text[:_SAMPLE_BYTES]
    wide = _ASCII.sub("", sample)
    n_ascii = len(sample) - len(wide) if ascii_too else 0
    if not wide:
        return 1.0 if n_ascii else 0.0
    usual = len(_USUAL.findall(wide.translate(certain_table())))
    return (usual + n_ascii) / (len(wide) + n_ascii)


def _usual() -> re.Pattern[str]:
    rows = ((row, cell) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    level_1 = b"".join(bytes(pair) for pair in rows).decode("gb2312", "ignore")
    width = "".join(map(chr, range(0xFF01, 0xFF5F)))
    return re.compile(f"[{re.escape(level_1 + _MARKS + width)}\xa0āáǎàēéěèīíǐìōóǒòūúǔùü]")


_ASCII = re.compile("[\x00-\x7f]+")
_USUAL = _usual()
