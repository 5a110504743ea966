"""Known weaknesses of what is locked, as far as a source of advisories answers: `.venv/bin/python setup/audit.py`.

One line a lock: how many packages were looked up, how many have known weaknesses, and what was not looked up, and why.
Exits 1 where one has a weakness, 3 where a lock was not looked up whole, 0 otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "api" / "viewer" / "frontend"
BIN = Path(sys.executable).parent
PYTHON_LOCKS = ("requirements.lock", "requirements-notebooks.lock")
PYTHON_SOURCES = ("pypi", "osv")
PAGE_LOCK = "api/viewer/frontend/package-lock.json"
JARS_LOCK = "setup/jars.lock"
JARS_SOURCE = "https://api.osv.dev/v1/querybatch"
SECONDS = 600
WEAK, NOT_AUDITED = 1, 3


@dataclass(frozen=True)
class Finding:
    """What is known of one lock: ``weak`` packages with their advisories; the ``problem`` with those not looked up."""

    lock: str
    n_audited: int = 0
    n_not_audited: int = 0
    weak: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.n_not_audited and not self.problem

    def __str__(self) -> str:
        if not self.n_audited:
            return f"{self.lock}: NOT AUDITED: {self.problem}"
        told = f"{self.lock}: {self.n_audited} packages looked up, {len(self.weak)} with known weaknesses"
        return told if self.is_whole else f"{told}; {self.n_not_audited} NOT AUDITED: {self.problem}"


def main() -> int:
    code = 0
    for finding in findings():
        print(finding, flush=True)
        for weakness in finding.weak:
            print(f"  {weakness}", flush=True)
        code = WEAK if finding.weak or code == WEAK else code if finding.is_whole else NOT_AUDITED
    return code


def findings() -> Iterator[Finding]:
    for lock in PYTHON_LOCKS:
        yield of_python(lock)
    yield of_page()
    yield of_jars()


def of_python(lock: str) -> Finding:
    """By the first source that knows a package at all."""
    options = ("--requirement", lock, "--disable-pip", "--require-hashes", "--progress-spinner", "off")
    problems = []
    for source in PYTHON_SOURCES:
        asked = (*options, "--vulnerability-service", source, "--format", "json")
        finding = to_python_finding(lock, *_run((str(BIN / "pip-audit"), *asked), ROOT))
        if finding.n_audited:
            return finding
        problems.append(f"{source}: {finding.problem}")
    return Finding(lock, problem="; ".join(problems))


def to_python_finding(lock: str, answer: str, errors: str) -> Finding:
    """From what pip-audit wrote."""
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        return Finding(lock, problem=_last_line(errors))
    skipped = [package["skip_reason"] for package in packages if "skip_reason" in package]
    weak = [
        f"{package['name']} {package['version']}: {weakness['id']}, "
        f"mended in {', '.join(weakness['fix_versions']) or 'no version'}"
        for package in packages
        for weakness in package.get("vulns", ())
    ]
    return Finding(
        lock,
        n_audited=len(packages) - len(skipped),
        n_not_audited=len(skipped),
        weak=tuple(weak),
        problem=skipped[0] if skipped else "",
    )


def of_page() -> Finding:
    return to_page_finding(*_run((str(BIN / "npm"), "audit", "--package-lock-only", "--json"), FRONTEND))


def to_page_finding(answer: str, errors: str) -> Finding:
    """From what npm wrote."""
    try:
        document = json.loads(answer)
        n_packages = document["metadata"]["dependencies"]["total"]
    except (ValueError, KeyError, TypeError):
        return Finding(PAGE_LOCK, problem=f"the npm registry: {_last_line(errors)}")
    weak = [f"{name}: {found['severity']}" for name, found in sorted(document["vulnerabilities"].items())]
    return Finding(PAGE_LOCK, n_audited=n_packages, weak=tuple(weak))


def of_jars() -> Finding:
    """pip-audit and npm know no jars: osv.dev is asked for all of them in one question."""
    lines = (ROOT / JARS_LOCK).read_text().splitlines()
    jars = sorted({tuple(line.split()[2:]) for line in lines if not line.startswith("#")})
    queries = [
        {"package": {"ecosystem": "Maven", "name": f"{organisation}:{name}"}, "version": version}
        for organisation, name, version in jars
    ]
    request = urllib.request.Request(
        JARS_SOURCE,
        data=json.dumps({"queries": queries}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            results = json.load(response)["results"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Finding(JARS_LOCK, problem=f"osv: {error}")
    if len(results) != len(jars):
        return Finding(JARS_LOCK, problem=f"osv: {len(results)} answers to {len(jars)} questions")
    weak = [
        f"{organisation}:{name} {version}: {weakness['id']}"
        for (organisation, name, version), result in zip(jars, results, strict=True)
        for weakness in result.get("vulns", ())
    ]
    return Finding(JARS_LOCK, n_audited=len(jars), weak=tuple(weak))


def _run(command: Sequence[str], folder: Path) -> tuple[str, str]:
    """(output, errors). A tool that hangs has said nothing."""
    environ = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return done.stdout, done.stderr


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and "complete log" not in line]
    return lines[-1][:200] if lines else "it said nothing"


if __name__ == "__main__":
    sys.exit(main())
