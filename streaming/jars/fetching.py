"""Fetch of the locked jars, with their digests checked."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from streaming.jars.ivy import CONFIGURATIONS, JarsError, run_ivy, scratch_folder, summarize
from streaming.jars.lock import Jar, sha256_of

N_ATTEMPTS = 4
OWN_JAR = "cryptoviz-jvm.jar"


def fetch(jars: Sequence[Jar], folder: Path) -> int:
    """Fetch every jar that is missing or damaged into a folder, and return how many there were.

    Idempotent; needs no network where none is missing. Jars that the lock does not name are removed.

    Raises: JarsError after the last attempt; SparkSettingsError, JavaNotFoundError.
    """
    _remove_unlocked(jars, folder)
    missing = [jar for jar in jars if not _is_intact(folder / jar.path, jar)]
    n_missing, output = len(missing), ""
    if not missing:
        return 0
    with scratch_folder(folder) as scratch:
        for attempt in range(1, N_ATTEMPTS + 1):
            print(f"jars: fetching {len(missing)} jars (attempt {attempt} of {N_ATTEMPTS})", flush=True)
            output = _fetch_once(missing, folder, scratch)
            missing = [jar for jar in missing if not _is_intact(folder / jar.path, jar)]
            if not missing:
                return n_missing
            if attempt < N_ATTEMPTS:
                time.sleep(2**attempt)
    names = ", ".join(jar.path.name for jar in missing)
    raise JarsError(
        f"{N_ATTEMPTS} attempts left {len(missing)} jars missing or damaged (is the public Maven repository "
        f"reachable from Java? proxies go in JAVA_TOOL_OPTIONS): {names}\n{summarize(output)}"
    )


def _fetch_once(jars: Sequence[Jar], folder: Path, scratch: Path) -> str:
    """Download into a scratch folder, move each intact jar into its place, and return the output of Ivy."""
    module = scratch / "ivy.xml"
    module.write_text(_flat_module(jars), encoding="utf-8")
    output = run_ivy(module, scratch, "[conf]/[artifact]-[revision].[ext]", use_poms=False)
    for jar in jars:
        downloaded = scratch / "jars" / jar.path
        if _is_intact(downloaded, jar):
            (folder / jar.path).parent.mkdir(parents=True, exist_ok=True)
            downloaded.replace(folder / jar.path)
        elif downloaded.exists():
            output += f"\n{jar.path.name}: sha256 differs from the lock"
            shutil.rmtree(scratch / "cache", ignore_errors=True)
    return output


def _flat_module(jars: Iterable[Jar]) -> str:
    dependencies = "".join(
        f'<dependency org="{jar.organisation}" name="{jar.name}" rev="{jar.revision}" '
        f'conf="{jar.configuration}->default" transitive="false"/>'
        for jar in jars
    )
    configurations = "".join(f'<conf name="{name}"/>' for name in CONFIGURATIONS)
    return (
        '<ivy-module version="2.0"><info organisation="cryptoviz" module="jars"/>'
        f"<configurations>{configurations}</configurations><dependencies>{dependencies}</dependencies></ivy-module>"
    )


def _remove_unlocked(jars: Iterable[Jar], folder: Path) -> None:
    """Remove jars that the lock does not name: of two versions the order of the class path would choose."""
    locked = {jar.path for jar in jars}
    for configuration in CONFIGURATIONS:
        for path in (folder / configuration).glob("*.jar"):
            if path.relative_to(folder) not in locked and path.name != OWN_JAR:
                path.unlink()
    for scratch in folder.glob("fetch-*"):
        shutil.rmtree(scratch, ignore_errors=True)


def _is_intact(path: Path, jar: Jar) -> bool:
    return path.is_file() and sha256_of(path) == jar.sha256
