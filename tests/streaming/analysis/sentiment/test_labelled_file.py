"""Labelled files: read whole, or refused by line; figures of what has a result, and why the rest has none."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streaming.analysis.sentiment.__main__ import main as sentiment
from streaming.analysis.sentiment.evaluate import main
from streaming.analysis.sentiment.evaluation.file_figures import Calibration, Scored, calibrate, evaluate_rows
from streaming.analysis.sentiment.evaluation.headlines import LabelledPassage
from streaming.analysis.sentiment.evaluation.labelled_file import (
    LabelledText,
    read_labelled_file,
)
from streaming.analysis.sentiment.scorer import Passage, Polarity
from streaming.analysis.sentiment.scorers import scorer_named
from streaming.errors import LabelsFileError

Written = Callable[[str | bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "titles.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        "text,label\nBitcoin soars,positive\n",
        "\ufefftext,label\r\nBitcoin soars,positive\r\n",
        "label;text\npositive;Bitcoin soars\n",
        "text\tlabel\nBitcoin soars\tpositive\n",
        'text,label\n"Bitcoin soars", Positive \n',
        "text,label\nBitcoin soars,positive\nBitcoin soars,positive\n",
        "text,label,entity,date,lang\nBitcoin soars,POSITIVE,,,\n",
    ],
)
def test_file_is_read_in_its_common_forms(written: Written, content: str) -> None:
    (row,) = read_labelled_file(written(content))

    assert (row.text, row.label, row.entity, row.language) == ("Bitcoin soars", "positive", None, None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "line 1: no column text"),
        ("text\nx\n", "line 1: no column label"),
        ("text,label,mood\nx,positive,good\n", "line 1: unknown column 'mood'"),
        ("text,label,label\nx,positive,positive\n", "line 1: column label twice"),
        ("text,label\n", "no row below the header"),
        ("text,label\nx,good\n", "line 2: label 'good'"),
        ("text,label\na,positive\nb,\n", "line 3: label ''"),
        ("text,label\n ,positive\n", "line 2: text is empty"),
        ("text,label\nx\n", "line 2: fewer fields"),
        ("text,label\nx,positive,more\n", "line 2: more fields"),
        ('text,label\n"x,positive\n', "unexpected end of data"),
        (
            "text,label\na,positive\nb,neutral\na,negative\n",
            "line 2 positive, line 4 negative: contradicting",
        ),
        (b"text,label\na,positive\n\xff,neutral\n", "line 3: no UTF-8"),
    ],
)
def test_wrong_file_is_refused_with_its_lines(
    written: Written, content: str | bytes, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(content)

    with pytest.raises(LabelsFileError) as raised:
        read_labelled_file(path)

    assert str(raised.value).startswith(f"{path}:")
    assert problem in str(raised.value)
    assert main(["--data", str(path)]) == 2
    assert problem in capsys.readouterr().err


def test_many_wrong_lines_are_shown_in_part(written: Written) -> None:
    rows = "".join(f"text {n},good\n" for n in range(25))

    with pytest.raises(LabelsFileError, match=r"line 11: label[^\n]*\n  and 15 more"):
        read_labelled_file(written(f"text,label\n{rows}"))


def test_labels_of_different_entities_do_not_contradict_and_contradictions_can_be_dropped(
    written: Written,
) -> None:
    head = "text,label,entity\nSolana beats Ethereum,positive,sol\nSolana beats Ethereum,negative,eth\n"
    assert len(read_labelled_file(written(head))) == 2

    contradicting = written(f"{head}Solana beats Ethereum,neutral,sol\n")
    (row,) = read_labelled_file(contradicting, drop_contradictions=True)
    assert row.entity == "eth"


@given(content=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_raises_anything_else(written: Written, content: bytes) -> None:
    with suppress(LabelsFileError):
        read_labelled_file(written(b"text,label\n" + content))


def test_figures_tell_why_texts_have_no_result(written: Written) -> None:
    content = "\n".join(
        (
            "text,label,entity,lang",
            "Bitcoin soars to a record,positive,,en",
            "Bitcoin plunges,negative,Bitcoin,en",
            "Le bitcoin s'effondre,negative,btc,fr",
            "Solana overtakes Ethereum,positive,Solana,en",
            "Solana overtakes Ethereum,negative,Ethereum,en",
            "Binance is fined again,negative,Binance,en",
            "Shares of a bank rise,positive,,en",
            "Bitcoin soars while banks fall,negative,Banks,en",
            "El bitcoin sube con fuerza,positive,,es",
        )
    )
    figures = evaluate_rows(read_labelled_file(written(content)), scorer_named("vader-crypto"))

    assert (figures["n"], figures["n_scored"]) == (9, 6)
    assert figures["without_result"] == {
        "nothing of crypto is named": 1,
        "the entity is none that is named": 1,
        "the language is not supported": 1,
    }
    assert figures["share_without_result"] == pytest.approx(1 / 3)
    assert figures["recall"] == {"negative": 1.0, "neutral": None, "positive": 1.0}
    assert (figures["ece"], figures["brier"]) == (None, None)
    assert {language: of["n_scored"] for language, of in figures["languages"].items()} == {"en": 5, "fr": 1}
    assert (figures["conflicts"]["n_texts"], figures["conflicts"]["n_scored"]) == (1, 2)


def test_text_without_a_language_has_the_most_common_one_of_its_file(written: Written) -> None:
    titles = (
        "Bitcoin holders wait for the central bank to decide",
        "Traders are selling bitcoin in New York",
        "XRP soars",
    )
    content = "text,label\n" + "".join(f"{title},neutral\n" for title in titles)

    figures = evaluate_rows(read_labelled_file(written(content)), scorer_named("vader-crypto"))

    assert figures["languages"]["en"]["n_scored"] == 3


def test_json_has_its_figures_and_the_report_has_the_same(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(
        "text,label,lang\nBitcoin soars,positive,en\nBitcoin dives,negative,en\nBank opens,neutral,en\n"
    )

    assert sentiment(["evaluate", "--data", str(path), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert {"macro_f1", "macro_f1_interval", "recall", "share_without_result", "ece", "brier"} <= set(figures)
    assert main(["--data", str(path)]) == 0
    report = capsys.readouterr().out
    assert "without a result  33.3 %" in report
    assert f"macro-F1 {figures['macro_f1']:.3f}" in report


def test_file_without_any_result_has_no_figures(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    path = written("text,label\nBank opens,neutral\n")

    assert main(["--data", str(path), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["share_without_result"], figures["macro_f1"], figures["recall"]) == (1.0, None, None)
    assert main(["--data", str(path)]) == 0
    assert "nothing scored" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--data", "absent.csv"],
        ["--json"],
        ["--scorer", "oracle"],
        ["--data", "x.csv", "--write"],
        ["--nonsense"],
    ],
)
def test_wrong_option_is_a_usage_error(arguments: list[str]) -> None:
    assert main(arguments) == 2


def test_unknown_command_is_a_usage_error_and_help_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert sentiment(["divine"]) == sentiment([]) == 2
    assert sentiment(["--help"]) == 0
    assert "evaluate" in capsys.readouterr().out


class Certain:
    """Scorer that is always sure of positive, or abstains."""

    model, version, languages = "certain", "1", frozenset(("en",))

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        return [
            Polarity(0.0, "unsure" if "maybe" in passage.text else "positive", ()) for passage in passages
        ]


def test_abstention_is_no_result() -> None:
    rows = [
        LabelledText(line=at, text=text, label="positive")
        for at, text in enumerate(("Bitcoin gains today", "Bitcoin maybe gains today"))
    ]

    assert evaluate_rows(rows, Certain())["without_result"] == {"the scorer abstains": 1}


def scored(label: str, probabilities: tuple[float, float, float] | None) -> Scored:
    passage = LabelledPassage(title="x", symbol="btc", passage=Passage("x", "en"), label=label)
    return passage, Polarity(0.0, "neutral", (), probabilities)


@pytest.mark.parametrize(
    ("pairs", "ece", "brier"),
    [
        ([("positive", (0.0, 0.0, 1.0)), ("negative", (1.0, 0.0, 0.0))], 0.0, 0.0),
        ([("negative", (0.0, 0.0, 1.0))], 1.0, 2.0),
        ([("positive", (0.2, 0.2, 0.6)), ("negative", (0.2, 0.2, 0.6))], 0.1, 0.64),
        ([("positive", (0.0, 0.0, 1.0)), ("negative", None)], 0.0, 0.0),
    ],
)
def test_calibration_is_the_one_computed_by_hand(
    pairs: list[tuple[str, tuple[float, float, float] | None]], ece: float, brier: float
) -> None:
    calibration = calibrate([scored(*pair) for pair in pairs])

    assert (calibration.ece, calibration.brier) == (pytest.approx(ece), pytest.approx(brier))


def test_scorer_without_probabilities_has_no_calibration() -> None:
    assert calibrate([scored("positive", None)]) == Calibration(None, None)
