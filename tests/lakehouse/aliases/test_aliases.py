"""Versions of aliases: written once, read by whoever analyses, the same for a text whenever it is asked."""

import json
import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.aliases.names import AssetNames, EntityNames, Names, fingerprint_of, shared_words
from lakehouse.aliases.seed import SEED
from lakehouse.aliases.versions import (
    FOLDER,
    LEAD_US,
    SEED_VERSION,
    AliasReader,
    AliasVersion,
    parse_version,
    publish_aliases,
)
from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import AliasError

SEED_NAMES = (*SEED_VERSION.assets, *SEED_VERSION.entities)
NOW_US = 1_769_851_800_000_000
ZED = AssetNames(symbol="zzz", words=("zed",), exact=("ZED",), not_after=("the",), not_before=("head",))


@pytest.fixture
def lake(tmp_path: Path) -> LakeLocation:
    return LakeLocation.parse(str(tmp_path))


def publish(lake: LakeLocation, assets: Iterable[Names], *, now_us: int = NOW_US) -> AliasVersion | None:
    return publish_aliases(lake, lambda: assets, lambda: now_us)


def put(lake: LakeLocation, number: int, content: bytes) -> None:
    assert lake.put_if_absent(f"{FOLDER}/{number:06d}.json", content)


def written(lake: LakeLocation, number: int) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(lake.read(f"{FOLDER}/{number:06d}.json") or b"")
    return document


def test_without_a_version_the_seed_counts_and_nothing_is_made(lake: LakeLocation) -> None:
    history = AliasReader(lake).refresh()

    assert history.at(NOW_US) is history.newest is SEED_VERSION
    assert list(lake.to_path().iterdir()) == []


def test_published_version_is_read_back_and_counts_from_its_instant_on(lake: LakeLocation) -> None:
    published = publish(lake, [*SEED, ZED])
    history = AliasReader(lake).refresh()

    assert published is not None
    assert history.newest.assets == tuple(sorted([*SEED, ZED], key=lambda asset: asset.symbol))
    assert history.newest.fingerprint == published.fingerprint == fingerprint_of([*SEED, ZED])
    assert history.at(NOW_US + LEAD_US - 1) is SEED_VERSION
    assert history.at(NOW_US + LEAD_US).number == 1


def test_entities_are_published_beside_the_assets(lake: LakeLocation) -> None:
    one = EntityNames(name="zedex", asset="zzz", words=("zedex",), in_context=("Zed",))
    other = EntityNames(name="aex", words=("aex",))
    published = publish(lake, [one, ZED, other])
    newest = AliasReader(lake).refresh().newest

    assert published is not None
    assert (newest.assets, newest.entities) == ((ZED,), (other, one))
    assert newest.fingerprint == published.fingerprint == fingerprint_of([ZED], [other, one])
    assert written(lake, 1)["entities"]["aex"] == {"names": {"words": ["aex"]}, "asset": None}


def test_document_without_entities_is_read(lake: LakeLocation) -> None:
    put(lake, 1, json.dumps(whole()).encode())

    assert AliasReader(lake).refresh().newest.entities == ()


def test_asset_that_an_entity_owns_changes_the_fingerprint() -> None:
    prints = {fingerprint_of([], [EntityNames(name="x", asset=asset)]) for asset in (None, "btc", "eth")}

    assert len(prints) == 3


def test_what_is_the_newest_already_is_not_written_again(lake: LakeLocation) -> None:
    assert publish(lake, reversed(SEED_NAMES)) is None
    assert publish(lake, [ZED]) is not None
    assert publish(lake, [ZED]) is None
    assert lake.names(FOLDER) == [f"{FOLDER}/000001.json"]


def test_reader_follows_and_a_text_of_before_is_analysed_as_before(lake: LakeLocation) -> None:
    reader = AliasReader(lake)
    publish(lake, [ZED])
    before = reader.refresh()
    publish(lake, SEED_NAMES, now_us=NOW_US + 60_000_000)
    after = reader.refresh()

    assert [version.number for version in after.versions] == [1, 2]
    for time_us in (0, NOW_US, NOW_US + LEAD_US, NOW_US + 60_000_000):
        assert after.at(time_us) is before.at(time_us)
    assert after.at(NOW_US + 60_000_000 + LEAD_US).fingerprint == SEED_VERSION.fingerprint
    assert reader.refresh() is after


def test_writer_whose_clock_is_behind_does_not_take_back_what_came_last(lake: LakeLocation) -> None:
    publish(lake, [ZED], now_us=NOW_US)
    publish(lake, SEED, now_us=NOW_US - 2_000_000)

    assert AliasReader(lake).refresh().at(NOW_US + LEAD_US).number == 2


def whole() -> dict[str, Any]:
    return {
        "v": 1,
        "effective_time": "2026-01-31T09:30:00Z",
        "fingerprint": fingerprint_of([ZED]),
        "assets": {"zzz": ZED.to_kinds()},
    }


def test_whole_document_is_read() -> None:
    assert parse_version(7, json.dumps(whole()).encode()).assets == (ZED,)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 40,
        b"\xff\xfe",
        b"null",
        b"[]",
        json.dumps(whole()).encode()[:-3],
        b"[" * 100_000,
        b'{"assets":' * 20_000 + b"1" + b"}" * 20_000,
        *(
            json.dumps(whole() | change).encode()
            for change in (
                {"v": 2},
                {"v": True},
                {"effective_time": "2026-01-31T09:30:00"},
                {"effective_time": "0000-99-99T00:00:00Z"},
                {"effective_time": 5},
                {"fingerprint": "00000000"},
                {"more": 1},
                {"assets": []},
                {"assets": {"ZZZ": {}}},
                {"assets": {"zzz\n": {}}},
                {"assets": {"zzz": None}},
                {"entities": []},
                {"entities": {"x": {"words": ["x"]}}},
                {"entities": {"x": {"names": {"nouns": ["x"]}}}},
                {"entities": {"x": {"names": {}, "asset": "X"}}},
                {"entities": {"Two words": {"names": {}}}},
                {"entities": {"x": {"names": {"words": ["x"]}}}},
                {"entities": {f"z{n}": {"names": {}} for n in range(10_001)}},
                {"assets": {"zzz": {"nouns": ["zed"]}}},
                {"assets": {"zzz": {"words": "zed"}}},
                {"assets": {"zzz": {"words": ["zed", 1]}}},
                {"assets": {"zzz": {"words": ["\ud800"]}}},
                {"assets": {"zzz": {"words": ["z*"]}}},
                {"assets": {"zzz": {"words": ["z"] * 51}}},
                {"assets": {f"z{n}": {} for n in range(10_001)}},
            )
        ),
        *(
            json.dumps({name: value for name, value in whole().items() if name != missing}).encode()
            for missing in whole()
        ),
    ],
)
def test_malformed_version_is_refused_and_the_one_before_stays(
    lake: LakeLocation, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    publish(lake, [ZED])
    put(lake, 2, content)
    reader = AliasReader(lake)

    with caplog.at_level(logging.ERROR):
        assert reader.refresh().newest.number == 1
        assert reader.refresh().newest.assets == (ZED,)

    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert "aliases refused" in line
    assert "000002.json current=1" in line


def test_file_of_another_name_is_refused(lake: LakeLocation) -> None:
    content = json.dumps(whole()).encode()
    for name in ("latest", "1", "000000", "-00001", "00000१"):
        assert lake.put_if_absent(f"{FOLDER}/{name}.json", content)

    assert AliasReader(lake).refresh().newest is SEED_VERSION


def test_version_after_a_malformed_one_counts(lake: LakeLocation) -> None:
    put(lake, 1, b"{")
    published = publish(lake, [ZED])

    assert published is not None
    assert published.number == 2
    assert AliasReader(lake).refresh().newest.assets == (ZED,)


def test_aliases_that_no_document_can_hold_are_not_published(lake: LakeLocation) -> None:
    with pytest.raises(AliasError):
        publish(lake, [AssetNames(symbol="zzz", words=("*",))])
    assert lake.names(FOLDER) == []


def test_the_last_version_of_concurrent_writers_is_what_the_rows_say_last(lake: LakeLocation) -> None:
    rows, lock = {"n": 0}, threading.Lock()

    def read() -> list[AssetNames]:
        with lock:
            return [AssetNames(symbol="zzz", words=(f"zed{rows['n']}",))]

    def change(n_changes: int) -> None:
        for _ in range(n_changes):
            with lock:
                rows["n"] += 1
            publish_aliases(lake, read, lambda: NOW_US)

    _at_once([lambda: change(25)] * 4)

    history = AliasReader(lake).refresh()
    assert history.newest.assets[0].words == ("zed100",)
    numbers = [version.number for version in history.versions]
    assert numbers == list(range(1, len(numbers) + 1))
    said = [int(version.assets[0].words[0].removeprefix("zed")) for version in history.versions]
    assert said == sorted(set(said))


def test_reader_beside_a_writer_sees_whole_versions_only(lake: LakeLocation) -> None:
    n_versions, seen = 60, list[int]()

    def write() -> None:
        for n in range(n_versions):
            publish(lake, [AssetNames(symbol=f"z{at}", words=(f"zed{n} {at}",)) for at in range(40)])

    def read() -> None:
        reader = AliasReader(lake)
        while not seen or seen[-1] < n_versions:
            seen.append(len(reader.refresh().versions))

    _at_once([write, read])

    assert seen == sorted(seen)


def _at_once(tasks: list[Callable[[], None]]) -> None:
    failures: list[BaseException] = []

    def run(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001  raised again in the test's thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]


def test_words_are_as_texts_are_searched_for_them() -> None:
    parsed = AssetNames.parse("zzz", {"words": ["Zed  Coin", "zed coin"], "exact": [" ZED "]})

    assert parsed == AssetNames(symbol="zzz", words=("zed coin",), exact=("ZED",))


def test_word_of_two_assets_is_told() -> None:
    assert shared_words([AssetNames(symbol="b", words=("x",)), AssetNames(symbol="a", words=("x", "y"))]) == {
        "x": ("a", "b")
    }
    assert shared_words(SEED_NAMES) == {}
