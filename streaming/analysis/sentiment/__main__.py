"""Command line of the sentiment models: python -m streaming.analysis.sentiment, also `cryptoviz sentiment`."""

import json
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from lakehouse.process.commands import EXIT_DONE, new_app
from lakehouse.process.durable_file import replace_file
from lakehouse.process.number_option import wait_option
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import run_until_stopped
from lakehouse.sentiment_models.versions import DEFAULT, ModelHistory, ModelRegistry
from lakehouse.time_range import format_us, to_us
from streaming.analysis.sentiment.evaluate import evaluate, run_on_labels
from streaming.command_line import LakeOption

EveryOption = Annotated[
    float | None, wait_option("run again so long after each run, until SIGTERM; default: once")
]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON document instead of text")]
LabelsOption = Annotated[
    list[Path],
    typer.Option(
        "--labels",
        metavar="FILE",
        help="CSV with columns text, label, perhaps entity, date, language; may be repeated",
    ),
]
TestOption = Annotated[
    list[Path],
    typer.Option(
        "--test",
        metavar="FILE",
        default_factory=list,
        show_default=False,
        help="labelled texts that are only scored, and then decide; may be repeated",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="write the model to this file instead of adding it to the lake"
    ),
]
FromOption = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="TIME",
        show_default=False,
        help="broker time from which it counts, RFC 3339, such as 2026-02-01T00:00:00Z; default: in a few seconds",
    ),
]

app = new_app(
    "Evaluate sentiment scorers on labelled texts, train models on labels of your own, publish them.",
    epilog="""\
examples:
  cryptoviz sentiment evaluate --data titles.csv --json
  cryptoviz sentiment train --labels labels.csv
  cryptoviz sentiment train --labels older.csv --test newer.csv --out model.json --json
  cryptoviz sentiment promote 1 --from 2026-02-01T00:00:00Z

  cryptoviz sentiment shadow --every 60

A model in the lake is the shadow's until it is promoted. `train` and `shadow` need the extra [semantic].""",
)


app.command(name="evaluate")(evaluate)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_on_labels(app, arguments, prog="python -m streaming.analysis.sentiment")


@app.command()
def train(
    labels: LabelsOption,
    test: TestOption,
    out: OutOption = None,
    lake: LakeOption = "",
    as_json: JsonOption = False,
) -> int:
    """Train a model on labelled texts, and say whether it is better than what is published.

    It is tried on texts that it has not seen: the newest third, or a file of their own, and by cross-validation.
    """
    from streaming.analysis.sentiment.publishing import ScorerSettings, published_scorers
    from streaming.analysis.sentiment.semantic.loading import EncoderSettings, load_vectors
    from streaming.analysis.sentiment.training.train import Scorers
    from streaming.analysis.sentiment.training.train import train as train_model

    settings = Settings.from_environ(os.environ).with_lake(lake)
    encoder = EncoderSettings.of(settings)
    registry = _registry(settings)
    (published,) = published_scorers(
        ScorerSettings(encoder=encoder), registry.history(), time_us=_now_us(), language="en"
    )
    training = train_model(labels, Scorers(load_vectors(encoder), published), test=test)
    if out is not None:
        document = {
            "digest": training.model.digest,
            "model": training.model.to_json(),
            "report": training.report,
        }
        replace_file(out, json.dumps(document, indent=1).encode())
        where: Mapping[str, Any] = {"file": str(out)}
    else:
        where = {"number": registry.add(training.model, training.report)}
    figures = {"digest": training.model.digest, **where, **training.trials[0].to_json(), **training.report}
    print(json.dumps(figures, indent=2) if as_json else _to_text(figures))
    return EXIT_DONE


@app.command()
def models(lake: LakeOption = "", as_json: JsonOption = False) -> int:
    """List the models of the lake, which is published and which runs in the shadow."""
    history = _registry(Settings.from_environ(os.environ).with_lake(lake)).history()
    rows = _to_rows(history, _now_us())
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        print(
            "\n".join(
                f"{row['number']:>3}  {row['state']:<9}  {row['digest']:<8}  {row['verdict']}" for row in rows
            )
        )
    return EXIT_DONE


@app.command()
def promote(
    number: Annotated[int, typer.Argument(min=1, help="number of the model, as `models` lists it")],
    from_time: FromOption = "",
    lake: LakeOption = "",
) -> int:
    """Publish a model's results for texts from a broker time on."""
    registry = _registry(Settings.from_environ(os.environ).with_lake(lake))
    effective_us = registry.publish(number, from_us=_to_instant_us(from_time) if from_time else None)
    print(f"model {number} is published for texts from {format_us(effective_us)} on")
    return EXIT_DONE


@app.command()
def rollback(lake: LakeOption = "") -> int:
    """Publish what was published before the newest promotion; one that does not count yet is cancelled."""
    number, effective_us = _registry(Settings.from_environ(os.environ).with_lake(lake)).roll_back()
    what = "vader-crypto" if number == DEFAULT else f"model {number}"
    print(f"{what} is published for texts from {format_us(effective_us)} on")
    return EXIT_DONE


@app.command()
def shadow(every: EveryOption = None, lake: LakeOption = "", as_json: JsonOption = False) -> int:
    """Score new texts of the lake by the model in the shadow, and compare its labels with the published ones.

    Results go to the table sentiment_shadow and are not published. Both abstain as CRYPTOVIZ_SENTIMENT_UNSURE_BELOW
    says. Safe to kill at any moment.
    """
    settings = Settings.from_environ(os.environ).with_lake(lake)

    def work(stopping: threading.Event) -> int:
        while not stopping.is_set():
            print(_run_shadow(settings, as_json=as_json), flush=True)
            if not every or stopping.wait(every):
                break
        return EXIT_DONE

    return run_until_stopped(work) if every else work(threading.Event())


@app.command()
def stories(as_json: JsonOption = False) -> int:
    """Measure how well near-duplicate headlines are found to tell one story, on labelled headlines of this project."""
    from streaming.analysis.sentiment.evaluation.stories import story_figures, to_document, to_lines

    figures = story_figures()
    print(json.dumps(to_document(figures), indent=2) if as_json else "\n".join(to_lines(figures)))
    return EXIT_DONE


def _run_shadow(settings: Settings, *, as_json: bool) -> str:
    """Run the shadow once; return what the table says since the newest model."""
    from lakehouse.lake import Lake
    from lakehouse.schema.tables import SENTIMENT_SHADOW
    from streaming.analysis.sentiment.publishing import ScorerSettings
    from streaming.analysis.sentiment.query import read_catalogue
    from streaming.analysis.sentiment.semantic.loading import EncoderSettings
    from streaming.analysis.sentiment.shadow import COMPARED_COLUMNS, compare_live, in_words, run_shadow

    scorers = ScorerSettings(
        unsure_below=settings.sentiment_unsure_below, encoder=EncoderSettings.of(settings)
    )
    location = settings.lake_location()
    lake = Lake(location)
    report = run_shadow(lake, read_catalogue(scorers, location))
    rows = None
    if report.n_rows or lake.snapshot(optional=(SENTIMENT_SHADOW.name,)).tables:
        rows = lake.table(SENTIMENT_SHADOW.name).select(*COMPARED_COLUMNS).arrow()
    comparisons = compare_live(rows) if rows else []
    if as_json:
        document = {**asdict(report), "comparisons": [asdict(each) for each in comparisons]}
        return json.dumps(document, indent=2)
    lines = [
        f"{report.n_texts:,} new texts, {report.n_rows:,} results in the shadow",
        *map(in_words, comparisons),
    ]
    return "\n".join(lines)


def _registry(settings: Settings) -> ModelRegistry:
    return ModelRegistry(settings.lake_location(), _now_us)


def _now_us() -> int:
    return time.time_ns() // 1_000


def _to_instant_us(text: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no time; RFC 3339 such as 2026-02-01T00:00:00Z is accepted", param_hint="--from"
        ) from None
    return to_us(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def _to_rows(history: ModelHistory, now_us: int) -> list[dict[str, Any]]:
    """Return the scorer without a model and each model, with its state at an instant."""
    published, shadow = history.published_at(now_us), history.shadow_at(now_us)
    rows: list[dict[str, Any]] = [
        {"number": DEFAULT, "digest": "", "verdict": "vader-crypto, the scorer of the code"}
    ]
    rows += [
        {
            "number": event.document,
            "digest": event.model.digest,
            "verdict": str(event.report.get("verdict", "")),
            "added_time": format_us(event.effective_us),
        }
        for event in history.events
        if event.model is not None
    ]
    for row in rows:
        is_shadow = row["number"] == shadow != DEFAULT
        row["state"] = "published" if row["number"] == published else "shadow" if is_shadow else "kept"
    return rows


def _to_text(figures: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count:,} {label}" for label, count in figures["labels"].items())
    lines = [f"{figures['n_texts']:,} texts ({counts}), {', '.join(figures['languages'])}"]
    for trial in figures["trials"]:
        lower, upper = trial["macro_f1_interval"]
        lines.append(
            f"  {trial['protocol']}: macro-F1 {trial['macro_f1']:.3f} [{lower:.3f}, {upper:.3f}], published "
            f"{trial['published_macro_f1']:.3f}, p = {trial['p_value']:.2g}, calibration error {trial['ece']:.3f}, "
            f"Brier {trial['brier']:.3f} (n = {trial['n']:,})"
        )
    if "number" in figures:
        number = figures["number"]
        where = f"It is model {number} and runs in the shadow; `cryptoviz sentiment promote {number}` publishes it."
    else:
        where = f"It is in {figures['file']}."
    return "\n".join([*lines, figures["verdict"], where])


if __name__ == "__main__":
    sys.exit(main())
