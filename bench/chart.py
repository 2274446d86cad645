"""The plot: deliveries for each second of server CPU, on a logarithmic scale, as an SVG."""

from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, log10
from statistics import median

from bench.parts import COST
from bench.run import Row, show

_WIDTH, _LEFT, _RIGHT, _BAR, _GAP, _TOP = 760, 190, 90, 18, 8, 64
# Each is readable on white and on black.
_TEXT, _GRID, _OURS, _OTHERS = "#767676", "#7676764d", "#2f81f7", "#8b949e"


def chart(rows: Sequence[Row]) -> str:
    """Return the plot: a bar for each server and size, its median, and a whisker from the least to the most."""
    bars: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row.part == "flood" or (row.part == "many" and row.case == "10000 peers"):
            bars.setdefault((row.case, row.target), []).append(row.figures[COST])
    if not bars:
        return ""
    low = floor(log10(min(map(min, bars.values()))))
    high = ceil(log10(max(map(max, bars.values()))))

    def place(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (log10(value) - low) / max(high - low, 1)

    shapes: list[str] = []
    y = _TOP
    for case in dict.fromkeys(case for case, _ in bars):
        y += _BAR + _GAP
        shapes.append(_text(16, y - _GAP, case.replace("10000", "10 000"), weight="bold"))
        for (of, target), values in bars.items():
            if of == case:
                shapes += _bar(y, target, values, place)
                y += _BAR + _GAP
    height = y + 28
    grid = [_mark(place(10**power), power, height) for power in range(low, high + 1)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
            f'height="{height}" font-family="system-ui, sans-serif" font-size="13" role="img">',
            "<title>Deliveries for each second of server CPU</title>",
            _text(16, 26, "Deliveries for each second of server CPU", weight="bold", size=16),
            _text(
                16, 46, "10 senders with 20 messages unanswered each, 64-byte texts; median, least and most; log scale"
            ),
            *grid,
            *shapes,
            "</svg>",
            "",
        ]
    )


def _bar(y: float, target: str, values: list[float], place: Callable[[float], float]) -> list[str]:
    middle, least, most = place(median(values)), place(min(values)), place(max(values))
    half = y + _BAR / 2
    colour = _OURS if target == "asyncchat" else _OTHERS
    return [
        _text(_LEFT - 8, half + 4, target, anchor="end"),
        f'<rect x="{_LEFT}" y="{y}" width="{middle - _LEFT:.1f}" height="{_BAR}" rx="2" fill="{colour}"/>',
        f'<path d="M{least:.1f} {half}H{most:.1f}M{least:.1f} {half - 4}v8M{most:.1f} {half - 4}v8" '
        f'stroke="{_TEXT}" stroke-width="1.5" fill="none"/>',
        _text(max(middle, most) + 8, half + 4, show(median(values))),
    ]


def _mark(x: float, power: int, height: float) -> str:
    value = 10**power
    label = f"{value // 10**6} M" if value >= 10**6 else f"{value // 1000} k" if value >= 1000 else str(value)
    return f'<path d="M{x:.1f} {_TOP}V{height - 24}" stroke="{_GRID}"/>{_text(x, height - 8, label, anchor="middle")}'


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal", size: int = 13) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{_TEXT}" text-anchor="{anchor}" font-weight="{weight}" '
        f'font-size="{size}">{escape(text)}</text>'
    )
