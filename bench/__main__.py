"""The command line of the benchmark: `python -m bench [PART...]`, from the repository's root."""

import argparse
import gc
import signal
import sys
import time
from pathlib import Path

from bench import faults, machine, parts, rooms, servers
from bench.chart import chart
from bench.claims import claims
from bench.report import claims_table, document, tables
from bench.run import Run
from bench.targets import ASYNCCHAT, TARGETS, TEXTBOOK

PARTS = {
    "flood": parts.flood,
    "paced": parts.paced,
    "many": parts.many,
    "store": parts.store,
    "web": parts.web,
    "tls": parts.tls,
    "rooms": rooms.rooms,
    "servers": servers.servers,
    "stalled": faults.stalled,
    "flooder": faults.flooder,
}
_ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Measure; return 0, or 1 if a delivery was missing, doubled or wrong, or a server failed."""
    options = _options()
    names = options.parts or list(PARTS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that every server is stopped
    machine.prepare()
    gc.disable()  # a pause would look like the server's
    start = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - start:6.1f} s  {text}", file=sys.stderr, flush=True)

    targets = (ASYNCCHAT, TEXTBOOK) if options.short else tuple(target for target in TARGETS if target.installed)
    run = Run(options.rounds or (1 if options.short else 3), targets, short=options.short, say=say)
    for name in names:
        PARTS[name](run)
        gc.collect()
    _write(run, options, names)
    for failure in run.failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    return 1 if run.failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure asyncchat against other chat servers, and count every delivery."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--short", action="store_true", help="few peers and messages, one round: counts, not times")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often to measure everything (default: 3)")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where to write results.md and bench.svg (default: bench/ and docs/, if all is measured in full)",
    )
    options = parser.parse_args()
    if unknown := [name for name in options.parts if name not in PARTS]:
        parser.error(f"there is no part {unknown[0]}; the parts are {', '.join(PARTS)}")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


def _write(run: Run, options: argparse.Namespace, names: list[str]) -> None:
    judged = (
        [] if options.short else [claim for claim in claims(run.rows) if claim.holds is not None or not options.parts]
    )
    print("\n\n".join([*tables(run.rows, with_round=True), claims_table(judged) if judged else ""]))
    deliveries = sum(int(row.figures.get("deliveries", 0)) for row in run.rows)
    print(f"{len(run.rows)} measurements, {len(run.failures)} failures, {deliveries} deliveries counted in floods")
    table = plot = None
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        table, plot = options.out / "results.md", options.out / "bench.svg"
    elif not options.short and set(names) == set(PARTS):
        table, plot = _ROOT / "bench" / "results.md", _ROOT / "docs" / "bench.svg"
    if table and plot:
        table.write_text(document(run, judged, " ".join(["python -m bench", *sys.argv[1:]])), encoding="utf-8")
        if drawn := chart(run.rows):
            plot.write_text(drawn, encoding="utf-8")
        run.say(f"written: {table} and {plot}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
