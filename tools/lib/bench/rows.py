"""What was measured, beside what it is to reach."""

import dataclasses
import statistics


@dataclasses.dataclass
class Row:
    """One line of the table. What is compared with the target is the ratio, if there is one."""

    what: str
    value: float
    unit: str
    beside: str = ""
    beside_value: float = None
    at_most: float = None
    at_least: float = None
    ratio: float = None

    @property
    def compared(self):
        return self.value if self.ratio is None else self.ratio

    @property
    def reached(self):
        """None if there is nothing to reach."""
        if self.at_most is not None:
            return self.compared <= self.at_most
        if self.at_least is not None:
            return self.compared >= self.at_least
        return None

    @property
    def target(self):
        limit, sign = (self.at_least, "≥") if self.at_most is None else (self.at_most, "≤")
        if limit is None:
            return ""
        return f"{sign} {number(limit)}" + (" ×" if self.ratio is not None else "")

    def as_json(self):
        return dataclasses.asdict(self) | {"reached": self.reached}


def compared(what, unit, value, beside, beside_value, **target):
    """A row whose target is on the ratio to something else."""
    ratio = value / beside_value if beside_value else float("inf")
    return Row(what, value, unit, beside, beside_value, ratio=ratio, **target)


class Samples:
    """What the rounds of one part gave, by the name of what was measured."""

    def __init__(self):
        self.rounds = {}

    def add(self, name, figures):
        self.rounds.setdefault(name, []).append(figures)

    def median(self, name, figure):
        return statistics.median(f[figure] for f in self.rounds[name])

    def best(self, names, figure):
        """The lowest median of these, with its name."""
        return min((self.median(name, figure), name) for name in names)


def number(value):
    """Three digits, more for large ones."""
    if value is None:
        return ""
    if value and abs(value) < 1000:
        digits = 2 if abs(value) < 10 else 1
        return f"{value:,.{digits}f}".rstrip("0").rstrip(".")
    return f"{value:,.0f}"


HEADINGS = ("what", "value", "", "beside", "value", "ratio", "reach", "reached")


def table(rows):
    lines = [HEADINGS]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} ×"
        reached = {None: "", True: "yes", False: "NO"}[row.reached]
        beside = number(row.beside_value)
        lines.append(
            (row.what, number(row.value), row.unit, row.beside, beside, ratio, row.target, reached)
        )  # fmt: skip
    return aligned(lines, right={1, 4, 5, 6})


def aligned(lines, right):
    """Columns as wide as they need to be, with a rule below the first line."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines)]
    text = []
    for at, line in enumerate(lines):
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths))
        )
        text.append("  ".join(cells).rstrip())
        if at == 0:
            text.append("  ".join("-" * width for width in widths))
    return "\n".join(text)


FIGURES = {
    "a_second": "a second", "seconds": "s", "queries_a_second": "queries/s", "cpu_us": "CPU µs",
    "user_us": "user", "system_us": "system", "busy": "core busy", "p50_ms": "p50 ms",
    "p99_ms": "p99 ms", "p999_ms": "p99.9 ms", "lost": "lost", "reply_size": "octets",
    "memory_mib": "MiB",
}  # fmt: skip


def has_figures(samples):
    return any(set(FIGURES) & set(rounds[0]) for rounds in samples.rounds.values())


def figures_table(title, samples):
    """The medians of all figures, a line for each that was measured."""
    figures = {
        figure: heading
        for figure, heading in FIGURES.items()
        if any(figure in rounds[0] for rounds in samples.rounds.values())
    }
    lines = [(title, *figures.values())]
    for name, rounds in samples.rounds.items():
        cells = (number(samples.median(name, f)) if f in rounds[0] else "" for f in figures)
        lines.append((name, *cells))
    return aligned(lines, right=set(range(1, len(figures) + 1)))
