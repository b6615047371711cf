"""Charts on logarithmic axes as SVG text: the same bytes wherever they are drawn, readable on light and dark pages."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 330, 240  # of the field of one panel
LEFT, TOP, GAP, LINE = 52, 34, 34, 17
COLOURS = 7
LEAST = 1e-16  # of dots: float64 knows no smaller share
STYLE = (
    "text{fill:#1f2933;font-family:Helvetica,Arial,sans-serif;font-size:12px}.t{font-weight:600;font-size:13px}"
    ".g{stroke:#cbd2d9;stroke-width:1}.r{stroke-dasharray:5 4}.s{fill:none;stroke-width:2}"
    ".c0{stroke:#1d4ed8;fill:#1d4ed8}.c1{stroke:#c2410c;fill:#c2410c}.c2{stroke:#047857;fill:#047857}"
    ".c3{stroke:#7e22ce;fill:#7e22ce}.c4{stroke:#be185d;fill:#be185d}.c5{stroke:#475569;fill:#475569}"
    ".c6{stroke:#b45309;fill:#b45309}.s{fill:none}"
    "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.g{stroke:#3d4650}.c0{stroke:#79b0ff;fill:#79b0ff}"
    ".c1{stroke:#ff9d5c;fill:#ff9d5c}.c2{stroke:#5eead4;fill:#5eead4}.c3{stroke:#d8b4fe;fill:#d8b4fe}"
    ".c4{stroke:#f9a8d4;fill:#f9a8d4}.c5{stroke:#94a3b8;fill:#94a3b8}.c6{stroke:#fcd34d;fill:#fcd34d}.s{fill:none}}"
)


@dataclass(frozen=True)
class Series:
    """Points (x, y) joined by a line; ``reference`` is dashed and has no dots. What is not above 0 is left out.

    ``colour`` is its place in the row of colours; its place in the panel unless said.
    """

    name: str
    points: Sequence[tuple[float, float]]
    reference: bool = False
    colour: int | None = None

    @property
    def shown(self) -> list[tuple[float, float]]:
        return [(x, y) for x, y in self.points if x > 0 and y > 0 and math.isfinite(x) and math.isfinite(y)]


@dataclass(frozen=True)
class Panel:
    """One field with its axes, its lines, and their names below it."""

    title: str
    across: str
    up: str
    series: Sequence[Series]


def lines(panels: Sequence[Panel]) -> str:
    """The panels side by side."""
    step = LEFT + WIDTH + GAP
    below = TOP + HEIGHT + 44 + LINE * max(len(panel.series) for panel in panels)
    return _whole(step * len(panels), below, (m for n, p in enumerate(panels) for m in _panel(p, n * step + LEFT)))


def dots(title: str, rows: Mapping[str, Mapping[str, float]], across: str) -> str:
    """A row a line of ``{label: {series: value}}``, its values as dots on one logarithmic axis; what is below 1e-16, and an
    exact 0, on its border."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    left, width, top = 170, 560, TOP + LINE * (1 + len(names) // 4) + 8
    values = [max(value, LEAST) for row in rows.values() for value in row.values() if value > 0]
    low, high = _decades(values)

    def place(value: float) -> float:
        share = (math.log10(value) - low) / (high - low) if value > 0 else 0.0
        return left + width * min(max(share, 0.0), 1.0)

    foot = top + LINE * len(rows) + 8
    marks = [_text(left + width / 2, 18, title, "middle", "t")]
    marks += [
        _dot(left + 150 * (n % 4), TOP + LINE * (n // 4) + 4, n)
        + _text(left + 150 * (n % 4) + 9, TOP + LINE * (n // 4) + 8, name)
        for n, name in enumerate(names)
    ]
    for power in _ticks(low, high):
        marks += [_rule(place(10.0**power), top, place(10.0**power), foot)]
        marks += [_text(place(10.0**power), foot + 16, _power(power), "middle")]
    marks.append(_text(left + width / 2, foot + 34, across, "middle"))
    for n, (label, row) in enumerate(rows.items()):
        y = top + LINE * n + 12
        marks.append(_text(left - 10, y + 4, label, "end"))
        marks += [_dot(place(row[name]), y, names.index(name)) for name in reversed(row)]
    return _whole(left + width + 30, foot + 44, marks)


def _panel(panel: Panel, left: float) -> Iterator[str]:
    points = [point for series in panel.series for point in series.shown]
    (x_low, x_high), (y_low, y_high) = _ends([x for x, _ in points]), _decades([y for _, y in points])

    def across(x: float) -> float:
        return left + WIDTH * (math.log10(x) - x_low) / (x_high - x_low)

    def up(y: float) -> float:
        return TOP + HEIGHT * (1 - (math.log10(y) - y_low) / (y_high - y_low))

    foot = TOP + HEIGHT
    yield _text(left + WIDTH / 2, 18, panel.title, "middle", "t")
    for power in _ticks(y_low, y_high):
        yield _rule(left, up(10.0**power), left + WIDTH, up(10.0**power))
        yield _text(left - 6, up(10.0**power) + 4, _power(power), "end")
    for value in _round_values(x_low, x_high):
        yield _rule(across(value), TOP, across(value), foot)
        yield _text(across(value), foot + 16, f"{value:,}", "middle")
    yield _text(left + WIDTH / 2, foot + 32, f"{panel.across}  (up: {panel.up})", "middle")
    for n, series in enumerate(panel.series):
        colour = n if series.colour is None else series.colour
        kind = f"s c{colour % COLOURS}" + (" r" if series.reference else "")
        path = " ".join(f"{_n(across(x))},{_n(up(y))}" for x, y in series.shown)
        yield f'<polyline class="{kind}" points="{path}"/>'
        if not series.reference:
            yield from (_dot(across(x), up(y), colour) for x, y in series.shown)
        y = foot + 50 + LINE * n
        yield f'<line class="{kind}" x1="{_n(left)}" y1="{_n(y - 4)}" x2="{_n(left + 26)}" y2="{_n(y - 4)}"/>'
        yield _text(left + 33, y, series.name)


def _whole(width: float, height: float, marks: Iterable[str]) -> str:
    body = "\n".join(marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" '
        f'height="{_n(height)}">\n<style>{STYLE}</style>\n{body}\n</svg>\n'
    )


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = (math.log10(end) for end in (min(values), max(values)))
    return low - 0.06, max(high, low + 0.1) + 0.06


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _ticks(low: int, high: int) -> range:
    return range(low, high + 1, max(1, (high - low + 6) // 7))


def _round_values(low: float, high: float) -> list[int]:
    steps = (1, 10) if high - low > 2.2 else (1, 3) if high - low > 1.2 else (1, 2, 5)
    values = {step * 10**power for power in range(math.ceil(high) + 1) for step in steps}
    return sorted(value for value in values if low <= math.log10(value) <= high)


def _power(power: int) -> str:
    return f"1e{power}" if power < -2 or power > 3 else f"{10.0**power:g}"


def _text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(words)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="g" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>'


def _dot(x: float, y: float, colour: int) -> str:
    return f'<circle class="c{colour % COLOURS}" cx="{_n(x)}" cy="{_n(y)}" r="3.6"/>'


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
