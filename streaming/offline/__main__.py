"""The offline world's command line: python -m streaming.offline."""

import argparse
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from lakehouse.errors import SettingError
from lakehouse.process.commands import EXIT_FAILED, print_error
from lakehouse.process.durable_file import replace_file
from lakehouse.process.log_lines import configure_logging
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_process, run_until_stopped
from streaming.offline.http_server import OfflineServer, World
from streaming.offline.news_wire import NewsWire
from streaming.offline.trades import TradeBook

URL_FILE = "url"

_DESCRIPTION = """\
Serves generated news and a generated market on this machine, for collectors that need no internet.

  /news/chainwire.rss, ledgerdaily, tradersforum (English), journaldubloc, cryptohebdo (French); .atom, too
  /exchange/0/public/AssetPairs, Trades, Time: an exchange's public API as ccxt's class `kraken` asks for it

The last --days of everything are there at once, and new texts and trades keep coming. All of it is a function of
--seed and the time, so a restart serves the same. The address is written to DIR/url when it answers."""

_EXAMPLES = """\
examples:
  python -m streaming.offline &
  python -m streaming.collect news --print --seconds 5
  python -m streaming.offline --link 1
      prices follow the news of their asset, which they do not by default: to see whether a model finds it"""

logger = logging.getLogger("streaming.offline")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.from_environ(os.environ)
    except SettingError as error:
        print_error("offline", error)
        return EXIT_FAILED
    configure_logging(settings, sys.stderr)
    directory = options.dir or settings.offline_dir
    return run_until_stopped(lambda stopping: _serve(options, directory, stopping))


def _serve(options: argparse.Namespace, directory: Path, stopping: threading.Event) -> int:
    wire = NewsWire(seed=options.seed, every_seconds=options.news_every)
    book = TradeBook(seed=options.seed, a_minute=options.trades_a_minute, wire=wire, link=options.link)
    world = World(book, days=options.days)
    try:
        server = _listen(world, options.port, directory / URL_FILE)
    except OSError as error:
        print_error("offline", f"cannot listen on port {options.port}: {error}")
        return EXIT_FAILED
    with server:
        replace_file(directory / URL_FILE, server.url.encode())
        logger.info("offline ready url=%s seed=%d link=%g", server.url, options.seed, options.link)
        stopping.wait()
    logger.info("offline stopped")
    return 0


def _listen(world: World, port: int, url_path: Path) -> OfflineServer:
    """On the port that is asked for; without one, where it listened before if that is free, else anywhere."""
    before = url_path.read_text(encoding="utf-8").rpartition(":")[2] if url_path.exists() else ""
    if port == 0 and before.isdigit():
        try:
            return OfflineServer(world, port=int(before))
        except OSError as error:
            logger.warning("port %s is taken now: %s", before, error)
    return OfflineServer(world, port=port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m streaming.offline",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="default: where it was before, else any free one")
    parser.add_argument(
        "--dir", type=Path, help="where its address is written (default: offline in CRYPTOVIZ_RUNTIME_DIR)"
    )
    parser.add_argument("--seed", type=int, default=7, help="of everything (default 7)")
    parser.add_argument("--days", type=float, default=7.0, help="how far back it goes (default 7)")
    parser.add_argument(
        "--link",
        type=float,
        default=0.0,
        metavar="STRENGTH",
        help="how strongly news move prices (default 0)",
    )
    parser.add_argument(
        "--news-every", type=_count, default=120, metavar="SECONDS", help="a text (default 120)"
    )
    parser.add_argument(
        "--trades-a-minute", type=_count, default=4, metavar="N", help="in each market (default 4)"
    )
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 3_600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 3600")
    return int(text)


if __name__ == "__main__":
    end_process(main())
