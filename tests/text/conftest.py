"""Makes `text_noise` importable: tests are collected with importlib, without their folders."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
