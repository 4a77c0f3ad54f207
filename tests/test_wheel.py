"""The wheel predicts away from the repository."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from swner.model.files import exported, prediction_files

MODEL = Path("models/swner-base")


@pytest.mark.slow
def test_an_installed_wheel_predicts(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("src", "models/swner-base"):
        shutil.copytree(
            name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(name, source)
    run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet",
         "--wheel-dir", tmp_path, source])  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    if exported(MODEL):
        needed = {f"swner/shipped/{p.relative_to(MODEL)}" for p in prediction_files(MODEL)}
        assert {name for name in names if name.startswith("swner/shipped/")} == needed
        assert wheel.stat().st_size < 30e6

    venv.create(tmp_path / "venv", system_site_packages=True, with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    run([python, "-m", "pip", "install", "--no-deps", "--force-reinstall", "--quiet", wheel])
    (tmp_path / "a.txt").write_text("经选举,柏书林当选青岚区慈善总会会长。", encoding="utf-8")
    said = run([python, "-c", "import swner; print(swner.__file__)"], cwd=tmp_path)
    assert str(tmp_path / "venv") in said
    run([python, "-m", "swner", "predict", "a.txt", "--output", "out"], cwd=tmp_path)
    (record,) = [json.loads(x) for x in (tmp_path / "out" / "documents.jsonl").open("rb")]
    found = {
        (e["label"], record["text"][e["start_offset"] : e["end_offset"]])
        for e in record["entities"]
    }
    assert ("PER", "柏书林") in found
    assert record["meta"]["model"].endswith("-int8") or not exported(MODEL)


def run(command: list[object], *, cwd: Path | None = None) -> str:
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
