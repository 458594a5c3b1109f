"""What a rehearsal deploys with keeps it away from the world."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rehearsal.acme import Acme, AcmeError, _free
from rehearsal.machines.network import Network
from rehearsal.places import Run
from rehearsal.rehearse import context
from rehearsal.tier import Tier

NETWORK = Network("fines1", "fines1", "127.0.0.1", "127.0.0.2", "198.19.1.0/24")


class Here(Run):
    """A run whose files lie in a folder of the test."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder


@pytest.fixture
def tier(tmp_path: Path) -> Tier:
    Here.folder = tmp_path
    run = Here("single")
    Acme.plan(run, NETWORK)
    return Tier(run, NETWORK, "http://127.0.0.2:4566")


def test_a_rehearsal_asks_no_real_authority_for_a_certificate(tier: Tier) -> None:
    host = urlsplit(str(context(tier)["acme_directory"])).hostname
    assert host is not None
    assert host.endswith(".example")


def test_a_rehearsal_serves_a_domain_that_nobody_can_own(tier: Tier) -> None:
    assert str(context(tier)["domain"]).endswith(".example")


def test_a_taken_port_of_the_authority_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        # many, since whatever else runs on the machine may hold the next one or two
        assert _free("127.0.0.1", (port, *range(30_000, 30_100))) in range(30_000, 30_100)
        with pytest.raises(AcmeError, match="end what listens there"):
            _free("127.0.0.1", (port,))


def test_an_authority_that_was_not_opened_cannot_go_away(tier: Tier) -> None:
    with pytest.raises(AcmeError, match="not open"), tier.acme.away():
        pass
