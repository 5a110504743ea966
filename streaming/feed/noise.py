"""Random numbers without a state: each one is a hash of its purpose.

Any interval of time can therefore be drawn alone, in any order and process, with the same result.
"""

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Source: the increment and the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
_INCREMENT = np.uint64(0x9E3779B97F4A7C15)
_FACTOR_1 = np.uint64(0xBF58476D1CE4E5B9)
_FACTOR_2 = np.uint64(0x94D049BB133111EB)


@lru_cache(maxsize=4096)
def root_key(seed: int, *names: str) -> Keys:
    """Return the key under which everything of one kind is drawn, e.g. ``root_key(7, "price", "btc", "simx")``."""
    digest = hashlib.blake2b("\x1f".join((str(seed), *names)).encode(), digest_size=8).digest()
    return np.frombuffer(digest, dtype="<u8").astype(np.uint64)


def child_keys(parents: Keys, counters: Ints | int) -> Keys:
    """Return one key for each parent and counter (broadcast against each other)."""
    steps = np.atleast_1d(np.asarray(counters, dtype=np.int64)).astype(np.uint64)
    return _mixed(parents ^ _mixed((steps + np.uint64(1)) * _INCREMENT))


def uniform(keys: Keys, purpose: Ints | int) -> Floats:
    """Return one number in (0, 1) for each key; another purpose gives an independent one. They are broadcast."""
    bits = child_keys(keys, purpose) >> np.uint64(11)
    return (bits.astype(np.float64) + 0.5) / float(1 << 53)


def normal(keys: Keys, purpose: int) -> Floats:
    """Return one standard normal number for each key. Source: Box and Muller, 1958."""
    radius, angle = _polar(keys, purpose)
    numbers: Floats = radius * np.cos(angle)
    return numbers


def normal_pairs(keys: Keys, purpose: int) -> tuple[Floats, Floats]:
    """Return two independent standard normal numbers for each key, the first of which `normal` returns, too."""
    radius, angle = _polar(keys, purpose)
    return radius * np.cos(angle), radius * np.sin(angle)


def smooth_normal(root: Keys, minutes: Ints, *, knot_minutes: int, purpose: int) -> Floats:
    """Return standard normal noise that changes over about ``knot_minutes``, at ascending minutes.

    Knots are joined by straight lines, which are scaled to a variance of 1 between two of them, too.
    """
    first, last = int(minutes[0]) // knot_minutes, int(minutes[-1]) // knot_minutes + 1
    knots = np.arange(first, last + 1, dtype=np.int64)
    lines = np.interp(minutes, knots * knot_minutes, normal(child_keys(root, knots), purpose))
    part = minutes % knot_minutes / knot_minutes
    numbers: Floats = lines / np.sqrt(part * part + (1.0 - part) ** 2)
    return numbers


def _polar(keys: Keys, purpose: int) -> tuple[Floats, Floats]:
    """Return radius and angle of a point that is drawn from the plane's normal distribution."""
    radius = np.sqrt(-2.0 * np.log(uniform(keys, 2 * purpose + 1_000)))
    return radius, 2.0 * np.pi * uniform(keys, 2 * purpose + 1_001)


def _mixed(keys: Keys) -> Keys:
    keys = (keys ^ (keys >> np.uint64(30))) * _FACTOR_1
    keys = (keys ^ (keys >> np.uint64(27))) * _FACTOR_2
    return keys ^ (keys >> np.uint64(31))
