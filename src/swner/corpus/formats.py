"""The formats of annotated data by name, for `swner convert`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from swner.corpus import brat, conll, doccano, label_studio, markup
from swner.document import Document
from swner.errors import ConfigError


@dataclass(frozen=True)
class Format:
    """How to read and write a format, what it cannot hold, and how its files are named."""

    read: Callable[[Path], Iterator[Document]]
    write: Callable[[Iterable[Document], Path], int]
    loses: tuple[str, ...]
    suffix: str


FORMATS: Mapping[str, Format] = {
    "doccano": Format(doccano.read, doccano.write, (), ".jsonl"),
    "markup": Format(
        markup.read, markup.write, ("scores", "clean surfaces", "nested meta"), ".txt"
    ),
    "conll": Format(conll.read, conll.write, (*conll.LOSES, "clean surfaces"), ".conll"),
    "brat": Format(brat.read, brat.write, (*brat.LOSES, "clean surfaces"), ".brat"),
    "label_studio": Format(label_studio.read, label_studio.write, label_studio.LOSES, ".json"),
}


def format_named(name: str) -> Format:
    """The format of that name.

    Raises:
        ConfigError: There is none.
    """
    if name not in FORMATS:
        raise ConfigError(f"format {name!r} is unknown; allowed are {', '.join(FORMATS)}.")
    return FORMATS[name]
