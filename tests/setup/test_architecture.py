"""The picture and the page of the architecture name modules, topics and tables that exist."""

import re
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from lakehouse.messages.contract import CONTRACTS
from lakehouse.schema.tables import TABLES
from setup.architecture import FILE, to_columns

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / FILE
SYSTEMS = {"Kafka", "Delta"}


def test_picture_has_every_topic_and_table() -> None:
    drawn = {element.text for element in ElementTree.parse(PICTURE).iter() if element.tag.endswith("}text")}
    decisions = {"losses", "corrections"}  # written by an operator's hand, not by the stream
    assert set(CONTRACTS) <= drawn
    assert set(TABLES) - decisions <= drawn


def test_picture_names_modules_that_there_are() -> None:
    columns = to_columns()
    packages = {column.title for column in columns} - SYSTEMS
    boxes = [box.name for column in columns for box in column.boxes]
    modules = {name for name in boxes if re.fullmatch(r"[a-z]+(\.[a-z_]+)+", name)}
    assert {"streaming.ingest", "lakehouse.lake", "lakehouse.tail"} <= modules
    assert [name for name in sorted(packages | modules) if find_spec(name) is None] == []
    collectors = {path.stem for path in (ROOT / "streaming" / "collect").rglob("*.py")}
    assert {box.name for box in columns[0].boxes} <= collectors


def test_page_names_files_that_there_are() -> None:
    names = re.findall(r"`([\w/]+\.py)`", (ROOT / "docs" / "architecture.md").read_text())
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []
