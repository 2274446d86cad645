"""One run of the benchmark: what it has measured so far, and what has failed."""

from collections.abc import Callable
from typing import NamedTuple

from bench.machine import Failed
from bench.targets import Target


class Row(NamedTuple):
    """What was measured of one target in one case and one round."""

    part: str
    case: str
    target: str
    round: int
    figures: dict[str, float]


class Run:
    """Collects rows; tells `say` what goes on."""

    def __init__(self, rounds: int, targets: tuple[Target, ...], *, short: bool, say: Callable[[str], object]) -> None:
        self.targets = targets
        self.short = short
        self.rows: list[Row] = []
        self.failures: list[str] = []
        self.say = say
        self._rounds = rounds

    @property
    def rounds(self) -> range:
        """The numbers of the rounds."""
        return range(1, self._rounds + 1)

    def measure(
        self, part: str, case: str, target: Target, number: int, measure: Callable[[], dict[str, float]]
    ) -> None:
        """Keep what `measure` returns as a row, or what it fails with."""
        title = f"{part}, {case}, round {number} of {self._rounds}: {target.name}"
        try:
            figures = measure()
        except Failed as failed:
            self.failures.append(f"{title}: {failed}")
            self.say(f"{title}: FAILED: {failed}")
        else:
            self.rows.append(Row(part, case, target.name, number, figures))
            self.say(f"{title}: {', '.join(f'{name} {show(value)}' for name, value in figures.items())}")


def show(value: float) -> str:
    """Return a figure in a form that is easy to read."""
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"
