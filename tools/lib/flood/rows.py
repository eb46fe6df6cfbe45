"""What was seen, beside what must hold."""

import dataclasses

from bench import rows


@dataclasses.dataclass
class Row:
    """One line of the table."""

    what: str
    value: float
    unit: str
    at_most: float = None
    at_least: float = None

    @property
    def holds(self):
        """None if nothing must hold."""
        if self.at_most is not None:
            return self.value <= self.at_most
        if self.at_least is not None:
            return self.value >= self.at_least
        return None

    def cells(self):
        limit, sign = (self.at_least, "≥") if self.at_most is None else (self.at_most, "≤")
        wanted = "" if limit is None else f"{sign} {exactly(limit)}"
        holds = {None: "", True: "yes", False: "NO"}[self.holds]
        return (self.what, exactly(self.value), self.unit, wanted, holds)


def exactly(value):
    """Shares of nearly one need their digits."""
    return f"{value:.4f}".rstrip("0").rstrip(".") if 0.9 <= value < 1 else rows.number(value) or "0"


def table(found):
    return rows.aligned(
        [("what", "value", "", "must be", "holds"), *(row.cells() for row in found)], right={1, 3}
    )
