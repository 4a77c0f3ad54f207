"""The one tree of errors that users see, each with the exit code of the command that meets it.

A message says what is wrong, where (file:line or configuration path), the value found,
what is allowed, and what to do next. Anything else that escapes is a bug of ours: exit code 1.
"""

from __future__ import annotations

from typing import ClassVar


class SwnerError(Exception):
    """Base of all errors that the user can mend. Raise one of the subclasses."""

    exit_code: ClassVar[int] = 1


class ConfigError(SwnerError):
    """A configuration file, an override or a command-line argument is wrong (exit code 2)."""

    exit_code = 2


class DataError(SwnerError):
    """An input file or an annotated record cannot be used (exit code 3)."""

    exit_code = 3


class ModelError(SwnerError):
    """A model directory cannot be loaded or does not fit the request (exit code 4)."""

    exit_code = 4
