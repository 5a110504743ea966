"""What a command did, for machines and for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compaction.command_line import EXIT_DONE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: ``document`` for machines, ``lines`` for people."""

    document: Mapping[str, Any]
    lines: tuple[str, ...]
    exit_code: int = EXIT_DONE
