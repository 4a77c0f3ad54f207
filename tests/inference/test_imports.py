"""What is loaded when: nothing heavy for `import swner` and help, no torch for prediction."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "torch", "transformers", "onnxruntime", "onnx", "pyarrow", "pandas", "datasets", "lxml",
    "pydantic", "numpy", "matplotlib", "ray",
}  # fmt: skip
_LOADED = (
    "import json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
)


def loaded_by(code: str, *, cwd: Path | None = None) -> set[str]:
    """Top-level packages that a fresh Python holds after running some code."""
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_LOADED}"],
        check=True, capture_output=True, text=True, cwd=cwd,
    )  # fmt: skip
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_importing_swner_loads_nothing_heavy() -> None:
    loaded = loaded_by("import swner; swner.Document")
    assert "swner" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("arguments", [["--help"], ["predict", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import sys
sys.argv = ["swner", *{arguments!r}]
from swner.cli.app import main
try:
    main()
except SystemExit as stop:
    assert not stop.code
"""
    loaded = loaded_by(code)
    assert "typer" in loaded
    # typer itself converts the options of a command with pydantic.
    allowed = {"pydantic"} if arguments[0] == "predict" else set()
    assert not loaded & (HEAVY | {"rich"}) - allowed


def test_the_whole_way_from_pages_to_facts_needs_no_torch(
    exported_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "page.txt").write_text(
        "周惠任民政部部长。\n到2025年,社工达到5万人。", encoding="utf-8"
    )
    commands = [
        ["predict", "page.txt", "--output", "out", "--model", str(exported_model)],
        ["show", "out"],
        ["facts", "out"],
    ]
    code = f"""
import sys
from swner.cli.app import main
for arguments in {commands!r}:
    sys.argv = ["swner", *arguments]
    try:
        main()
    except SystemExit as stop:
        assert not stop.code, arguments
"""
    loaded = loaded_by(code, cwd=tmp_path)
    assert (tmp_path / "out" / "facts.sqlite").is_file()
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "transformers", "onnx", "datasets"}


def test_the_library_needs_no_torch(exported_model: Path) -> None:
    code = f"""
import swner
doc = swner.load({str(exported_model)!r})("周惠任民政部部长。")
assert doc.meta["model"].endswith("-int8")
swner.facts(doc)
"""
    assert not loaded_by(code) & {"torch", "transformers"}
