"""Files of labels: read once each, with the lines of what cannot be used."""

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streaming.analysis.sentiment.training.labels import read_labels
from streaming.errors import LabelsFileError


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_columns_may_stand_in_any_order_and_optional_ones_may_be_absent(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.csv", "label,text\npositive,Bitcoin surges again\n")
    full = write(
        tmp_path / "b.csv",
        "text,label,entity,date,language\nÉther en hausse,positive,eth,2026-01-31,fr-FR\n",
    )

    first, second = read_labels([plain, full])

    assert (first.passage.text, first.passage.language, first.date) == ("theasset surges again", "en", "")
    assert (second.label, second.passage.language, second.date) == ("positive", "fr", "2026-01-31")


def test_row_about_an_entity_is_the_passage_about_it(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        "text,label,entity,language\n"
        "Bitcoin falls while Ethereum climbs,negative,BTC,en\n"
        "Bitcoin falls while Ethereum climbs,positive,eth,en\n"
        "Shares of Acme Corp rise,positive,Acme Corp,en\n",
    )

    assert [row.passage.text for row in read_labels([path])] == [
        "theasset falls",
        "while theasset climbs",
        "Shares of theasset rise",
    ]


def test_same_text_and_label_counts_once_and_rows_of_the_same_words_are_one_group(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        "text,label\nRates stay put today,neutral\nRates  stay put today,neutral\nRATES stay put today!,neutral\n",
    )

    rows = read_labels([path, path])

    assert len(rows) == 3
    assert len({row.group for row in rows}) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("text,sentiment\na,positive\n", "line 1: unknown column 'sentiment'"),
        ("text,label\na,bullish\n", "line 2: label 'bullish'"),
        ("text,label\na,positive,c\n", "line 2: more fields than the header"),
        (
            "text,label,date\na,positive,31/01/2026\n",
            "a.csv line 2: date '31/01/2026'; ISO 8601 such as 2026-01-31",
        ),
        (
            "text,label\na,positive\nb,neutral\na,negative\n",
            "line 2 positive, line 4 negative: contradicting",
        ),
    ],
)
def test_unusable_file_names_the_lines(tmp_path: Path, content: str, problem: str) -> None:
    with pytest.raises(LabelsFileError, match=problem):
        read_labels([write(tmp_path / "a.csv", content)])


def test_labels_of_two_files_that_contradict_each_other_name_both_lines(tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", "text,label\nRates stay put,neutral\nFees rise,negative\n")
    second = write(tmp_path / "b.csv", "text,label\nFees rise,positive\n")

    with pytest.raises(
        LabelsFileError, match=r"b\.csv line 2: label positive, and negative in a\.csv line 3"
    ):
        read_labels([first, second])


def test_every_problem_is_counted(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", "text,label,date\n" + "".join(f"text {at},neutral,soon\n" for at in range(9))
    )

    with pytest.raises(LabelsFileError, match=r"line 2: .*line 6: .*; and 4 more$"):
        read_labels([path])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40), max_size=5))
def test_any_texts_are_read_as_csv_writes_them_or_refused(tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label", "language"])
        rows.writerows([text, "neutral", "en"] for text in texts)

    try:
        read = read_labels([path])
    except LabelsFileError:
        assert not texts or any(not text.strip() or "\x00" in text for text in texts)
    else:
        assert len(read) == len({text.strip() for text in texts})
