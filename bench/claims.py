"""What the figures must show, and whether they do."""

from collections.abc import Sequence
from math import inf
from statistics import median
from typing import NamedTuple

from bench.faults import BURST, RATE, SECONDS
from bench.parts import COST
from bench.run import Row, show

_SLACK = 10.0
"""Megabytes of the kernel's that are somebody else's, or on their way out."""


class Claim(NamedTuple):
    """A bound, what was measured of it, and whether it holds; None: it was not measured."""

    claim: str
    required: str
    measured: str
    holds: bool | None


class Figures:
    """The figures of a run, by round."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def of(self, part: str, case: str, figure: str, target: str = "asyncchat") -> dict[int, float]:
        """Return a figure of each round in which it was measured."""
        return {
            row.round: row.figures[figure]
            for row in self._rows
            if (row.part, row.case, row.target) == (part, case, target)
        }

    def claim(
        self,
        claim: str,
        values: dict[int, float],
        required: str,
        *,
        least: float = -inf,
        most: float = inf,
        unit: str = "",
    ) -> Claim:
        """Judge the median of what the rounds gave."""
        if not values:
            return Claim(claim, required, "not measured", None)
        middle = median(values.values())
        spread = f" ({show(min(values.values()))} to {show(max(values.values()))})" if len(values) > 1 else ""
        return Claim(claim, required, f"{show(middle)}{unit}{spread}", least <= middle <= most)


def ratios(over: dict[int, float], under: dict[int, float]) -> dict[int, float]:
    """Return the ratio of two figures in each round that has both."""
    return {number: over[number] / under[number] for number in over if under.get(number)}


def claims(rows: Sequence[Row]) -> list[Claim]:
    """Return every claim, measured or not."""
    figures = Figures(rows)
    return [*_speed(figures), *_many(figures), *_store(figures), *_web(figures), *_rooms(figures), *_faults(figures)]


def _speed(figures: Figures) -> list[Claim]:
    found = []
    for peers, other, factor in (
        ("100 peers", "InspIRCd", 2),
        ("100 peers", "textbook", 40),
        ("1000 peers", "InspIRCd", 4),
    ):
        values = ratios(figures.of("flood", peers, COST), figures.of("flood", peers, COST, other))
        what = f"{peers}: deliveries for each second of server CPU, against {other}"
        found.append(figures.claim(what, values, f"at least {factor} times", least=factor))
    for what, figure, most in (("server CPU", "CPU s", 1.0), ("99th percentile of delivery time", "p99 ms", 1.1)):
        mine, theirs = (figures.of("paced", "1000 peers", figure, name) for name in ("asyncchat", "InspIRCd"))
        title = f"1000 peers, 50 messages a second: {what}, against InspIRCd"
        found.append(figures.claim(title, ratios(mine, theirs), f"at most {most:.1f} times", most=most))
    return found


def _many(figures: Figures) -> list[Claim]:
    case = "10000 peers"

    def of(figure: str) -> dict[int, float]:
        return figures.of("many", case, figure)

    joins = ratios(of("CPU s last tenth joins"), of("CPU s first tenth joins"))
    cost = ratios(figures.of("many", "1000 peers", COST), of(COST))
    return [
        figures.claim("10 000 peers: all joined", of("joined s"), "within 5 s", most=5, unit=" s"),
        figures.claim("10 000 peers: memory for each", of("bytes/peer"), "at most 8 kB", most=8000, unit=" bytes"),
        figures.claim("10 000 peers: CPU of the last 1000 joins, against the first 1000", joins, "the same", most=1.25),
        figures.claim(
            "10 000 peers: deliveries of 50 messages at 5 a second",
            of("paced deliveries"),
            "500,000",
            least=500_000,
            most=500_000,
        ),
        figures.claim("cost of a delivery at 10 000 peers, against 1000", cost, "at most 1.5 times", most=1.5),
    ]


def _store(figures: Figures) -> list[Claim]:
    found = []
    for peers in (100, 1000):
        case = f"{peers} peers, flood"
        for durability in ("normal", "full"):
            stored = figures.of("store", case, COST, f"asyncchat --store, {durability}")
            values = ratios(figures.of("store", case, COST), stored)
            what = f"{peers} peers: cost of a delivery with --durability {durability}, against memory"
            found.append(figures.claim(what, values, "at most 1.35 times", most=1.35))
    for peers in (100, 1000):
        case = f"{peers} peers, paced"
        stored = figures.of("store", case, "p99 ms", "asyncchat --store, normal")
        values = ratios(stored, figures.of("store", case, "p99 ms"))
        what = f"{peers} peers, 50 messages a second: 99th percentile with --durability normal, against memory"
        found.append(figures.claim(what, values, "at most 1.35 times", most=1.35))
    return found


def _web(figures: Figures) -> list[Claim]:
    flood, paced = "1000 peers, flood", "1000 peers, paced"
    lines, frames = "asyncchat, JSON lines", "asyncchat, WebSocket"
    cost = ratios(figures.of("web", flood, COST, lines), figures.of("web", flood, COST, frames))
    cpu = ratios(figures.of("web", paced, "CPU s", frames), figures.of("web", paced, "CPU s", lines))
    each = figures.of("web", flood, "bytes/peer", frames)
    title = "1000 peers: {} by WebSocket, against JSON lines"
    return [
        figures.claim(title.format("cost of a delivery in a flood"), cost, "at most 1.35 times", most=1.35),
        figures.claim(title.format("server CPU for 50 messages a second"), cpu, "at most 1.35 times", most=1.35),
        figures.claim("1000 peers: memory for each WebSocket", each, "at most 14 kB", most=14_000, unit=" bytes"),
    ]


def _rooms(figures: Figures) -> list[Claim]:
    many, one = figures.of("rooms", "1000 rooms", COST), figures.of("rooms", "1 room", COST)
    return [
        figures.claim(
            "1000 rooms of ten: deliveries for each second of server CPU, against one such room alone",
            ratios(many, one),
            "at least 0.5 times",
            least=0.5,
        )
    ]


def _faults(figures: Figures) -> list[Claim]:
    found = []
    none = "0 of 1000 stopped"
    for stopped in (50, 500):
        case = f"{stopped} of 1000 stopped"
        p99, control = (
            ratios(figures.of("stalled", case, "p99 ms", name), figures.of("stalled", none, "p99 ms", name))
            for name in ("asyncchat", "copier")
        )
        memory = ratios(figures.of("stalled", case, "MB after"), figures.of("stalled", none, "MB after"))
        before = figures.of("stalled", case, "kernel MB before")
        kernel = {
            number: after - before[number] for number, after in figures.of("stalled", case, "kernel MB after").items()
        }
        found += [
            # What stopped peers cost in the kernel, every server pays; the control shows how much that is here.
            figures.claim(
                f"{case}: 99th percentile for the healthy, against none, compared with a server that only copies",
                ratios(p99, control),
                "at most 1.2 times",
                most=1.2,
            ),
            figures.claim(
                f"{case}: gone by the limits",
                figures.of("stalled", case, "gone"),
                str(stopped),
                least=stopped,
                most=stopped,
            ),
            figures.claim(
                f"{case}: memory of the server afterwards, against none",
                memory,
                "at most 1.2 times",
                most=1.2,
            ),
            figures.claim(
                f"{case}: memory that the kernel still holds afterwards",
                kernel,
                f"at most {_SLACK:.0f} MB",
                most=_SLACK,
                unit=" MB",
            ),
        ]
    calm, flooded = "1000 peers, nobody floods", "1000 peers, one floods"
    p99 = ratios(figures.of("flooder", flooded, "p99 ms"), figures.of("flooder", calm, "p99 ms"))
    seconds = figures.of("flooder", flooded, SECONDS)
    got_through = figures.of("flooder", flooded, "the other one's messages")
    share = {number: seen / (BURST + RATE * seconds[number]) for number, seen in got_through.items()}
    return [
        *found,
        figures.claim("one floods: 99th percentile for the others, against nobody", p99, "at most 1.2 times", most=1.2),
        figures.claim(
            "one floods: what gets through, against what it may send", share, "at most 1.05 times", most=1.05
        ),
    ]
