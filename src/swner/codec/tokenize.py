"""Characters to piece ids.

Invariant: one piece per character, whatever the vocabulary. A vocabulary of sub-words (any Chinese
BERT from the Hub) is used for its single-character pieces alone, so that every boundary that an
annotation can have exists.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from swner.errors import ModelError

PAD, UNKNOWN, START, END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"


class PieceTable:
    """Looks up the piece of a character.

    A character without a piece takes that of its NFKC form if that is one character, else that of
    the lower case of that, else `[UNK]`.

    Args:
        vocabulary: Piece to id, with the specials `[PAD] [UNK] [CLS] [SEP]`.

    Raises:
        ModelError: A special piece is missing.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        missing = [s for s in (PAD, UNKNOWN, START, END) if s not in vocabulary]
        if missing:
            raise ModelError(
                f"the vocabulary has no {', '.join(missing)}; swner works with BERT-like encoders "
                "whose tokenizer has [PAD], [UNK], [CLS] and [SEP]. Choose another encoder."
            )
        self.vocabulary = dict(vocabulary)
        self.pad_id, self.unknown_id = vocabulary[PAD], vocabulary[UNKNOWN]
        self.start_id, self.end_id = vocabulary[START], vocabulary[END]
        self._id_of = lru_cache(maxsize=65536)(self._find)

    def _find(self, char: str) -> int:
        compatible = unicodedata.normalize("NFKC", char)
        for form in (char, compatible, compatible.lower()):
            if len(form) == 1 and form in self.vocabulary:
                return self.vocabulary[form]
        return self.unknown_id

    def ids(self, text: str) -> npt.NDArray[np.int64]:
        """Piece ids, shape (len(text),): no specials."""
        return np.fromiter((self._id_of(c) for c in text), np.int64, len(text))
