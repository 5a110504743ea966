"""Table of the sub-commands. A module is imported when its command runs, so that the help starts at once."""

import difflib
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command: ``module`` has `main(arguments) -> int`, and ``prefix`` comes before the arguments."""

    name: str
    module: str
    help: str
    prefix: tuple[str, ...] = ()

    def run(self, arguments: Sequence[str]) -> int:
        """Run the module's `main` as if it had been started by `python -m`, and return its exit code."""
        main: Callable[[Sequence[str]], int] = importlib.import_module(self.module).main
        complete = [*self.prefix, *arguments]
        sys.argv = [self.module, *complete]  # programs that start again after a failure read it
        return main(complete)


def _of_compaction(name: str, help: str, command: str = "") -> Command:
    return Command(name, "compaction.__main__", help, (command or name,))


GROUPS: Mapping[str, tuple[Command, ...]] = {
    "Services": (
        Command("demo", "demo.__main__", "run the whole pipeline on this machine"),
        Command("api", "api.__main__", "serve histories, WebSocket and viewer"),
        Command("stream", "streaming.__main__", "run ingestion and analysis in one Spark application"),
        Command("ingest", "streaming.ingest.__main__", "ingest Kafka into the lake; rebuild, exclude"),
        Command("analysis", "streaming.analysis.__main__", "run the analyses of news and prices"),
        Command("collect", "streaming.collect.__main__", "collect news and prices into Kafka"),
    ),
    "Tables": (
        Command("sentiment", "streaming.analysis.sentiment.__main__", "train and publish sentiment models"),
        Command("sql", "cryptoviz.sql", "run a query on the tables of the lake"),
        _of_compaction("table-service", "maintain every table: the command of cron", "run"),
        _of_compaction("plan", "show what table-service would do, and why"),
        _of_compaction("compact", "rewrite small files into sorted ones"),
        _of_compaction("refresh", "bring rollups and scores up to date"),
        _of_compaction("checkpoint", "checkpoint logs that have grown"),
        _of_compaction("vacuum", "remove files that no recent version needs"),
        _of_compaction("expire", "remove days that retention no longer covers"),
        _of_compaction("fsck", "check files, rows and records against the log and bronze"),
        _of_compaction("history", "show the runs of the table service"),
        _of_compaction("quarantine", "list, show and replay rejected messages"),
        _of_compaction("schedule", "print a crontab or systemd units for table-service"),
        Command("backup", "compaction.backup.__main__", "create and check backups"),
        Command("restore", "compaction.backup.__main__", "restore a backup", ("restore",)),
    ),
    "Development": (
        Command("doctor", "streaming.doctor.__main__", "check settings, packages, processes, broker, tables"),
        Command("topics", "streaming.kafka.topics", "create the topics of Kafka"),
        Command("broker", "streaming.broker.__main__", "run a Kafka broker on this machine"),
        Command("feed", "streaming.feed.__main__", "publish generated messages"),
        Command("forecast", "streaming.analysis.prediction.__main__", "evaluate the forecaster on candles"),
        Command("offline", "streaming.offline.__main__", "serve generated news and markets to collectors"),
    ),
}
COMMANDS = {command.name: command for commands in GROUPS.values() for command in commands}


def to_help() -> str:
    """Return the help of the command: usage, and a line for each sub-command."""
    width = max(map(len, COMMANDS))
    lines = ["Usage: cryptoviz COMMAND [OPTIONS] ...", "", "Crypto analytics from Kafka to answers."]
    for title, commands in GROUPS.items():
        lines += ["", f"{title}:", *(f"  {command.name:<{width}}  {command.help}" for command in commands)]
    return "\n".join([*lines, "", "cryptoviz COMMAND --help shows the options of a command."])


def to_unknown(name: str) -> str:
    """Return the message for a command that does not exist, with the nearest name."""
    nearest = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else "cryptoviz --help lists them"
    return f"cryptoviz: there is no command {name}; {hint}"
