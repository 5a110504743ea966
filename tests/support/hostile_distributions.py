"""Predictive distributions that a hostile or broken producer may send: in order or nearly, whole or nearly."""

import random


def draw_distribution(draw: random.Random) -> dict[str, bytes]:
    """Return ``quantiles`` and ``moves`` as JSON texts."""
    levels = [
        draw.choice(("0.05", "0.5", "0.95", "5e-1", "0", "1", "null")) for _ in range(draw.randrange(4))
    ]
    values = [draw.choice(("98", "100.0", "102", "1e-24", "0", "-1", '"98"')) for _ in levels]
    if draw.random() < 0.5:
        levels, values = sorted(levels), ["100.0"] * len(values)
    values = values[: draw.choice((None, None, None, -1))]
    unknown = draw.choice(("", "", ',"unit":"usd"'))
    quantiles = f'{{"levels":[{",".join(levels)}],"values":[{",".join(values)}]{unknown}}}'
    moves = ",".join(_move(draw) for _ in range(draw.randrange(3)))
    return {
        "quantiles": quantiles.encode() if draw.random() < 0.7 else b"null",
        "moves": f"[{moves}]".encode(),
    }


def _move(draw: random.Random) -> str:
    threshold, probability = draw.choice(("0.005", "0.01", "0", "1")), draw.choice(("0", "0.5", "1", "2"))
    return f'{{"threshold":{threshold},"probability":{probability}}}'
