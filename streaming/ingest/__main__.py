"""Command line of ingestion: `run` it, `accept-loss`, `rebuild` gold from bronze, `exclude` a wrong message.

python -m streaming.ingest run
"""

from __future__ import annotations

import getpass
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.process.commands import EXIT_DONE, to_record_id
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_process
from streaming.command_line import (
    JarsOption,
    MasterOption,
    MemoryOption,
    SparkOptions,
    master_epilog,
    new_spark_app,
    run_service,
    run_spark_app,
    start_command,
)
from streaming.jars.folder import SPARK_JARS

if TYPE_CHECKING:
    from streaming.ingest.run import IngestSettings


ReasonOption = Annotated[
    str, typer.Option("--reason", show_default=False, help="why, in your words; recorded")
]
ByOption = Annotated[
    str,
    typer.Option(
        "--by", default_factory=getpass.getuser, show_default=False, help="who does it; default: this user"
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", help="do it; without this nothing is changed")]
CheckpointsOption = Annotated[
    str,
    typer.Option(
        "--checkpoints",
        metavar="DIR",
        show_default=False,
        help="disposable; default: checkpoints/ingest in CRYPTOVIZ_RUNTIME_DIR",
    ),
]
TriggerOption = Annotated[int, typer.Option("--trigger-ms", min=1, help="least time between two batches")]
MaxRecordsOption = Annotated[int, typer.Option("--max-records", min=1, help="most records in one batch")]

app = new_spark_app(
    "From the result topics into bronze, gold, quarantine and duplicates, exactly once.",
    epilog="Kafka is named by CRYPTOVIZ_KAFKA_* variables, the lake by --lake, CRYPTOVIZ_LAKE_URI or "
    "CRYPTOVIZ_RUNTIME_DIR.\nExit codes: 0 done, or stopped as asked; 1 failed; 2 not understood; 3 an operator has to "
    "decide\n(offsets are lost, topic compacted).",
)
main = partial(run_spark_app, app, prog="python -m streaming.ingest", program="ingest")


@app.command("run", epilog=master_epilog())
def run_ingestion(
    context: typer.Context,
    master: MasterOption = "",
    driver_memory: MemoryOption = "1g",
    jars: JarsOption = SPARK_JARS,
    checkpoints: CheckpointsOption = "",
    trigger_ms: TriggerOption = 250,
    max_records: MaxRecordsOption = 50_000,
) -> int:
    """Ingest until SIGTERM; safe to kill at any moment."""
    settings = start_command(context)
    spark = SparkOptions.of_command(settings, master=master, driver_memory=driver_memory, jars=jars)

    def service(stopping: threading.Event) -> None:
        from lakehouse.process.metrics import serve_metrics
        from streaming.ingest.run import IngestService

        serve_metrics("ingest", settings.metrics_addresses())
        ingest_settings = to_ingest_settings(
            settings, checkpoints=checkpoints, trigger_ms=trigger_ms, max_records=max_records
        )
        start = partial(spark.start, app_name="cryptoviz-ingest")
        IngestService(start, ingest_settings, stopping=stopping).run()

    return run_service("streaming.ingest", service)


@app.command()
def accept_loss(context: typer.Context, reason: ReasonOption, by: ByOption, yes: YesOption = False) -> int:
    """Accept, and record for ever, that Kafka lost offsets; a dry run without --yes."""
    from lakehouse.messages.contract import CONTRACTS
    from streaming.ingest.loss import accept_losses

    settings = start_command(context)
    losses = accept_losses(
        lake=settings.lake_location(),
        kafka=settings.kafka.required(),
        topics=tuple(CONTRACTS),
        reason=reason,
        accepted_by=by,
        dry_run=not yes,
    )
    for loss in losses:
        print(f"{'accepted' if yes else 'would accept'}: {loss.in_words()}")
    if not losses:
        print("nothing is lost: Kafka still has everything that the tables have not ingested")
    elif not yes:
        print("nothing was changed; add --yes to accept and record this")
    return EXIT_DONE


@app.command()
def rebuild(context: typer.Context, reason: ReasonOption) -> int:
    """Make gold, quarantine and duplicates again from bronze, then serve them."""
    from streaming.ingest.rebuild import rebuild as make_build

    settings = start_command(context)
    build = make_build(
        lake=settings.lake_location(),
        reason=reason,
        progress=print,
        runtime_dir=settings.runtime_dir,
        market_rules=settings.market_rules(),
    )
    print(f"build {build.number} ({build.build_id}) is served now; the old one was left in place")
    return EXIT_DONE


@app.command()
def exclude(
    context: typer.Context,
    record_id: Annotated[
        str, typer.Argument(metavar="TOPIC_ID/PARTITION/OFFSET", help="the record id of the message")
    ],
    reason: ReasonOption,
    by: ByOption,
    yes: YesOption = False,
) -> int:
    """Take a wrong message out of gold, and rebuild what came since its day without it; a dry run without --yes."""
    from streaming.ingest.exclusion import exclude as make_exclusion
    from streaming.ingest.exclusion import find_exclusion

    record, settings = to_record_id(record_id), start_command(context)
    lake = settings.lake_location()
    if not yes:
        print(f"would exclude {find_exclusion(lake, record).in_words()}")
        print("nothing was changed; add --yes to exclude it, for ever")
        return EXIT_DONE
    build = make_exclusion(
        lake=lake,
        record_id=record,
        reason=reason,
        excluded_by=by,
        progress=print,
        runtime_dir=settings.runtime_dir,
        market_rules=settings.market_rules(),
    )
    print(f"build {build.number} ({build.build_id}) is served now, without the message")
    return EXIT_DONE


def to_ingest_settings(
    settings: Settings, *, checkpoints: str, trigger_ms: int, max_records: int
) -> IngestSettings:
    """Return what the service needs, as the options say. Raises: SettingError where no cluster is named."""
    from lakehouse.messages.contract import CONTRACTS
    from streaming.ingest.run import IngestSettings

    return IngestSettings(
        lake=settings.lake_location(),
        kafka=settings.kafka.required(),
        topics=tuple(CONTRACTS),
        checkpoint_dir=Path(checkpoints or settings.ingest_checkpoints_dir),
        trigger_milliseconds=trigger_ms,
        max_records_per_batch=max_records,
    )


if __name__ == "__main__":
    end_process(main())
