"""A figure that the project promises, what was measured for it, and how the two compare."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """What is promised. A value at or below `must` keeps the promise, or at or above it with `at_least`.

    `seconds` is how long a load lasts when nobody says otherwise; one that is `by_hand` is measured when asked for.
    """

    name: str
    what: str
    unit: str
    must: float
    hope: float | None = None
    at_least: bool = False
    seconds: int = 4
    by_hand: bool = False

    def keeps(self, value: float, bound: float) -> bool:
        return value >= bound if self.at_least else value <= bound

    def bound(self, value: float | None) -> str:
        if value is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {self.shown(value)}"

    def shown(self, value: float) -> str:
        digits = 0 if self.unit in ("ms", "bytes", "failed", "calls") else 2
        return f"{value:.{digits}f} {self.unit}".strip()


@dataclass
class Measured:
    """What was measured. `broken` lists promises beside the number that were not kept, such as failed requests.

    `peers` holds the same ratio of other servers, where they are installed.
    """

    value: float | None
    note: str = ""
    broken: list[str] = field(default_factory=list)
    peers: dict[str, float] = field(default_factory=dict)


def verdict(figure: Figure, measured: Measured) -> str:
    if measured.value is None:
        return "not measured"
    if measured.broken or not figure.keeps(measured.value, figure.must):
        return "MISSED"
    if figure.hope is not None and figure.keeps(measured.value, figure.hope):
        return "as hoped"
    return "met"


def table(rows: list[tuple[Figure, Measured]]) -> str:
    """The result as a Markdown table, ready for the README."""
    lines = ["| figure | must | hope | measured | verdict |", "|---|---|---|---|---|"]
    for figure, measured in rows:
        shown = "–" if measured.value is None else figure.shown(measured.value)
        notes = "; ".join([note for note in [measured.note] if note] + measured.broken)
        remark = f" ({notes})" if notes else ""
        cells = [figure.what, figure.bound(figure.must), figure.bound(figure.hope), shown + remark]
        lines.append(f"| {' | '.join(cells)} | {verdict(figure, measured)} |")
    return "\n".join(lines)


def as_json(figure: Figure, measured: Measured) -> dict:
    return {
        "name": figure.name, "what": figure.what, "unit": figure.unit, "must": figure.must, "hope": figure.hope,
        "at_least": figure.at_least, "measured": measured.value, "note": measured.note, "broken": measured.broken,
        "peers": measured.peers, "verdict": verdict(figure, measured),
    }
