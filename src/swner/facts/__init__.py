"""From marked spans to records that one can sort, filter, count and check."""

from swner.facts.extract import facts
from swner.facts.records import Appointment, Evidence, Facts, Figure, PolicyRecord, Target

__all__ = ["Appointment", "Evidence", "Facts", "Figure", "PolicyRecord", "Target", "facts"]
