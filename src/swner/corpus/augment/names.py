"""Other names for the people of an article: of the same kind, the same all over the article.

A name stays as it is where the article also says it in a way that is not marked (a given name
alone, a name inside an organisation's), where its kind is not known, or where it is a name that
everybody knows. A surname stays where the article uses it with a title (谢会长).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate
from random import Random

from swner.corpus.augment.edits import outside
from swner.document import Document
from swner.text.offsets import Edit

MIDDLE_DOT = "·"
_KNOWN = frozenset(
    ("习近平", "胡锦涛", "江泽民", "邓小平", "毛泽东", "周恩来", "温家宝", "李克强", "李强", "雷锋")
)
_TITLES = (
    "会长|理事长|主席|主任|书记|部长|局长|处长|科长|厅长|院长|校长|站长|所长|队长|秘书长|总干事|干事|董事长|经理|总"
    "|老师|教授|医生|护士|社工|师傅|先生|女士|同志|大爷|大妈|大娘|大叔|大姐|大哥|阿姨|奶奶|爷爷|婆婆|老人|老伯|伯伯|叔叔|嫂"
    "|姐|哥|某|家|老太|老汉|氏"
)
_WOMAN = re.compile("女|妈|奶奶|阿姨|大姐|姑娘|婆|嫂|媳妇|妇人|姐姐")
_MAN = re.compile("男|老汉|大爷|大叔|爷爷|先生|小伙|老伯|父亲|丈夫|儿子")
_NEAR = 6  # characters before and after a name that may say whose it is
_SINGLE_SHARE = 0.15  # of given names of one character
_DOUBLED_SHARE = 0.03  # of given names that say one character twice (婷婷)


@dataclass(frozen=True)
class _Group:
    """Names of a minority: two parts, with a dot between them or not; by gender, female first."""

    first: tuple[tuple[str, ...], tuple[str, ...]]
    second: tuple[tuple[str, ...], tuple[str, ...]]
    separators: tuple[str, ...]

    def gender_of(self, name: str) -> int | None:
        """0 for a woman's name of this group, 1 for a man's, None for a name of another kind."""
        for separator in self.separators:
            for cut in range(1, len(name)):
                if not name.startswith(separator, cut):
                    continue
                first, second = name[:cut], name[cut + len(separator) :]
                for gender in (0, 1):
                    if first in self.first[gender] and second in self.second[gender]:
                        return gender
        return None

    def another(self, name: str, gender: int, random: Random) -> str:
        """Another name, with a dot if `name` has one."""
        dot = MIDDLE_DOT if MIDDLE_DOT in name else ""
        first = random.choice([part for part in self.first[gender] if part not in name])
        second = random.choice([part for part in self.second[gender] if part != first])
        return first + dot + second


@dataclass(frozen=True)
class _Lexicon:
    surnames: Mapping[str, float]
    given: tuple[str, str, str]  # characters: women's, men's, anybody's
    groups: tuple[_Group, ...]

    def surname_of(self, name: str) -> str | None:
        """The surname of a Han name of two to four characters; None for any other string."""
        for length in (2, 1):
            given = len(name) - length
            if name[:length] in self.surnames and given in (1, 2):
                return name[:length]
        return None


@cache
def _lexicon() -> _Lexicon:
    path = resources.files("swner.corpus.augment") / "data" / "names.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    given = record["given"]
    groups = tuple(
        _Group(
            (tuple(g["first_female"].split()), tuple(g["first_male"].split())),
            (tuple(g["second_female"].split()), tuple(g["second_male"].split())),
            tuple(g["separators"]),
        )
        for g in record["groups"].values()
    )
    return _Lexicon(record["surnames"], (given["female"], given["male"], given["either"]), groups)


@cache
def _cumulative() -> tuple[Sequence[str], Sequence[float]]:
    surnames = _lexicon().surnames
    return list(surnames), list(accumulate(surnames.values()))


def rename(doc: Document, share: float, random: Random) -> list[Edit]:
    """Edits that give people other names.

    Args:
        doc: Any document.
        share: Probability of each person's to be renamed.
        random: Where chance comes from.
    """
    people = [e for e in doc.entities if e.label == "PER"]
    rest = outside(doc, ["PER"])
    names = list(dict.fromkeys(e.surface for e in people))
    taken = set(names)
    new: dict[str, str] = {}
    for name in sorted(names, key=len, reverse=True):  # 帕孜莱提 comes after 帕孜莱提·玉苏甫
        whole = next((n for n in names if n.startswith(name + MIDDLE_DOT)), None)
        if whole is not None:
            if whole in new and name not in rest:
                new[name] = new[whole].partition(MIDDLE_DOT)[0]
            continue
        if random.random() >= share or name in _KNOWN or name in rest:
            continue
        near = _near(doc, name)
        another = _another(name, rest, near, random)
        if another is not None and another not in taken and another not in doc.text:
            new[name] = another
            taken.add(another)
    # A first name alone that cannot be changed keeps the whole one from changing.
    for name in names:
        whole = next((n for n in names if n.startswith(name + MIDDLE_DOT)), None)
        if whole is not None and name not in new:
            new.pop(whole, None)
    return [(e.start, e.end, new[e.surface]) for e in people if e.surface in new]


def _another(name: str, rest: str, near: str, random: Random) -> str | None:
    """Another name of the same kind; None where there is none or the article says it otherwise too."""
    lexicon = _lexicon()
    for group in lexicon.groups:
        gender = group.gender_of(name)
        if gender is not None:
            is_short_said = any(name[i : i + 2] in rest for i in range(len(name) - 1))
            return None if is_short_said else group.another(name, gender, random)
    surname = lexicon.surname_of(name)
    if surname is None:
        return None
    given = name[len(surname) :]
    nickname = re.search(f"[小阿老]{re.escape(given[-1])}", rest)
    if nickname or (len(given) == 2 and given in rest):
        return None
    titled = re.search(f"{re.escape(surname)}(?:{_TITLES})|[小阿老]{re.escape(surname)}", rest)
    return (surname if titled else _surname(random)) + _given(given, near, random)


def _surname(random: Random) -> str:
    surnames, weights = _cumulative()
    return random.choices(surnames, cum_weights=weights)[0]


def _near(doc: Document, name: str) -> str:
    """What may tell the gender of a name: the words beside it, and the pronouns of its paragraphs."""
    words: list[str] = []
    for entity in doc.entities:
        if entity.surface == name:
            words.append(doc.text[max(0, entity.start - _NEAR) : entity.start])
            words.append(doc.text[entity.end : entity.end + _NEAR])
            start = doc.text.rfind("\n", 0, entity.start) + 1
            paragraph = doc.text[start:].partition("\n")[0]
            words.append("".join(c for c in paragraph if c in "他她"))
    return "\n".join(words)


def _gender(old: str, near: str) -> int | None:
    """0 for a woman, 1 for a man, None where neither the name nor the words beside it tell."""
    women, men, _ = _lexicon().given
    for woman, man in (
        (any(c in women for c in old), any(c in men for c in old)),
        (_WOMAN.search(near) is not None, _MAN.search(near) is not None),
        ("她" in near, "他" in near),
    ):
        if woman != man:
            return 0 if woman else 1
    return None


def _given(old: str, near: str, random: Random) -> str:
    """A given name that suits the gender of another one, as far as that shows."""
    given = _lexicon().given
    gender = _gender(old, near)
    typical = random.choice(given) if gender is None else given[gender]
    one = random.choice(typical)
    if random.random() < _SINGLE_SHARE:
        return one
    if random.random() < _DOUBLED_SHARE:
        return one * 2
    other = random.choice([c for c in typical + given[2] if c != one])
    return one + other if random.random() < 0.5 else other + one
