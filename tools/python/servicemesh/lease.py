"""What has to be done, and when, so that an instance stays registered. No I/O."""

import enum
from typing import Any, Dict

from .registry import Key

FIRST_RETRY, LONGEST_RETRY = 0.5, 30.0  # seconds


class Outcome(enum.Enum):
    """What came of a step."""

    KEPT = "kept"
    GONE = "gone"  # the registry does not know the instance (any more)
    FAILED = "failed"


class Lease:
    """`is_registered` tells the next step: a renewal, or a registration. `due` is when, by the
    monotonic clock; from `ripe` on it can be done together with others that are due.
    """

    def __init__(self, key: Key, body: Dict[str, Any]) -> None:
        self.key = key
        self.body = body
        self.interval = body["lease_seconds"] / 3
        self.is_registered = False
        self.failures = 0  # in a row
        self.ripe = self.due = 0.0

    def note(self, outcome: Outcome, now: float, chance: float) -> None:
        """Plans the next step. `chance` is from 0 to 1: processes that began together do not stay
        together, and those that lost a registry together do not come back together.
        """
        self.is_registered = outcome is Outcome.KEPT or (
            outcome is Outcome.FAILED and self.is_registered
        )
        self.failures = self.failures + 1 if outcome is Outcome.FAILED else 0
        if outcome is Outcome.KEPT:
            earliest, latest = self.interval * 0.9, self.interval * 1.1
        elif outcome is Outcome.GONE:
            earliest = latest = 0.0
        else:
            doubled = FIRST_RETRY * 2 ** min(self.failures - 1, 10)
            latest = min(doubled, self.interval, LONGEST_RETRY)
            earliest = latest / 2
        self.ripe = now + earliest
        self.due = now + earliest + (latest - earliest) * chance
