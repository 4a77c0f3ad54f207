"""Puts the shipped model into the wheel, as `swner/shipped`; all else is in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

MODEL = Path(__file__).parent / "models" / "swner-base"
WITH_GRAPHS = (
    "swner.json",
    "tokenizer.json",
    "calibration.json",
    "README.md",
    "onnx/manifest.json",
    "onnx/*.int8.onnx",
)
WITH_WEIGHTS = (*WITH_GRAPHS[:4], "config.json", "tokenizer_config.json", "*.safetensors")
"""For a model that has not been exported; it makes a wheel of twice the size that loads torch."""


class BuildWithModel(build_py):
    """Copies what prediction needs of the model beside the modules."""

    def run(self) -> None:
        """Build the package; an editable one finds the model in the repository."""
        super().run()
        if self.editable_mode:
            return
        patterns = WITH_GRAPHS if (MODEL / "onnx").is_dir() else WITH_WEIGHTS
        for path in sorted(p for pattern in patterns for p in MODEL.glob(pattern)):
            target = Path(self.build_lib, "swner", "shipped", path.relative_to(MODEL))
            self.mkpath(str(target.parent))
            self.copy_file(str(path), str(target))


setup(cmdclass={"build_py": BuildWithModel})
