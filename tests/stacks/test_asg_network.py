"""The network of tier asg over two zones and over three."""

from __future__ import annotations

from tests.stacks.synthesis import resources, synthesize


def ranges(zones: int) -> dict[str, str]:
    found = resources(synthesize(tier="asg", zones=zones), "AWS::EC2::Subnet")
    return {id: str(subnet["Properties"]["CidrBlock"]) for id, subnet in found.items()}


def test_a_third_zone_moves_no_range_of_the_others_and_has_ranges_of_its_own() -> None:
    two, three = ranges(2), ranges(3)
    assert len(two) == 6 and len(three) == 9
    assert {id: three[id] for id in two} == two
    assert len(set(three.values())) == 9
