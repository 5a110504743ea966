"""The stretches of price history that exchanges did not give, as the collectors' state holds them."""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from lakehouse.messages.contract import RAW_PRICE
from lakehouse.process.commands import EXIT_FAILED, print_error
from lakehouse.process.settings import Settings
from streaming.collect.errors import StateFileError
from streaming.collect.prices import MAX_GAPS, Gap, MarketState
from streaming.collect.state import StateStore


def main(arguments: Sequence[str], settings: Settings) -> int:
    options = _parser(settings).parse_args(arguments)
    if not options.state.is_dir():
        print_error("collect", f"there is no folder {options.state}: did a collector run with this --state?")
        return EXIT_FAILED
    try:
        found = list(find_gaps(options.state))
    except StateFileError as error:
        print_error("collect", error)
        return EXIT_FAILED
    for market, gap in found:
        if options.json:
            print(json.dumps({"market": market, **msgspec.to_builtins(gap)}))
        else:
            missing = "unknown" if gap.n_missing is None else gap.n_missing
            print(f"{market}  {gap.after_time} to {gap.before_time}  trades missing: {missing}  {gap.cause}")
    if not found and not options.json:
        print(f"no gap in {options.state}")
    return 0


def find_gaps(state_dir: Path) -> Iterator[tuple[str, Gap]]:
    """Each market (venue-base-quote) and what it lacks, the oldest first. Raises StateFileError."""
    for path in sorted((state_dir / RAW_PRICE.topic).glob("*/*.json")):
        for gap in StateStore(path.parent).read(path.stem, MarketState).gaps:
            yield path.stem, gap


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m streaming.collect gaps",
        description="Lists what exchanges did not give: after when, before when, how many trades, why. "
        f"Each market keeps its last {MAX_GAPS:,} gaps.",
    )
    parser.add_argument(
        "--state", type=Path, default=settings.collect_dir, help="the collectors' (default %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser
