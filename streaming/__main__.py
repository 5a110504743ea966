"""Command line of the whole stream: ingestion and analysis in one Spark application, one JVM.

python -m streaming run
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

import typer

from lakehouse.process.stopping import end_process
from streaming.analysis.__main__ import (
    AnalysisCheckpointsOption,
    QueriesOption,
    ScorersOption,
    to_analysis_settings,
)
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
from streaming.ingest.__main__ import (
    CheckpointsOption,
    MaxRecordsOption,
    TriggerOption,
    to_ingest_settings,
)
from streaming.jars.folder import SPARK_JARS

DEFAULT_MASTER = "local[6]"
"""Two tasks for each of three queries, on however many cores: the long tasks of an analysis that catches up must not
keep ingestion waiting for a slot."""

app = new_spark_app(
    "Ingestion (Kafka to Delta) and analysis (news and prices to results) in one Spark.",
    epilog="Kafka is named by CRYPTOVIZ_KAFKA_* variables. Each can run apart: streaming.ingest, streaming.analysis.\n"
    "Exit codes: 0 stopped as asked, 1 failed, 2 not understood, 3 an operator has to decide.",
)
main = partial(run_spark_app, app, prog="python -m streaming", program="stream")


@app.command("run", epilog=master_epilog(DEFAULT_MASTER))
def run_stream(
    context: typer.Context,
    queries: QueriesOption,
    scorers: ScorersOption,
    master: MasterOption = "",
    driver_memory: MemoryOption = "1g",
    jars: JarsOption = SPARK_JARS,
    checkpoints: CheckpointsOption = "",
    trigger_ms: TriggerOption = 250,
    max_records: MaxRecordsOption = 50_000,
    analysis_checkpoints: AnalysisCheckpointsOption = "",
) -> int:
    """Run both until SIGTERM; safe to kill at any moment."""
    settings = start_command(context)
    spark = SparkOptions.of_command(
        settings, master=master, driver_memory=driver_memory, jars=jars, default_master=DEFAULT_MASTER
    )

    def service(stopping: threading.Event) -> None:
        from lakehouse.process.metrics import serve_metrics
        from lakehouse.process.stopping import call_until_stopped
        from streaming.analysis.service import AnalysisService
        from streaming.ingest.run import IngestService

        ingest_settings = to_ingest_settings(
            settings, checkpoints=checkpoints, trigger_ms=trigger_ms, max_records=max_records
        )
        analysis_settings = to_analysis_settings(
            settings, queries=queries, scorers=scorers, checkpoints=analysis_checkpoints
        )
        serve_metrics("stream", settings.metrics_addresses())
        session = call_until_stopped(lambda: spark.start(app_name="cryptoviz"), stopping)
        ingest = IngestService(lambda: session, ingest_settings, stopping=stopping)
        analysis = AnalysisService(lambda: session, analysis_settings, stopping=stopping)
        run_together([ingest.run, analysis.run], stopping)

    return run_service("streaming", service)


def run_together(services: Sequence[Callable[[], None]], stopping: threading.Event) -> None:
    """Run services until one of them ends, then stop the others and raise the first failure."""
    failures: list[BaseException] = []

    def run_one(service: Callable[[], None]) -> None:
        try:
            service()
        except BaseException as error:  # noqa: BLE001  raised again below
            failures.append(error)
        finally:
            stopping.set()

    threads = [threading.Thread(target=run_one, args=(service,), daemon=True) for service in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


if __name__ == "__main__":
    end_process(main())
