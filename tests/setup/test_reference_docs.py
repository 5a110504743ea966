"""The committed reference pages are what the definitions generate, and name everything."""

from pathlib import Path

from lakehouse.process.settings import describe_settings
from lakehouse.schema.tables import TABLES
from setup.generated_files import outdated_files
from setup.reference_docs import DOCS_DIRECTORY, main, to_files


def test_committed_pages_are_what_the_definitions_generate() -> None:
    assert outdated_files(DOCS_DIRECTORY, to_files()) == []


def test_every_table_column_and_setting_is_named() -> None:
    pages = to_files()
    for spec in TABLES.values():
        assert all(f"| `{name}` |" in pages["tables.md"] for name in spec.column_names)
    assert all(f"`{variable}`" in pages["settings.md"] for variable, *_ in describe_settings())


def test_check_names_an_outdated_page_and_writes_nothing(tmp_path: Path) -> None:
    assert main(["--check", "--dir", str(tmp_path)]) == 1
    assert list(tmp_path.iterdir()) == []
