"""Catalogue of a lake: the topic ids that it has read, and the build of the derived tables that is served.

Both are numbered files that are only ever added (``_catalog/builds/000001.json``,
``_catalog/topics/NAME/000001.json``);
the highest number is current. Adding is put-if-absent, so of two processes that add the same number one loses.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import LakeNotFoundError, LayoutError, PositionConflictError
from lakehouse.schema.tables import TABLES
from lakehouse.time_range import to_us

LAYOUT = 2
"""Layout of a build's tables. It changes where a column or a header of an older build has another name now."""
_FIRST_LAYOUT = 1
_BUILDS = "_catalog/builds"
_TOPICS = "_catalog/topics"


@dataclass(frozen=True, slots=True)
class Build:
    """One set of derived tables. ``paths`` maps a table's name to its folder below the lake."""

    number: int
    build_id: str
    reason: str
    paths: Mapping[str, str]
    layout: int = LAYOUT


@dataclass(frozen=True, slots=True)
class TopicGeneration:
    """A topic as it existed under one id. The last generation of a name is the one that is read now."""

    topic: str
    topic_id: str
    number: int


class Catalog:
    """Reads and extends the catalogue at a location. Holds no state: every call reads storage."""

    def __init__(self, location: LakeLocation) -> None:
        self.location = location

    def current_build(self) -> Build:
        """Return the build that is served.

        Raises LakeNotFoundError before the first one, LayoutError where it is of another layout.
        """
        build = self.newest_build()
        if build.layout != LAYOUT:
            raise LayoutError(uri=self.location.uri, layout=build.layout, expected=LAYOUT)
        return build

    def newest_build(self) -> Build:
        """Return the build that is served, of whatever layout. Raises LakeNotFoundError before the first one."""
        names = self.location.names(_BUILDS)
        if not names:
            raise LakeNotFoundError(what="lake", uri=self.location.uri)
        return self._read_build(names[-1])

    def build_at(self, instant_us: int) -> Build | None:
        """Return the build that was served at an instant; None before the first."""
        served = None
        for build, published_us in self.build_history():
            if published_us > instant_us:
                break
            served = build
        return served

    def build_history(self) -> list[tuple[Build, int]]:
        """Return every build with the instant from which it was served, oldest first."""
        history = []
        for path in self.location.names(_BUILDS):
            entry = json.loads(self.location.read(path) or b"{}")
            history.append((self._read_build(path), to_us(datetime.fromisoformat(entry["created_time"]))))
        return history

    def ensure_build(self) -> Build:
        """Return the current build, creating the first one. Idempotent, and safe beside other processes."""
        if not self.location.names(_BUILDS):
            self._add_build(1, _fresh_paths(1), "first build")
        return self.current_build()

    def next_build(self, reason: str) -> Build:
        """Return a build after the newest one, with new folders; it is not served until it is published."""
        number = self.newest_build().number + 1
        return Build(number, uuid.uuid4().hex[:12], reason, _fresh_paths(number))

    def publish_build(self, build: Build) -> None:
        """Serve a build from now on. Raises PositionConflictError where another was published."""
        if not self._add_build(build.number, build.paths, build.reason, build.build_id):
            raise PositionConflictError(
                table="catalogue", problem=f"build {build.number} was published by another"
            )

    def table_location(self, name: str, build: Build) -> LakeLocation:
        """Return the folder of a table. A derived one that is younger than its build gets the folder of a new build."""
        if not TABLES[name].derived:
            return self.location.child(name)
        return self.location.child(build.paths.get(name) or _fresh_path(name, build.number))

    def topic_generations(self) -> list[TopicGeneration]:
        """Return every topic id that this lake has read, oldest first within a name."""
        generations = []
        for path in self.location.names(_TOPICS):
            entry = json.loads(self.location.read(path) or b"{}")
            generations.append(TopicGeneration(entry["topic"], entry["topic_id"], entry["number"]))
        return generations

    def current_topics(self) -> dict[str, str]:
        """Return {topic: id of its last registered generation}."""
        return {generation.topic: generation.topic_id for generation in self.topic_generations()}

    def register_topic(self, *, topic: str, topic_id: str) -> None:
        """Record that a topic exists under an id. Idempotent for the id that is current."""
        known = [generation for generation in self.topic_generations() if generation.topic == topic]
        if known and known[-1].topic_id == topic_id:
            return
        number = len(known) + 1
        entry = {"topic": topic, "topic_id": topic_id, "number": number, "registered_time": _now()}
        self.location.put_if_absent(f"{_TOPICS}/{topic}/{number:06d}.json", json.dumps(entry).encode())

    def _read_build(self, path: str) -> Build:
        entry = json.loads(self.location.read(path) or b"{}")
        layout = entry.get("layout", _FIRST_LAYOUT)
        return Build(entry["number"], entry["build_id"], entry["reason"], entry["tables"], layout)

    def _add_build(
        self, number: int, paths: Mapping[str, str], reason: str, build_id: str | None = None
    ) -> bool:
        entry = {
            "number": number,
            "build_id": build_id or uuid.uuid4().hex[:12],
            "reason": reason,
            "layout": LAYOUT,
            "created_time": _now(),
            "tables": dict(paths),
        }
        return self.location.put_if_absent(f"{_BUILDS}/{number:06d}.json", json.dumps(entry).encode())


def _fresh_paths(number: int) -> dict[str, str]:
    return {name: _fresh_path(name, number) for name, spec in TABLES.items() if spec.derived}


def _fresh_path(name: str, number: int) -> str:
    return f"{name}/build-{number:06d}"


def _now() -> str:
    return datetime.now(UTC).isoformat()
