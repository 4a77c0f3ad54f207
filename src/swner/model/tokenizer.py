"""A Transformers tokenizer that gives one piece per character, for models and encoders on disk."""

from __future__ import annotations

from collections.abc import Mapping

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from swner.codec.tokenize import END, PAD, START, UNKNOWN


def character_tokenizer(
    vocabulary: Mapping[str, int], *, max_length: int
) -> PreTrainedTokenizerFast:
    """A fast tokenizer over `vocabulary` that never joins or drops a character.

    Args:
        vocabulary: Piece to id; needs the specials `[PAD] [UNK] [CLS] [SEP]`.
        max_length: The encoder's longest input, specials included.
    """
    core = Tokenizer(models.WordLevel(dict(vocabulary), unk_token=UNKNOWN))
    core.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    core.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}",
        pair=f"{START} $A {END} $B:1 {END}:1",
        special_tokens=[(s, vocabulary[s]) for s in (START, END)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        model_max_length=max_length,
        pad_token=PAD,
        unk_token=UNKNOWN,
        cls_token=START,
        sep_token=END,
        mask_token="[MASK]" if "[MASK]" in vocabulary else None,
        clean_up_tokenization_spaces=False,
    )
