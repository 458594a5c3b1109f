"""What a rehearsal deploys with keeps it away from the world."""

from __future__ import annotations

from urllib.parse import urlsplit

from rehearsal.places import Run
from rehearsal.rehearse import context


def test_a_rehearsal_asks_no_real_authority_for_a_certificate() -> None:
    host = urlsplit(str(context(Run("single"))["acme_directory"])).hostname
    assert host is not None
    assert host.endswith(".invalid")


def test_a_rehearsal_serves_a_domain_that_nobody_can_own() -> None:
    assert str(context(Run("single"))["domain"]).endswith(".example")
