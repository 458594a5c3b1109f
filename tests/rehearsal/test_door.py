"""What counts as refused: the gate's own verdict, and no other end of a call."""

from __future__ import annotations

from collections.abc import Callable

from botocore.exceptions import ClientError

from rehearsal.checks.door import failed, not_refused
from rehearsal.cloud.permissions.evaluator import UNJUDGED


def ends(code: str, message: str = "no") -> Callable[[], None]:
    def call() -> None:
        raise ClientError({"Error": {"Code": code, "Message": message}}, "Call")

    return call


def test_a_call_that_the_policies_refuse_is_refused_under_each_of_awss_names() -> None:
    assert not_refused({code: ends(code) for code in ("AccessDenied", "AccessDeniedException", "403")}) == []
    assert not_refused({"ec2": ends("UnauthorizedOperation")}) == []


def test_a_call_that_went_well_or_failed_otherwise_was_let_through() -> None:
    tried = {"well": lambda: None, "missing": ends("NoSuchKey"), "refused": ends("AccessDenied")}
    assert not_refused(tried) == ["well", "missing (NoSuchKey)"]


def test_a_refusal_that_nobody_judged_is_none() -> None:
    (only,) = not_refused({"odd": ends("AccessDenied", f"{UNJUDGED}: no.resource.types")})
    assert only.startswith("odd (refused unread: ")


def test_a_call_that_goes_wrong_is_named_with_its_error() -> None:
    (only,) = failed({"well": lambda: None, "ill": ends("AccessDenied", "not yours")})
    assert only.startswith("ill: ")
    assert "not yours" in only
