"""Training on augmented versions: others in each epoch, the same by seed and when taken up again."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from swner.config import TrainConfig, load_config
from swner.corpus.recipe import stage_data, stage_versions
from swner.document import Document
from swner.training import cross_validate as crossval_module
from swner.training import train as train_module
from swner.training.record import same_recipe
from swner.training.train import train
from swner.training.trainer import JointTrainer, LengthBatches

AUGMENTED = ["stages.0.augmentation={copies: 1, names: 1, quantities: 1, noise: 1}"]


def config_of(recipe: Path, folder: Path, *more: str, epochs: int = 3) -> TrainConfig:
    places = [f"output={folder / 'model'}", f"work={folder / 'runs'}"]
    return load_config(recipe, [*places, f"stages.0.epochs={epochs}", *AUGMENTED, *more])


def weights(config: TrainConfig) -> bytes:
    return (Path(config.output) / "model.safetensors").read_bytes()


def test_each_epoch_has_its_windows_in_as_many_batches_as_the_others() -> None:
    lengths = [20] * 10 + [60] * 3 + [5] * 2
    by_epoch = [range(10), [*range(10), 10, 11, 12], [*range(10), 13, 14]]
    sampler = LengthBatches(lengths, by_epoch, budget=128, seed=1)
    for epoch, windows in enumerate([*by_epoch, by_epoch[-1]]):
        sampler.epoch = epoch
        batches = list(sampler)
        assert len(batches) == len(sampler)
        assert {w for batch in batches for w in batch} == set(windows)
        assert batches == list(sampler)
    assert len(sampler) > len(LengthBatches(lengths, by_epoch[:1], budget=128, seed=1))


def test_without_versions_each_window_comes_once_an_epoch() -> None:
    sampler = LengthBatches([20, 30, 40] * 9, [range(27)], budget=128, seed=1)
    orders = []
    for sampler.epoch in range(3):
        counts = Counter(w for batch in sampler for w in batch)
        assert counts == Counter(range(27))
        orders.append(list(sampler))
    assert orders[0] != orders[1] != orders[2]


def test_the_epochs_of_a_stage_have_other_versions(recipe: Path, tmp_path: Path) -> None:
    config = config_of(recipe, tmp_path)
    docs = stage_data(config, config.stages[0])
    first, second, third = stage_versions(docs, config.stages[0], seed=config.seed)
    assert first
    assert not {d.text for d in first} & {d.text for d in second}
    assert stage_versions(docs, config.stages[0], seed=config.seed)[2] == third


def test_taken_up_after_a_break_it_ends_with_the_same_weights(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken, broken = (config_of(recipe, tmp_path / name) for name in ("unbroken", "broken"))
    train(unbroken)

    step = JointTrainer.training_step
    done = 0

    def breaking(self: JointTrainer, *args: Any, **kwargs: Any) -> Any:
        nonlocal done
        done += 1
        if self.state.epoch and self.state.epoch > 1.2:
            raise KeyboardInterrupt
        return step(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(JointTrainer, "training_step", breaking)
        with pytest.raises(KeyboardInterrupt):
            train(broken)
    assert done > 2
    train(broken, resume=True)
    assert weights(broken) == weights(unbroken)


def test_another_augmentation_is_another_stage(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(config_of(recipe, tmp_path, epochs=1))
    assert "augmented versions" in capsys.readouterr().err
    train(config_of(recipe, tmp_path, epochs=1), resume=True)
    assert "finished before" in capsys.readouterr().err
    other = "stages.0.augmentation.noise=0.5"
    train(config_of(recipe, tmp_path, other, epochs=1), resume=True)
    assert "finished before" not in capsys.readouterr().err


def test_versions_of_a_page_left_out_are_not_learnt_from(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, documents: list[Document]
) -> None:
    seen: list[set[str]] = []
    original = train_module.stage_windows

    def watching(loaded: Any, docs: Any, versions: Any, **named: Any) -> Any:
        others = [d for epoch in versions for d in epoch]
        assert others
        seen.append({d.id.partition("~")[0] for d in (*docs, *others)})
        return original(loaded, docs, versions, **named)

    monkeypatch.setattr(train_module, "stage_windows", watching)
    crossval_module.cross_validate(config_of(recipe, tmp_path, epochs=1))
    everything = {d.id for d in documents}
    assert sorted(next(iter(everything - ids)) for ids in seen) == sorted(everything)
    assert all(len(ids) == len(everything) - 1 for ids in seen)


def test_a_record_from_before_a_field_existed_means_its_default(
    recipe: Path, tmp_path: Path
) -> None:
    now = {"config": load_config(recipe).model_dump(mode="json"), "data": {}}
    before = json.loads(json.dumps(now))
    for stage in before["config"]["stages"]:
        del stage["augmentation"]
    augmented = {"config": config_of(recipe, tmp_path).model_dump(mode="json"), "data": {}}
    assert same_recipe(before, now)
    assert not same_recipe(before, augmented)
