"""The bill of materials: valid CycloneDX, equal each time, with every package of a release and a licence each."""

import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from setup import sbom

pytestmark = pytest.mark.lake


@pytest.fixture(scope="module")
def parts() -> list[sbom.Part]:
    return [*sbom.python_parts(), *sbom.jar_parts(), *sbom.page_parts()]


def test_document_is_valid_and_the_same_each_time(parts: list[sbom.Part]) -> None:
    document = sbom.to_bom(parts, "0.2.0")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document) is None
    assert sbom.to_bom(list(reversed(parts)), "0.2.0") == document
    assert len(json.loads(document)["components"]) == len(parts)


def test_packages_of_every_kind_are_in_it_and_tools_of_development_are_not(parts: list[sbom.Part]) -> None:
    names = {(part.url.type, part.url.name) for part in parts}
    assert {
        ("pypi", "deltalake"),
        ("pypi", "django"),
        ("pypi", "pyspark"),
        ("maven", "kafka-clients"),
        ("npm", "preact"),
    } < names
    assert {("pypi", "pytest"), ("pypi", "ruff"), ("pypi", "schemathesis")} & names == set()


def test_every_package_states_a_licence(parts: list[sbom.Part]) -> None:
    assert [str(part.url) for part in parts if part.licence == sbom.UNKNOWN and not part.texts] == []


def test_licence_texts_name_their_packages(parts: list[sbom.Part]) -> None:
    text = sbom.to_licences(parts)
    assert all(str(part.url) in text for part in parts)
    assert "Apache License" in text


def test_command_writes_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbom, "ROOT", tmp_path)
    monkeypatch.setattr(sbom, "DIST", tmp_path / "dist")
    monkeypatch.setattr(sbom, "python_parts", lambda: iter(()))
    monkeypatch.setattr(sbom, "page_parts", lambda: iter(()))
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "9.9"\n')

    assert sbom.main() == 0

    assert sorted(path.name for path in (tmp_path / "dist").iterdir()) == [
        "THIRD-PARTY-LICENSES.txt",
        "cryptoviz-9.9.cdx.json",
    ]
