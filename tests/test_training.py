"""Training, cross-validation and prediction end to end on a tiny BERT."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer
from typer.testing import CliRunner

import swner
from swner.cli.app import app
from swner.codec.collate import pad
from swner.config import load_config
from swner.corpus import doccano
from swner.document import Document, Entity
from swner.errors import ConfigError, DataError, ModelError
from swner.evaluation.scores import score_documents, total
from swner.inference.predictor import Predictor
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import load_model
from swner.training.cross_validate import cross_validate
from swner.training.train import train


@pytest.fixture(scope="module")
def model_dir(
    tiny_encoder: Path, data_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A model that has learnt the eight documents by heart."""
    folder = tmp_path_factory.mktemp("trained")
    recipe = {
        "encoder": str(tiny_encoder), "output": str(folder / "model"), "work": str(folder / "runs"),
        "dev_share": 0.0, "windows": {"max_pieces": 64, "context": 8},
        "model": {"dropout": 0.0, "relation_width": 32},
        "training": {"batch_pieces": 128, "bf16": "no", "head_learning_rate_factor": 3.0},
        "stages": [{"name": "only", "train": [str(data_path)], "epochs": 60, "learning_rate": 4e-3}],
    }  # fmt: skip
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(recipe), encoding="utf-8")
    train(load_config(path))
    return folder / "model"


def test_eight_documents_are_learnt_by_heart(model_dir: Path, documents: list[Document]) -> None:
    annotate = swner.load(model_dir)
    pred = [
        Document(d.id, d.text, p.entities, p.relations)
        for d, p in zip(documents, annotate.pipe(d.text for d in documents), strict=True)
    ]
    scores = total(score_documents(documents, pred))
    assert scores.all.f1 == 1
    assert scores.all_relations.f1 == 1
    for doc in pred:
        for e in doc.entities:
            assert doc.text[e.start : e.end] == e.surface
            assert 0 <= e.score <= 1


def test_batched_prediction_equals_one_by_one(model_dir: Path, documents: list[Document]) -> None:
    backend = TorchBackend(load_model(model_dir))
    together = list(Predictor(backend, batch_pieces=512).annotate(documents))
    alone = [next(Predictor(backend).annotate([d])) for d in documents]
    for one, other in zip(together, alone, strict=True):
        assert [e.key for e in one.entities] == [e.key for e in other.entities]
        assert one.relation_keys() == other.relation_keys()
        assert [e.score for e in one.entities] == pytest.approx(
            [e.score for e in other.entities], abs=1e-4
        )


def test_long_texts_are_read_to_the_end(model_dir: Path, documents: list[Document]) -> None:
    text = "\n".join(d.text for d in documents * 30)
    doc = swner.load(model_dir)(text)
    n_expected = 30 * sum(len(d.entities) for d in documents)
    assert len(doc.entities) > 0.9 * n_expected
    assert doc.entities[-1].start > len(text) - 20


def test_transformers_loads_the_model_as_it_is(model_dir: Path, documents: list[Document]) -> None:
    theirs = AutoModelForTokenClassification.from_pretrained(model_dir).eval()
    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    backend = TorchBackend(load_model(model_dir))
    assert theirs.config.id2label[1] == "B-ORG"
    for doc in documents:
        encoded = tokenizer(doc.text, return_tensors="pt")
        batch = pad([backend.pieces.ids(doc.text)], pieces=backend.pieces)
        assert encoded["input_ids"].tolist() == batch.input_ids.tolist()
        with torch.no_grad():
            logits = theirs(**encoded).logits[0, 1:-1].numpy()
        assert (logits.argmax(1) == backend.encode(batch)[0].emissions.argmax(1)).all()
        assert np.allclose(logits, backend.encode(batch)[0].emissions, atol=1e-5)


def test_a_model_directory_says_what_it_is(model_dir: Path) -> None:
    run = json.loads((model_dir / "train.json").read_text(encoding="utf-8"))
    assert run["config"]["stages"][0]["epochs"] == 60
    assert all(len(digest) == 64 for digest in run["data"].values())
    assert run["versions"]["torch"].startswith("2.")
    assert "stages" not in {p.name for p in model_dir.iterdir()}
    card = (model_dir / "README.md").read_text(encoding="utf-8")
    assert "## Training" in card
    assert "MIT" in card
    assert not list(model_dir.glob("*.bin"))


@pytest.mark.parametrize("name", ["model.safetensors", "joint.safetensors", "swner.json"])
def test_a_model_without_a_file_is_named(name: str, model_dir: Path, tmp_path: Path) -> None:
    for file in model_dir.iterdir():
        if file.name != name and file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        load_model(tmp_path)
    (tmp_path / name).write_bytes(b"\x00" * 20)
    with pytest.raises(ModelError, match=r"damaged|cannot be loaded"):
        load_model(tmp_path)


def test_same_seed_same_model(recipe: Path, tmp_path: Path) -> None:
    short = ["stages.0.epochs=2"]
    for name in ("one", "two"):
        train(load_config(recipe, [*short, f"output={tmp_path / name}"]))
    one, two = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_finished_stage_is_taken_up_and_a_changed_one_is_not(
    recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = load_config(recipe, ["stages.0.epochs=1"])
    train(config)
    capsys.readouterr()
    train(config, resume=True)
    assert "finished before" in capsys.readouterr().err
    train(load_config(recipe, ["stages.0.epochs=1", "seed=14"]), resume=True)
    assert "finished before" not in capsys.readouterr().err


def test_early_stopping_keeps_the_best_epoch(recipe: Path) -> None:
    config = load_config(recipe, ["stages.0.epochs=3", "stages.0.patience=1", "dev_share=0.3"])
    result = train(config)
    assert result.dev_scores is not None
    history = json.loads((Path(config.output) / "train.json").read_text(encoding="utf-8"))
    assert any("eval_core_f1" in row for row in history["stages"]["0-only"])


def test_crossval_scores_every_page_once(recipe: Path, documents: list[Document]) -> None:
    config = load_config(recipe, ["stages.0.epochs=1"])
    result = cross_validate(config)
    assert result["unseen_real"] is None
    assert result["crossval"]["n_documents"] == len(documents)
    assert set(result["crossval"]["by_page"]) == {d.meta["page"] for d in documents}


def test_a_stage_without_documents_is_refused(recipe: Path, data_path: Path) -> None:
    with pytest.raises(DataError, match="stage only: no documents"):
        train(load_config(recipe, [f"dev=[{data_path}]"]))


def test_windows_longer_than_the_encoder_are_refused(recipe: Path) -> None:
    with pytest.raises(ConfigError, match=r"windows\.max_pieces: found 80"):
        train(load_config(recipe, ["windows.max_pieces=80"]))


def test_an_encoder_that_is_not_there_is_named(recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="encoder: "):
        train(load_config(recipe, [f"encoder={tmp_path / 'none'}"]))


def test_too_much_gold_that_cannot_be_encoded_stops_the_run(recipe: Path, tmp_path: Path) -> None:
    name = "民政部" * 12
    doc = Document("long", f"{name}印发。", (Entity(0, len(name), "ORG", name),))
    doccano.write([doc], tmp_path / "long.jsonl")
    with pytest.raises(DataError, match=r"1 of 1 gold spans .*max_unencodable_share"):
        train(
            load_config(
                recipe,
                [f"stages.0.train=[{tmp_path / 'long.jsonl'}]", "windows.max_pieces=20"],
            )
        )


class TestCommands:
    """The commands, with their exit codes."""

    def run(self, *args: str | Path) -> int:
        from swner.cli import app as module

        try:
            result = CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)
        except module.SwnerError as error:
            self.message = str(error)
            return error.exit_code
        self.message = result.output
        return result.exit_code

    def test_predict_then_show_then_resume(
        self, model_dir: Path, documents: list[Document], tmp_path: Path
    ) -> None:
        source = tmp_path / "in.jsonl"
        source.write_text(
            "".join(
                json.dumps({"id": f"x{i}", "text": d.text}, ensure_ascii=False) + "\n"
                for i, d in enumerate(documents)
            ),
            encoding="utf-8",
        )
        out = tmp_path / "out"
        assert self.run("predict", source, "--output", out, "--model", model_dir) == 0
        records = [json.loads(x) for x in (out / "documents.jsonl").read_text("utf-8").splitlines()]
        assert [r["id"] for r in records] == [f"x{i}" for i in range(8)]
        assert [r["text"] for r in records] == [d.text for d in documents]
        assert all("score" in e and "clean" in e for r in records for e in r["entities"])
        ledger = [json.loads(x) for x in (out / "ledger.jsonl").read_text("utf-8").splitlines()]
        assert [x["status"] for x in ledger] == ["done"] * 8
        assert all(x["n_chars_read"] == x["n_chars_present"] for x in ledger)
        assert self.run("show", out) == 0
        assert "周惠" in self.message
        assert self.run("predict", source, "--output", out, "--model", model_dir) == 3
        assert "--resume" in self.message
        brat = tmp_path / "brat"
        command = ("predict", source, "--output", brat, "--model", model_dir, "--format")
        assert self.run(*command, "brat") == 0
        assert len(list((brat / "documents.brat").glob("*.ann"))) == 8
        assert self.run(*command, "xml") == 2
        whole = (out / "documents.jsonl").read_bytes()
        lines = (out / "ledger.jsonl").read_bytes().splitlines(keepends=True)
        (out / "ledger.jsonl").write_bytes(b"".join(lines[:3]) + lines[3][:20])
        assert self.run("predict", source, "--output", out, "--model", model_dir, "--resume") == 0
        assert (out / "documents.jsonl").read_bytes() == whole

    def test_unusable_inputs_are_in_the_ledger_and_give_code_3(
        self, model_dir: Path, tmp_path: Path
    ) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "empty.txt").write_bytes(b"")
        (folder / "good.jsonl").write_text(
            '{"id": "g", "text": "周惠任民政部部长。"}\n{"id": 2', "utf-8"
        )
        out = tmp_path / "out"
        assert self.run("predict", folder, "--output", out, "--model", model_dir) == 3
        ledger = [json.loads(x) for x in (out / "ledger.jsonl").read_text("utf-8").splitlines()]
        assert sorted(x["status"] for x in ledger) == ["done", "failed", "failed"]
        assert all(x["reason"] for x in ledger if x["status"] == "failed")

    def test_evaluate_writes_metrics(
        self, model_dir: Path, data_path: Path, tmp_path: Path
    ) -> None:
        assert self.run("evaluate", model_dir, data_path, "--output", tmp_path) == 0
        metrics = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
        assert metrics["all"]["f1"] == 1
        assert set(metrics["by_label"]) == set(swner.SCHEMA.labels)

    def test_exit_codes(
        self, model_dir: Path, data_path: Path, recipe: Path, tmp_path: Path
    ) -> None:
        assert self.run("train", tmp_path / "none.yaml") == 2
        assert self.run("train", recipe, "--set", "trainig.x=1") == 2
        assert self.run("train", recipe, "--set", "stages.0.train=[none.jsonl]") == 3
        assert self.run("evaluate", model_dir, tmp_path / "none.jsonl") == 3
        assert self.run("evaluate", tmp_path, data_path) == 4
        assert self.run("predict", tmp_path / "none", "--output", tmp_path / "o") == 3
        assert self.run("show", tmp_path) == 3
        assert self.run("predict") == 2


def test_importing_swner_and_its_help_load_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, swner, swner.cli.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
