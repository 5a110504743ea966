"""Bill of materials of a release, and the licences of everything in it: `.venv/bin/python -m setup.sbom`.

dist/cryptoviz-VERSION.cdx.json: CycloneDX 1.6, with every package of Python that the wheel or its extras require, every
jar, and every package that builds the page. dist/THIRD-PARTY-LICENSES.txt: the licence files that they bring
along. Both depend on the locks and on what is installed from them alone, so that two runs are equal.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from streaming.jars.folder import JARS, ROOT
from streaming.jars.lock import LOCK, read_jars_lock

DIST = ROOT / "dist"
PYTHON_LOCK = ROOT / "requirements.lock"
PAGE = ROOT / "api" / "viewer" / "frontend"
_PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
RELEASED_EXTRAS = ("api", "kafka", "stream", "postgresql", "semantic")
"""Not `notebooks`: it has a lock of its own, and serves nothing."""
_LICENCE_FILE = re.compile(r"(^|/)(licen[cs]e|copying|notice)[^/]*$", re.IGNORECASE)
UNKNOWN = "not stated in its metadata"
LICENCES_OF_POMS = {
    "com.dynatrace.hash4j": "Apache-2.0",
    "com.google.re2j": "BSD-3-Clause",
    "com.yammer.metrics": "Apache-2.0",
    "io.delta": "Apache-2.0",
    "io.unitycatalog": "Apache-2.0",
    "org.lz4": "Apache-2.0",
    "org.pcollections": "MIT",
    "org.slf4j": "MIT",
}
"""{organisation: licence} of jars that hold neither a text nor a name: their POMs in the repository say it."""
LINE = "=" * 100


@dataclass(frozen=True)
class Part:
    """Package of a release: what it is, its digest where the lock has one, and its licence with the texts."""

    url: PackageURL
    licence: str
    texts: tuple[str, ...]
    sha256: str = ""


def main() -> int:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    parts = [*python_parts(), *jar_parts(), *page_parts()]
    DIST.mkdir(exist_ok=True)
    bom = DIST / f"cryptoviz-{version}.cdx.json"
    bom.write_text(to_bom(parts, version), encoding="utf-8")
    licences = DIST / "THIRD-PARTY-LICENSES.txt"
    licences.write_text(to_licences(parts), encoding="utf-8")
    n_texts = sum(bool(part.texts) for part in parts)
    print(f"{bom.relative_to(ROOT)}: {len(parts)} packages")
    print(f"{licences.relative_to(ROOT)}: licence texts of {n_texts} of them, names of the others")
    return 0


def python_parts() -> Iterator[Part]:
    """Yield the packages that the wheel and its extras require, transitively, as they are installed from the lock."""
    locked = dict(_PIN.findall(PYTHON_LOCK.read_text(encoding="utf-8")))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    waiting = [*project["dependencies"], *(text for name in RELEASED_EXTRAS for text in extras[name])]
    seen = {"cryptoviz"}
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        is_here = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if name in seen or not is_here:
            continue
        seen.add(name)
        found = distribution(name)
        waiting += found.requires or ()
        url = PackageURL("pypi", name=name, version=locked.get(name, found.version))
        yield Part(url, _licence_of(found), tuple(_texts_of(found)))


def _licence_of(found: Distribution) -> str:
    metadata = found.metadata
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in metadata.get_all("Classifier") or ()
        if text.startswith("License ::")
    ]
    stated = (
        metadata.get("License-Expression") or ", ".join(classifiers) or metadata.get("License") or UNKNOWN
    )
    return stated.strip().splitlines()[0][:80]


def _texts_of(found: Distribution) -> Iterator[str]:
    for path in sorted(found.files or (), key=str):
        if _LICENCE_FILE.search(str(path)) and ".dist-info" in str(path):
            yield Path(str(path.locate())).read_text(encoding="utf-8", errors="replace")


def jar_parts() -> Iterator[Part]:
    """Yield the locked jars; licence and texts are those inside the installed ones."""
    for jar in read_jars_lock(LOCK):
        url = PackageURL("maven", namespace=jar.organisation, name=jar.name, version=jar.revision)
        with zipfile.ZipFile(JARS / jar.path) as archive:
            texts = [
                archive.read(name).decode(errors="replace")
                for name in sorted(archive.namelist())
                if _LICENCE_FILE.search(name) and name.removeprefix("META-INF/").count("/") == 0
            ]
            licence = _licence_of_jar(archive) or LICENCES_OF_POMS.get(jar.organisation, UNKNOWN)
            yield Part(url, licence, tuple(texts), jar.sha256)


def _licence_of_jar(archive: zipfile.ZipFile) -> str:
    """Return what its manifest, its POM or the title of its licence file says; nothing where it has none."""
    names = archive.namelist()
    if "META-INF/MANIFEST.MF" in names:
        manifest = archive.read("META-INF/MANIFEST.MF").decode(errors="replace").replace("\r\n ", "")
        if stated := re.search(r"^Bundle-License: (.+?)\r?$", manifest, re.MULTILINE):
            return stated[1][:80]
    for name in names:
        if name.endswith("/pom.xml"):
            pom = archive.read(name).decode(errors="replace")
            if stated := re.search(r"<license>.*?<name>(.*?)</name>", pom, re.DOTALL):
                return " ".join(stated[1].split())
    for name in sorted(names):
        if re.search(r"(^|META-INF/)licen[cs]e[^/]*$", name, re.IGNORECASE):
            title = archive.read(name).decode(errors="replace").strip().splitlines()[:2]
            return " ".join(" ".join(title).split())[:80]
    return ""


def page_parts() -> Iterator[Part]:
    """Yield the packages that the page's build locks."""
    lock = json.loads((PAGE / "package-lock.json").read_text(encoding="utf-8"))
    for path, package in sorted(lock["packages"].items()):
        if not path:
            continue
        namespace, _, name = path.removeprefix("node_modules/").rpartition("/")
        folder = PAGE / path
        texts = [
            file.read_text(encoding="utf-8", errors="replace")
            for file in sorted(folder.glob("*"))
            if file.is_file() and _LICENCE_FILE.search(file.name)
        ]
        url = PackageURL("npm", namespace=namespace or None, name=name, version=package["version"])
        yield Part(url, package.get("license", UNKNOWN), tuple(texts))


def to_bom(parts: list[Part], version: str) -> str:
    """Return the CycloneDX document, without a time and a serial number of its own."""
    bom = Bom()
    bom.metadata.component = Component(
        name="cryptoviz", version=version, type=ComponentType.APPLICATION, bom_ref="cryptoviz"
    )
    components = []
    for part in parts:
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)] if part.sha256 else []
        components.append(
            Component(
                name=part.url.name,
                group=part.url.namespace,
                version=part.url.version,
                purl=part.url,
                bom_ref=str(part.url),
                type=ComponentType.LIBRARY,
                licenses=[DisjunctiveLicense(name=part.licence)],
                hashes=hashes,
            )
        )
    bom.components = components
    bom.register_dependency(bom.metadata.component, components)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    for member in ("timestamp", "tools"):
        document["metadata"].pop(member, None)
    document.pop("serialNumber", None)
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def to_licences(parts: list[Part]) -> str:
    """Return the names of all licences, then each text with the packages that have it."""
    of_text: dict[str, list[str]] = {}
    for part in parts:
        for text in part.texts:
            of_text.setdefault(text.strip(), []).append(str(part.url))
    names = [f"{part.url}: {part.licence}" for part in parts]
    texts = [f"{LINE}\n{chr(10).join(urls)}\n{LINE}\n\n{text}\n" for text, urls in of_text.items()]
    return "\n".join([*names, "", *texts])


if __name__ == "__main__":
    sys.exit(main())
