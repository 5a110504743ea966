"""Table of the sub-commands. A module is imported when its command runs, so that the help starts at once."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OWN_PACKAGES = frozenset({"api", "compaction", "cryptoviz", "demo", "lakehouse", "streaming"})
EXIT_FAILED = 1


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command: ``module`` has `main(arguments) -> int`, and ``prefix`` comes before the arguments.

    ``extra`` names the extra of the distribution that has what the command imports; empty where the base is enough.
    """

    name: str
    module: str
    help: str
    prefix: tuple[str, ...] = ()
    extra: str = ""

    def run(self, arguments: Sequence[str]) -> int:
        """Run the module's `main` as if it had been started by `python -m`, and return its exit code.

        A package that is not installed is one line on stderr that names the extra.
        """
        complete = [*self.prefix, *arguments]
        sys.argv = [self.module, *complete]  # programs that start again after a failure read it
        try:
            main: Callable[[Sequence[str]], int] = importlib.import_module(self.module).main
            return main(complete)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if not self.extra or missing in OWN_PACKAGES:
                raise
            print(f"cryptoviz {self.name} needs {missing}: {to_install(self.extra)}", file=sys.stderr)
            return EXIT_FAILED


def _of_streaming(name: str, module: str, help: str) -> Command:
    return Command(name, module, help, extra="stream")


def _of_compaction(name: str, help: str, command: str = "") -> Command:
    return Command(name, "compaction.__main__", help, (command or name,), extra="stream")


GROUPS: Mapping[str, tuple[Command, ...]] = {
    "Services": (
        Command("demo", "demo.__main__", "run the whole pipeline on this machine", extra="all"),
        Command("api", "api.__main__", "serve histories, WebSocket and viewer", extra="api"),
        _of_streaming("stream", "streaming.__main__", "run ingestion and analysis in one Spark application"),
        _of_streaming("ingest", "streaming.ingest.__main__", "ingest Kafka into the lake; rebuild, exclude"),
        _of_streaming("analysis", "streaming.analysis.__main__", "run the analyses of news and prices"),
        _of_streaming("collect", "streaming.collect.__main__", "collect news and prices into Kafka"),
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
        _of_streaming(
            "doctor", "streaming.doctor.__main__", "check settings, packages, processes, broker, tables"
        ),
        _of_streaming("jars", "streaming.jars.__main__", "fetch the jars of Spark and the broker"),
        Command("manage", "api.manage", "run Django's commands: createsuperuser, migrate", extra="api"),
        _of_streaming("topics", "streaming.kafka.topics", "create the topics of Kafka"),
        _of_streaming("broker", "streaming.broker.__main__", "run a Kafka broker on this machine"),
        _of_streaming("feed", "streaming.feed.__main__", "publish generated messages"),
        _of_streaming(
            "forecast", "streaming.analysis.prediction.__main__", "evaluate the forecaster on candles"
        ),
        _of_streaming(
            "offline", "streaming.offline.__main__", "serve generated news and markets to collectors"
        ),
    ),
}
COMMANDS = {command.name: command for commands in GROUPS.values() for command in commands}


def to_help() -> str:
    """Return the help of the command: usage, and a line for each sub-command."""
    width = max(map(len, COMMANDS))
    lines = ["Usage: cryptoviz COMMAND [OPTIONS] ...", "", "Crypto analytics from Kafka to answers."]
    for title, commands in GROUPS.items():
        lines += ["", f"{title}:", *(f"  {command.name:<{width}}  {command.help}" for command in commands)]
    return "\n".join(
        [
            *lines,
            "",
            "cryptoviz COMMAND --help shows the options of a command; cryptoviz --version says which this is.",
        ]
    )


def to_version() -> str:
    """Return the version of the wheel or checkout that runs, and of Python."""
    import tomllib  # here: the help needs neither
    from importlib.metadata import version

    project = Path(__file__).resolve().parents[1] / "pyproject.toml"
    if project.is_file():
        own = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"] + " (checkout)"
    else:
        own = version("cryptoviz")
    return f"cryptoviz {own}, Python {sys.version.split()[0]}"


def to_install(extra: str) -> str:
    """Return the command that installs an extra of the distribution."""
    return f"pip install 'cryptoviz[{extra}]'"


def to_unknown(name: str) -> str:
    """Return the message for a command that does not exist, with the nearest name."""
    from lakehouse.process.suggestions import did_you_mean  # here: the help imports no program

    hint = did_you_mean(name, COMMANDS) or "; cryptoviz --help lists them"
    return f"cryptoviz: there is no command {name}{hint}"
