"""Adapt an encoder: LAC's tag of every character and the characters of masked words, both at once.

Used by `build_encoder.py`. Runs for a budget of wall time with a rising, then linearly falling rate;
a checkpoint holds weights, optimizer and the seconds spent, so a killed run goes on where it was.
On a GPU where torch sees one, else on the CPU, in bfloat16 autocast. Without dropout: millions of
characters seen once leave nothing to overfit, and drawing the masks took a third of the time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from lac_tags import LacTagger, read_lines
from torch import nn
from transformers import BertForMaskedLM

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
NO_TAG = 255


@dataclass(frozen=True)
class EncoderRecipe:
    """The YAML, one field a key; see `configs/encoder.yaml` for what each means."""

    output: str
    start: str | None
    text: str | None
    cache: str
    seed: int
    n_threads: int
    max_chars: int
    held_out_chars: int
    budget_seconds: float
    chars_per_batch: int
    block_lengths: list[int]
    learning_rate: float
    warmup_share: float
    weight_decay: float
    compile: bool
    tag_weight: float
    mask_weight: float
    mask_share: float
    checkpoint_seconds: float


def read_recipe(path: Path, overrides: list[str]) -> EncoderRecipe:
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    for item in overrides:
        key, _, value = item.partition("=")
        values[key] = yaml.safe_load(value)
    known = {f.name for f in fields(EncoderRecipe)}
    if set(values) != known:
        raise SystemExit(f"{path}: keys that differ from the known: {sorted(set(values) ^ known)}")
    return EncoderRecipe(**values)


# ---------------------------------------------------------------- text: ids, tags, blocks


@dataclass(frozen=True)
class LabelledText:
    """Flat arrays over all characters: piece ids (uint16) and LAC tags (uint8)."""

    ids: np.ndarray
    tags: np.ndarray

    def part(self, start: int, end: int) -> LabelledText:
        return LabelledText(self.ids[start:end], self.tags[start:end])


def label_text(recipe: EncoderRecipe, vocabulary: dict[str, int]) -> tuple[LabelledText, list[str]]:
    """Encode and label the text, once: the result is cached."""
    cache = Path(recipe.cache) / "labelled.npz"
    tagger = LacTagger()
    if not cache.exists():
        ids, tags, n, start = [], [], 0, time.time()
        unknown, newline = vocabulary["[UNK]"], vocabulary["\n"]
        for line in read_lines(Path(str(recipe.text))):
            ids.append(np.array([vocabulary.get(c, unknown) for c in line] + [newline], np.uint16))
            tags.append(np.append(tagger.tag(line), NO_TAG).astype(np.uint8))
            n += len(line)
            if len(ids) % 5000 == 0:
                print(
                    f"labelled {n:,} characters, {n / (time.time() - start):,.0f} a second",
                    flush=True,
                )
            if n >= recipe.max_chars:
                break
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(cache, ids=np.concatenate(ids), tags=np.concatenate(tags))
    stored = np.load(cache)
    return LabelledText(stored["ids"], stored["tags"]), tagger.tags


def random_blocks(
    text: LabelledText, length: int, n: int, random: np.random.Generator
) -> LabelledText:
    """`n` stretches of `length` characters from anywhere; both arrays of shape (n, length)."""
    starts = random.integers(0, len(text.ids) - length, n)
    at = starts[:, None] + np.arange(length)
    return LabelledText(text.ids[at], text.tags[at])


def mask_words(
    block: LabelledText,
    is_first: np.ndarray,
    share: float,
    n_pieces: int,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Mask whole words: 80 % [MASK], 10 % a random piece, 10 % left.

    Returns:
        The masked ids and a boolean array of what is to be predicted, both shape (n, length).
    """
    begins = is_first[block.tags]
    word = np.cumsum(begins, axis=1)
    chosen = random.random((len(word), word.max() + 1)) < share
    masked = np.take_along_axis(chosen, word, axis=1) & (block.tags != NO_TAG)
    dice = random.random(masked.shape)
    ids = block.ids.astype(np.int64)
    ids = np.where(masked & (dice < 0.8), SPECIALS.index("[MASK]"), ids)
    noise = random.integers(len(SPECIALS), n_pieces, masked.shape)
    return np.where(masked & (dice >= 0.8) & (dice < 0.9), noise, ids), masked


# ---------------------------------------------------------------- adaptation


class Adapter(nn.Module):
    """The encoder with its two heads: tags of characters and masked characters."""

    def __init__(self, model: BertForMaskedLM, n_tags: int) -> None:
        super().__init__()
        self.model = model
        self.tag_head = nn.Linear(model.config.hidden_size, n_tags)
        self.encode: Callable[..., Any] = model.bert

    def compile_encoder(self) -> None:
        """Fuse the encoder's operations; one compilation a block length, about a minute each."""
        self.encode = torch.compile(self.model.bert, dynamic=False)

    def losses(
        self, ids: torch.Tensor, masked: torch.Tensor, true_ids: torch.Tensor, tags: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Tag loss, mask loss and tag agreement; all inputs of shape (n, length)."""
        n = len(ids)
        ends = (
            ids.new_full((n, 1), SPECIALS.index("[CLS]")),
            ids.new_full((n, 1), SPECIALS.index("[SEP]")),
        )
        states = self.encode(torch.cat([ends[0], ids, ends[1]], 1)).last_hidden_state[:, 1:-1]
        known = (tags != NO_TAG) & ~masked
        logits = self.tag_head(states)[known].float()
        tag_loss = nn.functional.cross_entropy(logits, tags[known])
        mask_loss = logits.new_zeros(())
        if masked.any():
            pieces = self.model.cls(states[masked]).float()
            mask_loss = nn.functional.cross_entropy(pieces, true_ids[masked])
        return tag_loss, mask_loss, (logits.argmax(-1) == tags[known]).float().mean()


def adapt(
    recipe: EncoderRecipe, model: BertForMaskedLM, vocabulary: dict[str, int]
) -> dict[str, float]:
    """Train in place for the budget; returns the measures on held-out text."""
    text, tag_names = label_text(recipe, vocabulary)
    held_out, train = (
        text.part(0, recipe.held_out_chars),
        text.part(recipe.held_out_chars, len(text.ids)),
    )
    is_first = np.ones(256, bool)
    is_first[[i for i, name in enumerate(tag_names) if name.endswith("-I")]] = False
    device = "cuda" if torch.cuda.is_available() else "cpu"
    adapter = Adapter(model, len(tag_names)).to(device).train()
    if recipe.compile:
        adapter.compile_encoder()
    decayed = [p for p in adapter.parameters() if p.dim() > 1]
    plain = [p for p in adapter.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=recipe.learning_rate, betas=(0.9, 0.98),
    )  # fmt: skip
    checkpoint = Path(recipe.cache) / "checkpoint.pt"
    spent, step, n_chars = 0.0, 0, 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        adapter.load_state_dict(saved["weights"])
        optimizer.load_state_dict(saved["optimizer"])
        spent, step, n_chars = saved["spent"], saved["step"], saved["n_chars"]
        print(f"resuming at step {step}, {spent:.0f} s")
    clock = saved_at = time.time() - spent
    saved_at = time.time()
    averages = np.zeros(3)
    while (spent := time.time() - clock) < recipe.budget_seconds:
        random = np.random.default_rng([recipe.seed, step])
        share = spent / recipe.budget_seconds
        rate = recipe.learning_rate * min(
            1.0, share / recipe.warmup_share + 0.02, (1 - share) / (1 - recipe.warmup_share)
        )
        for group in optimizer.param_groups:
            group["lr"] = rate
        length = int(random.choice(recipe.block_lengths))
        block = random_blocks(train, length, max(1, recipe.chars_per_batch // length), random)
        tag_loss, mask_loss, agreement = _losses(adapter, block, is_first, recipe, random, device)
        loss = recipe.tag_weight * tag_loss + recipe.mask_weight * mask_loss
        if not math.isfinite(loss.item()):
            raise SystemExit(f"the loss is {loss.item()} at step {step}; lower learning_rate")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(adapter.parameters(), 1.0)
        optimizer.step()
        step, n_chars = step + 1, n_chars + block.ids.size
        now = np.array([tag_loss.item(), mask_loss.item(), agreement.item()])
        averages = now if step == 1 else 0.98 * averages + 0.02 * now
        if step % 50 == 0:
            rate_now = n_chars / (time.time() - clock)
            print(f"step {step} {spent:.0f} s {rate_now:,.0f} char/s tag loss {averages[0]:.3f} "
                  f"mask loss {averages[1]:.3f} agreement {averages[2]:.4f}", flush=True)  # fmt: skip
        if time.time() - saved_at > recipe.checkpoint_seconds:
            saved_at = time.time()
            state = {"weights": adapter.state_dict(), "optimizer": optimizer.state_dict(),
                     "spent": time.time() - clock, "step": step, "n_chars": n_chars}  # fmt: skip
            torch.save(state, checkpoint.with_suffix(".tmp"))
            checkpoint.with_suffix(".tmp").replace(checkpoint)
    measures = measure(adapter, held_out, is_first, recipe, device)
    torch.save(adapter.tag_head.state_dict(), Path(recipe.cache) / "tag_head.pt")
    return {**measures, "steps": step, "characters": n_chars, "seconds": round(spent)}


def _losses(
    adapter: Adapter, block: LabelledText, is_first: np.ndarray, recipe: EncoderRecipe,
    random: np.random.Generator, device: str,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
    n_pieces = adapter.model.config.vocab_size
    share = recipe.mask_share if recipe.mask_weight else 0.0
    ids, masked = mask_words(block, is_first, share, n_pieces, random)
    arrays = (ids, masked, block.ids.astype(np.int64), block.tags.astype(np.int64))
    with torch.autocast(device, torch.bfloat16):
        return adapter.losses(*(torch.from_numpy(a).to(device) for a in arrays))


def measure(
    adapter: Adapter, text: LabelledText, is_first: np.ndarray, recipe: EncoderRecipe, device: str
) -> dict[str, float]:
    """Held-out losses and agreement with LAC, over blocks of 254."""
    adapter.eval()
    adapter.encode = adapter.model.bert  # not compiled: another shape, seen once
    random = np.random.default_rng(recipe.seed)
    length, rows = 254, []
    n_blocks = len(text.ids) // length
    blocks = LabelledText(
        text.ids[: n_blocks * length].reshape(-1, length),
        text.tags[: n_blocks * length].reshape(-1, length),
    )
    with torch.no_grad():
        for i in range(0, n_blocks, 12):
            part = LabelledText(blocks.ids[i : i + 12], blocks.tags[i : i + 12])
            rows.append(
                [x.item() for x in _losses(adapter, part, is_first, recipe, random, device)]
            )
    tag_loss, mask_loss, agreement = np.mean(rows, 0)
    return {
        "tag_loss": round(tag_loss, 4),
        "mask_loss": round(mask_loss, 4),
        "agreement": round(agreement, 4),
    }
