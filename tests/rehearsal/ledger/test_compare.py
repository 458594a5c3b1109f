"""Equal meanings are equal, whatever form a template and a service give them, and other meanings differ."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.ledger.compare import compare
from rehearsal.ledger.readers.registry import UNREADABLE
from rehearsal.ledger.resolve import Unresolved

_ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
_DENY = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:*"], "Resource": ["a", "b"]}

_TAG = {"Key": "a", "Value": "1"}
_TEST = {"B": {"k": ["1.2"]}}
_PROPAGATED = {**_TAG, "PropagateAtLaunch": True}


def _policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _differences(path: str, wanted: Any, found: Any) -> list[str]:
    return [line.difference for line in compare(path, wanted, found) if line.difference]


@pytest.mark.parametrize(
    ("path", "wanted", "found"),
    [
        ("Threshold", 80, 80.0),
        ("Threshold", "80", 80.0),
        ("MaxSize", "1", 1),
        ("Encrypted", "true", True),
        ("Description", "", None),
        ("Filter", {}, {"Prefix": ""}),
        ("Roles", ["a", "b"], ["b", "a"]),
        ("Tags", [_TAG], [{"Key": "aws:own", "Value": "x"}, _TAG]),
        ("Tags", {"a": "1"}, [_TAG]),
        ("Tags", [_TAG], {"a": "1", "b": "2"}),
        ("Rules", [{"Port": 80}, {"Port": 443}], [{"Port": 443, "Own": 1}, {"Port": 80, "Own": 2}]),
        ("Rules", [{"Port": 1}, {"Port": 1, "To": 2}], [{"Port": 1, "To": 2}, {"Port": 1}]),
        ("Document", _policy(_ALLOW, _DENY), _policy(_DENY, {**_ALLOW, "Action": ["s3:GetObject"]})),
        ("Document", _policy({**_ALLOW, "Condition": {"B": {"k": 1.2}}}), _policy({**_ALLOW, "Condition": _TEST})),
        ("Document", {"Version": "2012-10-17", "Statement": _ALLOW}, _policy(_ALLOW)),
    ],
)  # fmt: skip
def test_equal_meanings_are_equal(path: str, wanted: Any, found: Any) -> None:
    assert _differences(path, wanted, found) == []


@pytest.mark.parametrize(
    ("path", "wanted", "found", "told"),
    [
        ("EngineVersion", "17.10", "17.1", "EngineVersion: 17.10 in the template, 17.1 in the service"),
        ("Encrypted", True, None, "Encrypted: true in the template, nothing in the service"),
        ("Roles", ["a"], ["a", "b"], 'Roles: ["a"] in the template, ["a", "b"] in the service'),
        ("Layers", ["a", "b"], ["b", "a"], "Layers: "),
        ("Tags", [_TAG], [], "Tags[a]: 1 in the template, nothing"),
        ("TargetTags", [_TAG], [_TAG, {"Key": "b", "Value": "2"}], "TargetTags: nothing in the template"),
        ("Tags", [_PROPAGATED], [{**_PROPAGATED, "PropagateAtLaunch": False}], "Tags[a].PropagateAtLaunch"),
        ("Rules", [{"Port": 80}], [{"Port": 80}, {"Port": 22}], 'Rules: nothing in the template, {"Port": "22"}'),
        ("Rules", [{"Port": 80}, {"Port": 443}], [{"Port": 80}], "Rules[1].Port: 443 in the template, nothing"),
        ("Data", {"Options": {"Tokens": "required"}}, {"Options": {}}, "Data.Options.Tokens: required in the template"),
        ("Data", {"Options": {"Tokens": "required"}}, None, "Data.Options.Tokens: required in the template"),
        ("Document", _policy(_ALLOW), _policy(_ALLOW, _DENY), "Document.Statement: nothing in the template"),
        ("Document", _policy(_ALLOW), _policy({**_ALLOW, "Condition": {}}), "Document.Statement[0]"),
        ("Document", _policy(_ALLOW), None, "Document.Statement[0]"),
        ("Document", _policy(_DENY), _policy({**_DENY, "Principal": "*"}), "Document.Statement[0]"),
    ],
)  # fmt: skip
def test_another_meaning_is_told(path: str, wanted: Any, found: Any, told: str) -> None:
    assert any(told in difference for difference in _differences(path, wanted, found))


def test_a_long_value_is_shown_where_it_differs() -> None:
    (told,) = _differences("UserData", "a" * 500 + "X" + "b" * 500, "a" * 500 + "Y" + "b" * 500)
    assert "X" in told and "Y" in told
    assert len(told) < 200


def test_a_secret_is_never_shown() -> None:
    (told,) = _differences("SecretString", "swordfish", "open sesame")
    assert "swordfish" not in told and "sesame" not in told


@pytest.mark.parametrize(
    "wanted", [Unresolved("why"), ["a", Unresolved("why")], _policy({**_ALLOW, "Resource": Unresolved("why")})]
)
def test_what_is_not_known_is_neither_equal_nor_different(wanted: Any) -> None:
    lines = [line for line in compare("Some", wanted, "other") if not line.compared]
    assert [line.difference.endswith("(why)") for line in lines] == [True]


def test_what_no_service_gives_back_is_counted_and_named() -> None:
    lines = list(compare("Code", {"Bucket": "b", "Key": "k"}, UNREADABLE))
    assert [line.difference for line in lines] == ["Code.Bucket", "Code.Key"]
    assert not any(line.compared for line in lines)
