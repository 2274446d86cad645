"""The results as text: claims, medians, and the figures of every round."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from statistics import median

from bench.claims import Claim
from bench.machine import describe
from bench.run import Row, Run, show
from bench.targets import version


def document(run: Run, judged: Sequence[Claim], command: str) -> str:
    """Return the whole report, in Markdown."""
    about = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": f"`{command}`",
        **describe(),
        **{target.name: version(target) for target in run.targets},
    }
    return "\n\n".join(
        [
            "# Benchmark",
            "A delivery is one message at one peer. Every delivery was counted, and checked byte by byte. "
            "The servers took turns; a ratio is the median of the ratios of each round, with the least and the most.",
            table(("what", "here"), about.items()),
            *_failures(run.failures),
            "## Claims",
            claims_table(judged),
            "## Medians",
            *tables(_medians(run.rows), with_round=False),
            "## Every round",
            *tables(run.rows, with_round=True),
            "",
        ]
    )


def claims_table(judged: Iterable[Claim]) -> str:
    """Return the claims as a table."""
    return table(
        ("claim", "required", "measured", "holds"),
        [
            (claim.claim, claim.required, claim.measured, {True: "yes", False: "**no**", None: "–"}[claim.holds])
            for claim in judged
        ],
    )


def tables(rows: Sequence[Row], *, with_round: bool) -> list[str]:
    """Return a table for each kind of measurement."""
    found = []
    kinds = dict.fromkeys((row.part, tuple(row.figures)) for row in rows)
    for part, figures in kinds:
        chosen = [row for row in rows if (row.part, tuple(row.figures)) == (part, figures)]
        # Rounds and cases alternate while measuring, and read better side by side.
        cases = list(dict.fromkeys(row.case for row in chosen))
        chosen.sort(key=lambda row: cases.index(row.case))
        head = (part, "server", *["round"] * with_round, *figures)
        lines = [
            (row.case, row.target, *[str(row.round)] * with_round, *map(show, row.figures.values())) for row in chosen
        ]
        found.append(table(head, lines))
    return found


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table that is also readable as it is."""
    cells = [tuple(head), *[tuple(line) for line in lines]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    rows.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(rows)


def _failures(failures: Sequence[str]) -> list[str]:
    if not failures:
        return []
    return ["## Failures", "\n".join(f"- {failure}" for failure in failures)]


def _medians(rows: Sequence[Row]) -> list[Row]:
    kinds = dict.fromkeys((row.part, row.case, row.target) for row in rows)
    found = []
    for kind in kinds:
        chosen = [row.figures for row in rows if row[:3] == kind]
        figures = {name: median(each[name] for each in chosen) for name in chosen[0]}
        found.append(Row(*kind, 0, figures))
    return found
