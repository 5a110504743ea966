"""Audit of the locks against sources of advisories: `.venv/bin/python setup/audit.py`.

One line a lock: the number of packages that were looked up, those with known vulnerabilities, and those that no source
answered for, with the reason. Exit code 1: a vulnerability; 3: a lock was not looked up completely; 0 otherwise.
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
BIN = Path(sys.executable).parent
PYTHON_LOCKS = (
    "requirements.lock",
    "requirements-notebooks.lock",
    "requirements-docs.lock",
    "tests/openapi_tools/requirements.lock",
)
PYTHON_SOURCES = ("pypi", "osv")
PAGE_LOCK = "api/viewer/frontend/package-lock.json"
TOOLS_LOCK = "tests/openapi_tools/package-lock.json"
JARS_LOCK = "streaming/jars/jars.lock"
JARS_SOURCE = "https://api.osv.dev/v1/querybatch"
SECONDS = 600
VULNERABLE, NOT_AUDITED = 1, 3


@dataclass(frozen=True)
class LockAudit:
    """Result for one lock: ``vulnerable`` packages with their advisories; the ``problem`` of those not looked up."""

    lock: str
    n_audited: int = 0
    n_not_audited: int = 0
    vulnerable: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_complete(self) -> bool:
        return not self.n_not_audited and not self.problem

    def __str__(self) -> str:
        if not self.n_audited:
            return f"{self.lock}: NOT AUDITED: {self.problem}"
        counts = f"{self.lock}: {self.n_audited} packages looked up, {len(self.vulnerable)} with known vulnerabilities"
        return counts if self.is_complete else f"{counts}; {self.n_not_audited} NOT AUDITED: {self.problem}"


def main() -> int:
    done = []
    for audit in audits():
        print("\n  ".join((str(audit), *audit.vulnerable)), flush=True)
        done.append(audit)
    if any(audit.vulnerable for audit in done):
        return VULNERABLE
    return 0 if all(audit.is_complete for audit in done) else NOT_AUDITED


def audits() -> Iterator[LockAudit]:
    for lock in PYTHON_LOCKS:
        yield audit_python(lock)
    yield audit_node(PAGE_LOCK)
    yield audit_node(TOOLS_LOCK)
    yield audit_jars()


def audit_python(lock: str) -> LockAudit:
    """Audit a lock by the first source that knows one of its packages."""
    options = ("--requirement", lock, "--disable-pip", "--require-hashes", "--progress-spinner", "off")
    problems = []
    for source in PYTHON_SOURCES:
        arguments = (*options, "--vulnerability-service", source, "--format", "json")
        audit = to_python_audit(lock, *_run((str(BIN / "pip-audit"), *arguments), ROOT))
        if audit.n_audited:
            return audit
        problems.append(f"{source}: {audit.problem}")
    return LockAudit(lock, problem="; ".join(problems))


def to_python_audit(lock: str, answer: str, errors: str) -> LockAudit:
    """Parse the output of pip-audit."""
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        return LockAudit(lock, problem=_last_line(errors))
    skipped = [package["skip_reason"] for package in packages if "skip_reason" in package]
    vulnerable = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        f"fixed in {', '.join(vulnerability['fix_versions']) or 'no version'}"
        for package in packages
        for vulnerability in package.get("vulns", ())
    ]
    return LockAudit(
        lock,
        n_audited=len(packages) - len(skipped),
        n_not_audited=len(skipped),
        vulnerable=tuple(vulnerable),
        problem=skipped[0] if skipped else "",
    )


def audit_node(lock: str) -> LockAudit:
    command = (str(BIN / "npm"), "audit", "--package-lock-only", "--json")
    return to_page_audit(*_run(command, (ROOT / lock).parent), lock=lock)


def to_page_audit(answer: str, errors: str, *, lock: str = PAGE_LOCK) -> LockAudit:
    """Parse the output of npm."""
    try:
        document = json.loads(answer)
        n_packages = document["metadata"]["dependencies"]["total"]
    except (ValueError, KeyError, TypeError):
        return LockAudit(lock, problem=f"the npm registry: {_last_line(errors)}")
    vulnerable = [
        f"{name}: {entry['severity']}" for name, entry in sorted(document["vulnerabilities"].items())
    ]
    return LockAudit(lock, n_audited=n_packages, vulnerable=tuple(vulnerable))


def audit_jars() -> LockAudit:
    """Audit the jars, which pip-audit and npm do not know, by one request to osv.dev."""
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
        return LockAudit(JARS_LOCK, problem=f"osv: {error}")
    if len(results) != len(jars):
        return LockAudit(JARS_LOCK, problem=f"osv: {len(results)} answers to {len(jars)} queries")
    vulnerable = [
        f"{organisation}:{name} {version}: {vulnerability['id']}"
        for (organisation, name, version), result in zip(jars, results, strict=True)
        for vulnerability in result.get("vulns", ())
    ]
    return LockAudit(JARS_LOCK, n_audited=len(jars), vulnerable=tuple(vulnerable))


def _run(command: Sequence[str], folder: Path) -> tuple[str, str]:
    """Return (output, errors); no output of a tool that hangs."""
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
    return lines[-1][:200] if lines else "no output"


if __name__ == "__main__":
    sys.exit(main())
