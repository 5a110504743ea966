"""Every check of the doctor in turn; what another check needs comes first.

A check that fails itself is a finding, and the others go on.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from lakehouse.errors import LakehouseError
from lakehouse.process.settings import Settings
from streaming.broker.embedded import read_bootstrap
from streaming.doctor.cluster import examine_conditions, examine_topics
from streaming.doctor.findings import FAIL, OK, Finding
from streaming.doctor.installation import examine_disk, examine_jars, examine_java, examine_packages
from streaming.doctor.processes import examine_processes
from streaming.doctor.tables import examine_tables
from streaming.jars.folder import JARS, ROOT
from streaming.jars.lock import LOCK


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the result of every check in turn; what another check needs comes first."""
    yield from _guarded("packages", lambda: [examine_packages(ROOT / "requirements.lock")])
    yield from _guarded("java", lambda: [examine_java(environ)])
    yield from _guarded("jars", lambda: [examine_jars(LOCK, JARS)])
    try:
        settings = Settings.from_environ(environ)
    except LakehouseError as error:
        yield Finding("settings", FAIL, str(error), "correct the variable: docs/settings.md")
        return
    kafka = settings.kafka
    own = read_bootstrap(settings.broker_dir)
    if not kafka.is_named and own is not None:
        kafka = kafka.with_servers(own)
    if kafka.is_named:
        detail = f"lake {settings.lake_location().uri}, brokers {kafka.bootstrap_servers}"
        yield Finding("settings", OK, detail)
    else:
        problem = "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS is not set, and no embedded broker runs"
        yield Finding("settings", FAIL, problem, "name the brokers: docs/settings.md")
    yield from _guarded("disk", lambda: [examine_disk(settings)])
    yield from _guarded("processes", lambda: examine_processes(settings.metrics_addresses()))
    cluster = None
    if kafka.is_named:
        finding, cluster = examine_topics(kafka)
        yield finding
    yield from _guarded("table", lambda: examine_tables(settings, cluster))
    if cluster is not None:
        examined = cluster
        yield from _guarded("topic", lambda: examine_conditions(examined))


def _guarded(what: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield a check's findings, and one more where it raises."""
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001  whatever a broken machine raises is what the doctor is asked for
        yield Finding(what, FAIL, f"not looked at: {type(error).__name__}: {error}", "correct that first")
