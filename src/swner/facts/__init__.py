"""From marked spans to records that one can sort, filter, count and check.

`swner.facts` is this package and, for `swner.facts(doc)`, a function as well: importing any of its
modules makes the package an attribute of `swner` in place of the function there, so the package
itself can be called.
"""

from __future__ import annotations

import sys
from types import ModuleType

from swner.document import Document
from swner.facts.records import (
    Appointment,
    Evidence,
    Facts,
    Figure,
    PolicyRecord,
    Target,
    facts,
)

__all__ = ["Appointment", "Evidence", "Facts", "Figure", "PolicyRecord", "Target", "facts"]


class _CallablePackage(ModuleType):
    def __call__(self, doc: Document) -> Facts:
        return facts(doc)


sys.modules[__name__].__class__ = _CallablePackage
