"""What the check of resources minds beside what differs: a property that is not read back any more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from rehearsal.checks import CheckError, Subject
from rehearsal.checks.single import resources
from rehearsal.ledger import Ledger

CHECK = resources.the_resources_of_the_stack_all_exist_and_no_property_differs_from_the_template


def checked(monkeypatch: pytest.MonkeyPatch, *unread: str) -> str:
    def read(*_: Any, **__: Any) -> Ledger:
        return Ledger(unread=list(unread))

    monkeypatch.setattr(resources, "read_back", read)
    tier = SimpleNamespace(session=None, endpoint="")
    return CHECK(cast(Subject, SimpleNamespace(template={"Resources": {}}, stack="s", tier=tier, ledger={})))


def test_a_property_that_no_api_tells_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ("L (AWS::ElasticLoadBalancingV2::Listener) Tags[fines:stack]", "P (Custom::Publication) Release")
    assert all(each in checked(monkeypatch, *known) for each in known)


def test_a_property_that_was_read_back_before_makes_it_red(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CheckError, match="not read back any more: AWS::S3::Bucket Tags"):
        checked(monkeypatch, "B (AWS::S3::Bucket) Tags[fines:stack]")
