"""Command line of the offline server: python -m streaming.offline."""

import logging
import os
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, print_error, run, single_command
from lakehouse.process.durable_file import replace_file
from lakehouse.process.log_lines import configure_logging
from lakehouse.process.number_option import number_option
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_process, run_until_stopped
from streaming.command_line import FAILURES
from streaming.feed.prices.options import SETTINGS_HELP, Link, MarketSettings, to_behaviour
from streaming.offline.http_server import OfflineServer, World
from streaming.offline.news_wire import NewsWire
from streaming.offline.trades import TradeBook

URL_FILE = "url"

_DESCRIPTION = """\
Serves generated news and a generated market on this machine, for collectors that need no internet.

  /news/chainwire.rss, ledgerdaily, tradersforum (English), journaldubloc, cryptohebdo (French); .atom, too
  /exchange/0/public/AssetPairs, Trades, Time: an exchange's public API as ccxt's class `kraken` calls it

The last --days are there at once, and new texts and trades keep coming. All of it is a function of --seed, --link,
--market and the time, so a restart serves the same. The address is written to DIR/url once the server answers."""

_EXAMPLES = f"""\
examples:
  python -m streaming.offline &
  python -m streaming.collect news --print --seconds 5
  python -m streaming.offline --link 1
      prices follow the news of their asset, which they do not by default: to see whether a model learns it

{SETTINGS_HELP}"""

_DAYS = "days from 0 to 89"

logger = logging.getLogger("streaming.offline")


def serve(
    port: Annotated[int, typer.Option(help="0: the last one, else any free one", min=0, max=65_535)] = 0,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="folder of the address (default: offline in CRYPTOVIZ_RUNTIME_DIR)"),
    ] = None,
    seed: Annotated[int, typer.Option(help="of everything")] = 7,
    days: Annotated[float, number_option(_DAYS, at_least=0, at_most=89, help="length of the history")] = 7.0,
    link: Link = 0.0,
    market: MarketSettings = "",
    news_every: Annotated[int, typer.Option(metavar="SECONDS", help="a text", min=1, max=3_600)] = 120,
    trades_a_minute: Annotated[int, typer.Option(metavar="N", help="in each market", min=1, max=3_600)] = 4,
) -> int:
    settings = Settings.from_environ(os.environ)
    configure_logging(settings, sys.stderr)
    wire = NewsWire(seed=seed, every_seconds=news_every)
    behaviour = to_behaviour(link, market)
    book = TradeBook(seed=seed, a_minute=trades_a_minute, wire=wire, behaviour=behaviour)
    url_path = (directory or settings.offline_dir) / URL_FILE
    return run_until_stopped(lambda stopping: _serve(book, days, port, url_path, stopping))


def _serve(book: TradeBook, days: float, port: int, url_path: Path, stopping: threading.Event) -> int:
    try:
        server = _listen(World(book, days=days), port, url_path)
    except OSError as error:
        print_error("offline", f"cannot listen on port {port}: {error}")
        return EXIT_FAILED
    with server:
        replace_file(url_path, server.url.encode())
        logger.info("offline ready url=%s seed=%d market=%s", server.url, book.seed, book.behaviour.variant)
        stopping.wait()
    logger.info("offline stopped")
    return EXIT_DONE


def _listen(world: World, port: int, url_path: Path) -> OfflineServer:
    """Listen on the given port; for 0 on the last one where it is free, else on any."""
    last_port = url_path.read_text(encoding="utf-8").rpartition(":")[2] if url_path.exists() else ""
    if port == 0 and last_port.isdigit():
        try:
            return OfflineServer(world, port=int(last_port))
        except OSError as error:
            logger.warning("port %s is in use: %s", last_port, error)
    return OfflineServer(world, port=port)


app = single_command(serve, description=_DESCRIPTION, epilog=_EXAMPLES)
main = partial(run, app, prog="python -m streaming.offline", failures=FAILURES)

if __name__ == "__main__":
    end_process(main())
