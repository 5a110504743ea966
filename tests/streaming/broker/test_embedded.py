"""Cluster ids of the embedded broker."""

import uuid

import pytest

from streaming.broker.embedded import to_cluster_id


@pytest.mark.parametrize("first_byte", [0xF8, 0xF9, 0xFA, 0xFB])
def test_cluster_id_never_looks_like_an_option(first_byte: int) -> None:
    cluster_id = to_cluster_id(uuid.UUID(int=first_byte << 120))

    assert not cluster_id.startswith("-")
    assert len(cluster_id) == 22
