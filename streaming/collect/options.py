"""Options of the collectors' command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from lakehouse.process.number_option import seconds_option
from streaming.collect.source import DEFAULT_PROFILE

Kind = Literal["news", "prices"]
Sources = Annotated[Path, typer.Option(help="TOML file of profiles", show_default=False)]
ProfileName = Annotated[str, typer.Option("--profile", help="profile to collect")]
Only = Annotated[
    str | None, typer.Option(help="these sources or venues, comma-separated", show_default=False)
]
OfflineDir = Annotated[
    Path | None,
    typer.Option(
        "--offline",
        help="folder with the offline server's address (default: offline in CRYPTOVIZ_RUNTIME_DIR)",
    ),
]
StateDir = Annotated[
    Path | None,
    typer.Option(
        "--state", help="folder of the state between two starts (default: collect in CRYPTOVIZ_RUNTIME_DIR)"
    ),
]
RecordDir = Annotated[
    Path | None, typer.Option("--record", help="new folder for every raw answer with its instant")
]
PlaybackDir = Annotated[
    Path | None, typer.Option("--replay", help="folder of a recording to play back, without network")
]
Bootstrap = Annotated[str | None, typer.Option(help="host:port of the cluster, comma-separated")]
Seconds = Annotated[float | None, seconds_option()]
Prints = Annotated[bool, typer.Option("--print", help="to the terminal, not to Kafka; without state")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of one collector process."""

    kind: Kind
    sources: Path
    profile: str = DEFAULT_PROFILE
    only: frozenset[str] = frozenset()
    offline_dir: Path
    state_dir: Path
    record_dir: Path | None = None
    playback_dir: Path | None = None
    bootstrap: str | None = None
    seconds: float | None = None
    prints: bool = False


def parse_names(text: str | None) -> frozenset[str]:
    """Return the names of a comma-separated list; none without a list. Raises: BadParameter."""
    if text is None:
        return frozenset()
    names = frozenset(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise typer.BadParameter(f"{text!r}: name at least one source", param_hint="--only")
    return names
