"""The picture and the page of the architecture say what there is."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "images" / "architecture.svg"


@pytest.mark.lake
def test_picture_is_what_the_code_generates() -> None:
    subprocess.run([sys.executable, "-m", "setup.architecture", "--check"], cwd=ROOT, check=True, timeout=60)


def test_picture_has_every_topic_and_table() -> None:
    from lakehouse.messages.contract import CONTRACTS
    from lakehouse.schema.tables import TABLES

    drawn = {element.text for element in ElementTree.parse(PICTURE).iter() if element.tag.endswith("}text")}
    decisions = {"losses", "corrections"}  # written by an operator's hand, not by the stream
    assert set(CONTRACTS) <= drawn
    assert set(TABLES) - decisions <= drawn


def test_page_names_files_that_there_are() -> None:
    names = re.findall(r"`([\w/]+\.py)`", (ROOT / "docs" / "architecture.md").read_text())
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []
