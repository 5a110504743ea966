"""Generated files: committed as their definitions generate them, and complete."""

from pathlib import Path

import pytest

from lakehouse.process.settings import describe_settings
from lakehouse.schema.tables import TABLES
from setup import http_reference, reference_docs
from setup.docs import ROOT, main, outdated_files, to_files

pytestmark = pytest.mark.lake
"""Django is set up for the HTTP reference."""


def test_committed_files_are_what_the_definitions_generate() -> None:
    assert outdated_files(ROOT, to_files()) == []


def test_every_kind_of_file_is_generated() -> None:
    assert {"docs/contract/README.md", "docs/tables.md", "docs/settings.md", "docs/http-reference.md"} < set(
        to_files()
    )
    assert {"docs/images/architecture.svg", "deploy/grafana/dashboard.json"} < set(to_files())


def test_every_table_column_and_setting_is_named() -> None:
    pages = reference_docs.to_files()
    for spec in TABLES.values():
        assert all(f"| `{name}` |" in pages["docs/tables.md"] for name in spec.column_names)
    assert all(f"`{variable}`" in pages["docs/settings.md"] for variable, *_ in describe_settings())


def test_every_path_and_parameter_is_in_the_http_reference() -> None:
    page = to_files()["docs/http-reference.md"]
    document = http_reference.document()
    for path, item in document["paths"].items():
        for method in item.keys() - {"parameters"}:
            assert f"\n### {method.upper()} {path}\n" in page
            for parameter in item[method].get("parameters", ()):
                assert f"| `{parameter['name']}`" in page


def test_check_names_an_outdated_file_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(tmp_path)]) == 0
    page = tmp_path / "docs" / "contract" / "README.md"
    page.write_text("something else", encoding="utf-8")

    assert main(["--check", "--root", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "docs/contract/README.md is outdated: run `python -m setup.docs`\n"
    assert page.read_text(encoding="utf-8") == "something else"


def test_check_of_an_empty_folder_names_every_file_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check", "--root", str(tmp_path)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == len(to_files())
    assert list(tmp_path.iterdir()) == []
