"""Addresses and ranges of subnets are given once."""

from __future__ import annotations

import pytest

from rehearsal.cloud.addresses import Addresses


def test_addresses_of_a_subnet_come_one_after_the_other_and_never_again() -> None:
    addresses = Addresses()
    assert [addresses.take("10.20.0.0/20") for _ in range(3)] == ["10.20.0.10", "10.20.0.11", "10.20.0.12"]
    assert addresses.take("10.20.16.0/20") == "10.20.16.10"


def test_ranges_are_the_last_that_are_free_and_never_hold_an_address_that_was_given() -> None:
    addresses = Addresses()
    addresses.take("10.20.0.0/23")
    assert addresses.take_range("10.20.0.0/23") == "10.20.1.0/24"
    with pytest.raises(ValueError, match=r"10\.20\.0\.0/23 has no range of 256 addresses left"):
        addresses.take_range("10.20.0.0/23")
