"""`swner export`: a model's network to ONNX, checked against torch before it takes its place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from swner.corpus.load import load
from swner.errors import ConfigError, ModelError
from swner.inference.onnx_backend import OnnxBackend
from swner.inference.parity import SAME, Parity, compare
from swner.inference.torch_backend import TorchBackend
from swner.model.checkpoint import LoadedModel, load_model
from swner.model.export import export_graphs
from swner.model.files import ONNX, PREDICTION_FILES, WEIGHTS, Precision

WORST_INT8_EMISSION = 0.25
"""A mean difference of tag scores beyond it is no rounding; a model that rounds well has 0.03."""

SAMPLE = """青岚区慈善总会换届
近日,青岚区慈善总会召开第三次会员代表大会。经选举,柏书林当选会长,区民政局原副局长康若溪任副会长兼秘书长。
会议通过了《青岚区慈善总会章程(修订)》。柏书林说,到2027年底,全区社区慈善基金要达到60支,注册志愿者达到1.8万人。
区民政局印发的《关于推进社区慈善发展的实施意见》提出,每个街道至少建成1个慈善服务站。去年,全区募集善款2360万元,帮助困难家庭4100户。"""
"""An invented article: what graphs are compared on where no documents are given."""


def run(model: Path, data: Sequence[Path], *, output: Path | None, int8: bool, fp32: bool) -> None:
    """Write the graphs into a model directory, or into a new one for prediction alone.

    Args:
        model: The folder that `swner train` wrote.
        data: Documents to compare torch and the graphs on; none takes `SAMPLE`.
        output: Where to; None is the model directory itself.
        int8: Write the 8-bit graphs.
        fp32: Write those in full precision.

    Raises:
        ConfigError: Neither is wanted, or the output holds another model.
        ModelError: A graph does not give what torch gives; nothing is written.
    """
    wanted: dict[Precision, bool] = {"int8": int8, "fp32": fp32}
    precisions = [precision for precision, is_wanted in wanted.items() if is_wanted]
    if not precisions:
        raise ConfigError("--no-int8 without --fp32 leaves nothing to export; give one of them.")
    target = output or model
    is_other = target.resolve() != model.resolve()
    if is_other and (target / WEIGHTS).exists():
        raise ConfigError(
            f"--output {target}: holds a model of its own. Give a new folder, or export that one."
        )
    loaded = load_model(model)
    texts = [doc.text for doc in load(list(data))] if data else [SAMPLE]
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target, prefix=".export-") as name:
        beside = Path(name)
        _copy_settings(model, beside)
        export_graphs(loaded, beside, precisions)
        for precision in precisions:
            _check(loaded, beside, precision, texts)
        if is_other:
            _copy_settings(model, target)
        (target / ONNX).mkdir(exist_ok=True)
        for file in sorted((beside / ONNX).iterdir()):
            os.replace(file, target / ONNX / file.name)
            size = (target / ONNX / file.name).stat().st_size
            typer.echo(f"{target / ONNX / file.name}: {size / 1e6:.1f} MB")


def _copy_settings(model: Path, target: Path) -> None:
    """Take along what prediction needs besides the graphs."""
    for name in PREDICTION_FILES:
        if (model / name).is_file() and not name.startswith(ONNX):
            shutil.copyfile(model / name, target / name)


def _check(loaded: LoadedModel, folder: Path, precision: Precision, texts: Sequence[str]) -> None:
    """Compare torch and a graph, and say how far they differ."""
    found = compare(TorchBackend(loaded), OnnxBackend(folder, precision=precision), texts)
    typer.echo(f"{precision}: {describe(found)}")
    if precision == "fp32":
        wrong = max(found.max_emission, found.max_pair_score) > SAME
    else:
        wrong = found.mean_emission > WORST_INT8_EMISSION
    if wrong:
        raise ModelError(
            f"the {precision} graphs do not give what torch gives ({describe(found)}). Nothing was "
            "written. Predict with --backend torch, and report the encoder and these numbers."
        )


def describe(found: Parity) -> str:
    """One line on a comparison."""
    return (
        f"over {found.n_chars} characters tag scores differ from torch's by "
        f"{found.mean_emission:.2g} on average and {found.max_emission:.2g} at most, pair "
        f"probabilities by {found.max_pair_score:.2g} at most; {found.n_shared} entities are the "
        f"same of {found.n_entities} found by torch and {found.n_other} by the graph"
    )
