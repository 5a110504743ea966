"""Audit of the locks: it reports what it looked up, and fails for what no source answered."""

import json
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def audit() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "setup" / "audit.py"))


def exit_code(audit: dict[str, Any], *found: Any) -> int:
    audit["main"].__globals__["audits"] = lambda: iter(found)
    code: int = audit["main"]()
    return code


def test_source_that_does_not_answer_is_said_and_fails(
    audit: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = audit["to_python_audit"]("requirements.lock", "", "ERROR\nno route to host\n")
    assert exit_code(audit, nothing) == 3
    assert capsys.readouterr().out == "requirements.lock: NOT AUDITED: no route to host\n"


def test_package_that_was_left_out_is_said_and_fails(
    audit: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": []},
            {"name": "b", "skip_reason": "b: not found"},
        ]
    }
    part = audit["to_python_audit"]("requirements.lock", json.dumps(answer), "")
    assert exit_code(audit, part) == 3
    assert (
        "1 packages looked up, 0 with known vulnerabilities; 1 NOT AUDITED: b: not found"
        in capsys.readouterr().out
    )


def test_vulnerability_is_named_and_fails_whatever_else_is_not_known(
    audit: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    vulnerability = {"id": "PYSEC-1", "fix_versions": ["1.1"]}
    answer = {"dependencies": [{"name": "a", "version": "1", "vulns": [vulnerability]}]}
    weak = audit["to_python_audit"]("requirements.lock", json.dumps(answer), "")
    nothing = audit["to_page_audit"]('{"error": {"code": "ENOAUDIT"}}', "npm error audit endpoint")
    assert exit_code(audit, weak, nothing) == 1
    assert "a 1: PYSEC-1, fixed in 1.1" in capsys.readouterr().out


def test_all_that_was_looked_up_and_is_well_passes(audit: dict[str, Any]) -> None:
    page = {"metadata": {"dependencies": {"total": 9}}, "vulnerabilities": {}}
    assert exit_code(audit, audit["to_page_audit"](json.dumps(page), "")) == 0


@contextmanager
def answering(answer: Any) -> Iterator[tuple[str, list[Any]]]:
    """Serve one answer; yield the address and the requests. Source: the OSV API's documentation."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(answer(asked[-1])).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()


def test_jars_are_asked_for_by_their_coordinates(audit: dict[str, Any]) -> None:
    def answer(asked: Any) -> Any:
        is_spark = [query["package"]["name"].startswith("org.apache.spark:") for query in asked["queries"]]
        return {"results": [{"vulns": [{"id": "GHSA-1"}]} if weak else {} for weak in is_spark]}

    with answering(answer) as (address, asked):
        audit["audit_jars"].__globals__["JARS_SOURCE"] = address
        found = audit["audit_jars"]()
    assert found.n_audited == len(asked[0]["queries"]) > 20
    assert found.vulnerable
    assert all(vulnerability.startswith("org.apache.spark:") for vulnerability in found.vulnerable)
    assert {query["package"]["ecosystem"] for query in asked[0]["queries"]} == {"Maven"}


@pytest.mark.parametrize("answer", [{"results": []}, {"code": 3}, []])
def test_answer_to_another_question_is_no_audit(audit: dict[str, Any], answer: Any) -> None:
    with answering(lambda _: answer) as (address, _):
        audit["audit_jars"].__globals__["JARS_SOURCE"] = address
        found = audit["audit_jars"]()
    assert not found.is_complete
    assert found.n_audited == 0
