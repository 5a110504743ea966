"""Words beside which an ambiguous name means an asset or an entity of crypto. They are data: `crypto_context.tsv`."""

import re
from pathlib import Path

from streaming.analysis.sentiment.alternatives import to_pattern


def _read(kind: str) -> list[str]:
    lines = Path(__file__).with_suffix(".tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [word for word, of_kind in rows if of_kind == kind]


_NAMES_CRYPTO = re.compile(rf"(?<![\w-]){to_pattern(_read('crypto'))}(?!\w)", re.IGNORECASE)
_NAMES_MOVE = re.compile(
    rf"(?<![\w-])(?:{to_pattern(_read('market'))}(?!\w)|[+-]?\d+(?:[.,]\d+)?\s?%)", re.IGNORECASE
)


def names_crypto(text: str) -> bool:
    """Return true where a word of crypto is in the text that is not a name itself, such as mainnet or staking."""
    return _NAMES_CRYPTO.search(text) is not None


def names_market_move(text: str) -> bool:
    """Return true where the text speaks of a price, a percentage, a listing or those who trade."""
    return _NAMES_MOVE.search(text) is not None
