"""The rules of the rehearsal's network say what security groups say."""

from __future__ import annotations

from rehearsal.machines.network import Exposure, Opening, _rules


def test_only_what_a_security_group_opens_is_let_in() -> None:
    rules = _rules([Exposure("10.20.0.10", "198.19.1.10", (Opening("tcp", 443, 443, "0.0.0.0/0"),))], "198.19.1.0/24")
    assert "ip daddr 10.20.0.10 ip saddr 0.0.0.0/0 tcp dport 443-443 accept" in rules
    assert "policy drop" in rules
    assert "dport 22" not in rules


def test_a_machine_without_an_elastic_address_is_reached_by_nobody() -> None:
    rules = _rules([Exposure("10.20.0.10", None, (Opening("tcp", 443, 443, "0.0.0.0/0"),))], "198.19.1.0/24")
    assert "dnat" not in rules
