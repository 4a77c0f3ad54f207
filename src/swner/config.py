"""The training configuration: one YAML file, checked field by field.

Every field has a description; unknown keys and wrong types are refused with the path of the
field, the value found and what is allowed. Overrides (`--set a.b=c`) go through the same checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from swner.errors import ConfigError


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WindowConfig(_Part):
    """How a document is cut into windows that the encoder can read."""

    max_pieces: int = Field(382, ge=16, le=510, description="Characters in a window, at most")
    context: int = Field(64, ge=0, le=255, description="Characters of context before a window")


class ModelConfig(_Part):
    """The layers on top of the encoder."""

    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout before the classifiers")
    hidden_dropout: float = Field(0.1, ge=0, lt=1, description="Dropout of the encoder's layers")
    attention_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Dropout of attention weights; 0.1 takes a third more time on a CPU",
    )
    crf: bool = Field(True, description="Learn transition scores; else only legality is enforced")
    relation_width: int = Field(192, ge=8, description="Width of the relation classifier")
    relation_weight: float = Field(1.0, ge=0, description="Weight of the relation loss")


class AugmentationConfig(_Part):
    """Other versions of a stage's articles, beside them; see `swner.corpus.augment`."""

    copies: int = Field(
        0, ge=0, le=20, description="Versions of each article in an epoch, others in each; 0: none"
    )
    names: float = Field(0.0, ge=0, le=1, description="Share of the people with another name")
    organisations: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of the places and words in names of organisations that are swapped",
    )
    quantities: float = Field(
        0.0, ge=0, le=1, description="Share of the units whose numbers are scaled"
    )
    dates: float = Field(0.0, ge=0, le=1, description="Share of the versions with dates moved")
    noise: float = Field(
        0.0, ge=0, le=1, description="Share of the versions with marks and spaces set otherwise"
    )
    shuffle: float = Field(
        0.0, ge=0, le=1, description="Share of the versions with paragraphs in another order"
    )

    @model_validator(mode="after")
    def _changes_something(self) -> AugmentationConfig:
        if self.copies and not any(v for k, v in self.model_dump().items() if k != "copies"):
            raise ValueError(
                f"copies is {self.copies}, but all parts are 0, so each version would be the article "
                "itself; set one of names, organisations, quantities, dates, noise and shuffle"
            )
        return self


class StageConfig(_Part):
    """One pass of training: which data, how long, how fast. Stages follow one another."""

    name: str = Field(description="Name of the stage, for logs and checkpoints")
    train: tuple[str, ...] = Field(min_length=1, description="Files or folders of .jsonl records")
    replay: tuple[str, ...] = Field((), description="Data of which a share is mixed in")
    replay_share: float = Field(0.1, ge=0, le=1, description="Share of the replay documents used")
    augmentation: AugmentationConfig = Field(
        default_factory=AugmentationConfig,
        description="Other versions of the documents, beside them",
    )
    epochs: int = Field(4, ge=1, description="Epochs, at most")
    learning_rate: float = Field(2e-4, gt=0, description="Peak rate of the encoder's top layer")
    patience: int | None = Field(
        None,
        ge=1,
        description="Stop after so many epochs without a better dev F1 and keep the best epoch; "
        "null: the last epoch is kept",
    )


class TrainingConfig(_Part):
    """What all stages share."""

    batch_pieces: int = Field(3072, ge=64, description="Characters in a batch, padding included")
    head_learning_rate_factor: float = Field(
        5.0, gt=0, description="Classifiers' rate over the encoder's"
    )
    layer_decay: float = Field(
        0.95, gt=0, le=1, description="Rate of a layer over that of the next"
    )
    warmup_share: float = Field(
        0.1, ge=0, lt=1, description="Share of the steps with a rising rate"
    )
    weight_decay: float = Field(0.01, ge=0, description="AdamW's weight decay")
    max_grad_norm: float = Field(1.0, gt=0, description="Gradient clipping")
    bf16: Literal["auto", "yes", "no"] = Field(
        "auto", description="bfloat16 autocast; auto: where the processor has the instructions"
    )
    n_threads: int | None = Field(None, ge=1, description="Threads of torch; null: all cores")
    max_unencodable_share: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Training fails if more gold spans than this cannot be encoded",
    )


class DistillationConfig(_Part):
    """A smaller student of a trained model: some of its layers, taught by all of them."""

    teacher: str = Field(description="Folder of a trained model")
    layers: tuple[int, ...] = Field(
        min_length=1, description="Which layers of `encoder` the student keeps, from 0"
    )
    gold_weight: float = Field(0.5, ge=0, description="Weight of the loss on gold answers")
    emission_weight: float = Field(
        1.0, ge=0, description="Weight of the squared distance of tag scores"
    )
    state_weight: float = Field(
        1.0, ge=0, description="Weight of the squared distance of last states"
    )
    pair_weight: float = Field(
        1.0, ge=0, description="Weight of the cross-entropy to the teacher's pair probabilities"
    )


class TrainConfig(_Part):
    """The whole configuration of `swner train` and `swner crossval`."""

    encoder: str = Field(
        description="A folder, or a name on the Hub such as hfl/chinese-macbert-base"
    )
    output: str = Field(description="Folder of the trained model")
    work: str = Field("runs", description="Folder of checkpoints and finished stages")
    seed: int = Field(13, ge=0, description="Seed of shuffling, dropout and new weights")
    dev: tuple[str, ...] = Field((), description="Files to measure on while training")
    dev_share: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="Share of the first stage's documents held out where dev is empty",
    )
    gold: str = Field(
        "data/gold/articles.jsonl", description="Pages that crossval leaves out in turn"
    )
    windows: WindowConfig = Field(default_factory=WindowConfig)
    model: ModelConfig = Field(default_factory=ModelConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    distillation: DistillationConfig | None = Field(
        None, description="Keep some layers of the encoder and learn from a larger model too"
    )
    stages: tuple[StageConfig, ...] = Field(min_length=1, description="Passes, in order")


def load_config(path: Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a YAML file, apply overrides such as `training.batch_pieces=2048`, and check it.

    Raises:
        ConfigError: The file is missing or no YAML, a key is unknown or a value is not allowed.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}). Recipes that come with swner are in configs/."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: holds {type(raw).__name__}, expected keys and values.")
    for override in overrides:
        _override(raw, override)
    try:
        return TrainConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(error)}") from error


def _override(raw: dict[str, Any], override: str) -> None:
    """Set one dotted key in place; a number in the path indexes a list (`stages.0.epochs=1`)."""
    key, equals, value = override.partition("=")
    if not equals or not key:
        raise ConfigError(
            f"--set {override!r}: expected KEY=VALUE, such as training.batch_pieces=2048."
        )
    *parents, last = key.split(".")
    place: Any = raw
    for name in parents:
        place = _step(place, name, override)
    parsed = yaml.safe_load(value)
    if isinstance(place, list):
        place[_index(place, last, override)] = parsed
    else:
        place[last] = parsed


def _step(place: Any, name: str, override: str) -> Any:
    if isinstance(place, list):
        return place[_index(place, name, override)]
    child = place.setdefault(name, {})
    if not isinstance(child, dict | list):
        raise ConfigError(f"--set {override!r}: {name} is {child!r} and has no keys below it.")
    return child


def _index(place: list[Any], name: str, override: str) -> int:
    if not name.isdigit() or int(name) >= len(place):
        raise ConfigError(f"--set {override!r}: {name!r} is no index into a list of {len(place)}.")
    return int(name)


def _explain(error: ValidationError) -> str:
    """All problems of a validation, one a line: path, value found, what is allowed."""
    lines = []
    for problem in error.errors():
        path = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(
                f"{path}: unknown key; allowed are {', '.join(_siblings(problem['loc']))}."
            )
        elif problem["type"] == "missing":
            lines.append(f"{path}: missing, and it has no default.")
        else:
            lines.append(f"{path}: found {problem['input']!r}; {problem['msg']}.")
    return "\n".join(lines)


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    """The keys allowed beside an unknown one."""
    part: type[BaseModel] = TrainConfig
    for name in location[:-1]:
        if isinstance(name, int):
            continue
        annotation: Any = part.model_fields[name].annotation
        inside: dict[str, Any] = {"stages": StageConfig, "distillation": DistillationConfig}
        part = inside.get(name, annotation)
    return list(part.model_fields)
