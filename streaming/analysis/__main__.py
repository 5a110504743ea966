"""Command line of the analysis on its own: raw news and prices in, sentiment and predictions out.

python -m streaming.analysis run
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    from streaming.analysis.sentiment.publishing import ScorerSettings
    from streaming.analysis.service import AnalysisSettings


QueriesOption = Annotated[
    list[str],
    typer.Option(
        "--queries",
        metavar="NAME",
        default_factory=list,
        show_default=False,
        help="only this query, sentiment or prediction; may be repeated; default: all",
    ),
]
ScorersOption = Annotated[
    list[str],
    typer.Option(
        "--scorers",
        metavar="NAME",
        default_factory=list,
        show_default=False,
        help="whose sentiments are published, vader-crypto or e5-logistic; may be repeated, which mixes models in the "
        "default series; default: the model that `cryptoviz sentiment promote` published, else vader-crypto",
    ),
]
AnalysisCheckpointsOption = Annotated[
    str,
    typer.Option(
        "--analysis-checkpoints",
        metavar="DIR",
        show_default=False,
        help="how far each query got; without it everything that Kafka holds is analysed again; default: "
        "checkpoints/analysis in CRYPTOVIZ_RUNTIME_DIR",
    ),
]

app = new_spark_app(
    "From raw-news and raw-price to analyzed-sentiment and predicted-price, at least once.",
    epilog="Kafka is named by CRYPTOVIZ_KAFKA_* variables. `python -m streaming run` runs it together with\n"
    "ingestion in one Spark. Exit codes: 0 stopped as asked, 1 failed, 2 not understood, 3 an operator has to decide.",
)
main = partial(run_spark_app, app, prog="python -m streaming.analysis", program="analysis")


@app.command("run", epilog=master_epilog())
def run_analysis(
    context: typer.Context,
    queries: QueriesOption,
    scorers: ScorersOption,
    analysis_checkpoints: AnalysisCheckpointsOption = "",
    master: MasterOption = "",
    driver_memory: MemoryOption = "1g",
    jars: JarsOption = SPARK_JARS,
) -> int:
    """Analyse until SIGTERM; safe to kill at any moment."""
    settings = start_command(context)
    spark = SparkOptions.of_command(settings, master=master, driver_memory=driver_memory, jars=jars)

    def service(stopping: threading.Event) -> None:
        from lakehouse.process.metrics import serve_metrics
        from streaming.analysis.service import AnalysisService

        serve_metrics("analysis", settings.metrics_addresses())
        analysis_settings = to_analysis_settings(
            settings, queries=queries, scorers=scorers, checkpoints=analysis_checkpoints
        )
        start = partial(spark.start, app_name="cryptoviz-analysis")
        AnalysisService(start, analysis_settings, stopping=stopping).run()

    return run_service("streaming.analysis", service)


def to_analysis_settings(
    settings: Settings, *, queries: Sequence[str], scorers: Sequence[str], checkpoints: str
) -> AnalysisSettings:
    """Return what the service needs, as the options say. Raises: typer.BadParameter, SettingError."""
    from streaming.analysis.queries import QUERY_NAMES, all_queries
    from streaming.analysis.sentiment.scorers import SCORERS
    from streaming.analysis.service import AnalysisSettings

    _validate_names("--queries", queries, QUERY_NAMES)
    _validate_names("--scorers", scorers, SCORERS)
    all_of_them = all_queries(
        scorers=to_scorer_settings(settings, scorers),
        lake=settings.lake_location(),
        market_rules=settings.market_rules(),
    )
    return AnalysisSettings(
        kafka=settings.kafka.required(),
        queries=tuple(query for query in all_of_them if not queries or query.name in queries),
        checkpoint_dir=Path(checkpoints or settings.analysis_checkpoints_dir),
    )


def to_scorer_settings(settings: Settings, names: Sequence[str] = ()) -> ScorerSettings:
    """Return who scores texts, as settings and option say. Raises: typer.BadParameter where an extra is missing."""
    from streaming.analysis.sentiment.publishing import ScorerSettings
    from streaming.analysis.sentiment.semantic.loading import EncoderSettings, check_installed
    from streaming.analysis.sentiment.semantic.semantic_scorer import MODEL as E5_LOGISTIC
    from streaming.errors import EncoderError

    encoder = EncoderSettings.of(settings)
    if E5_LOGISTIC in names:
        try:
            check_installed(encoder)
        except EncoderError as error:
            raise typer.BadParameter(f"{E5_LOGISTIC} cannot run: {error}", param_hint="--scorers") from error
    return ScorerSettings(names=tuple(names), unsure_below=settings.sentiment_unsure_below, encoder=encoder)


def _validate_names(option: str, names: Sequence[str], accepted: Collection[str]) -> None:
    for name in names:
        if name not in accepted:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(accepted)}", param_hint=option)


if __name__ == "__main__":
    end_process(main())
