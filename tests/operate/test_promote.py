"""A move begins only where nothing can be lost, is given up without harm, and is told in seconds."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from rich.console import Console

from operate.account import Account, Refused
from operate.promote import Promotion
from operate.shares import CHANGES, Shares
from operate.side import MoveError, Side
from tests.operate.world import World

MIGRATIONS = ["infracciones.0001_initial"]
Fault = Callable[[str], None]


@dataclass
class Machine:
    """What the program on a machine of a tier does, played on one table and a set of photographs."""

    rows: dict[int, str] = field(default_factory=dict)
    photographs: set[str] = field(default_factory=set)
    paused: str = ""
    migrations: list[str] = field(default_factory=lambda: MIGRATIONS)
    asked: list[str] = field(default_factory=list)


@dataclass
class Pair:
    """Two tiers, what is on its way between them, and what goes wrong when a program is asked for."""

    machines: dict[str, Machine]
    fault: Fault = lambda asked: None
    bucket: dict[str, Any] = field(default_factory=dict)

    def side(self, tier: str) -> Side:
        account = Account("us-east-1")
        return Played(tier, f"fines-dev-{tier}", "group", f"media-{tier}", f"backups-{tier}", account, self)

    def do(self, tier: str, verb: str, *words: str) -> str:
        own = self.machines[tier]
        own.asked.append(verb)
        self.fault(f"{tier} {verb}")
        other = next(each for name, each in self.machines.items() if name != tier)
        told: dict[str, Any] = {}
        match verb:
            case "state":
                told = {"paused": own.paused, "empty": not own.rows, "migrations": own.migrations, "pending": []}
            case "pause":
                own.paused = words[0]
            case "resume":
                own.paused = ""
            case "digests":
                self.bucket[words[0]] = dict(own.rows)
            case "send":
                theirs = self.bucket[words[0]]
                self.bucket[words[1] + "/rows"] = dict(own.rows) if theirs != own.rows else None
            case "take":
                sent = self.bucket[words[0] + "/rows"]
                own.rows = own.rows if sent is None else dict(sent)
                told = {"rows": len(sent or {}), "changed": ["infraccion"] if sent else []}
            case "photos":
                own.photographs = set(other.photographs)
                told = {"count": len(own.photographs), "bytes": 1, "differ": 0, "first": ""}
            case "sums":
                told = {"tables": {"infraccion": f"{len(own.rows)} {hash(tuple(own.rows.items()))}"}, "sequences": {}}
            case "clear":
                self.bucket.clear()
        return json.dumps(told)


@dataclass(frozen=True)
class Played(Side):
    """A tier whose machine is played here."""

    pair: Pair

    def machines(self) -> list[str]:
        return ["i-1"]

    def _on(self, machine: str, verb: str, *words: str) -> str:
        return self.pair.do(self.tier, verb, *words)


def two() -> Pair:
    return Pair(
        {"single": Machine({1: "a", 2: "b"}, {"p"}), "asg": Machine()},
    )


def move(world: Pair, source: str, target: str) -> tuple[Promotion, str]:
    out = io.StringIO()
    done = Promotion(world.side(source), world.side(target), None, Console(file=out, width=200))
    try:
        done.run()
    finally:
        said = out.getvalue()
    return done, said


def test_everything_moves_and_the_seconds_are_told() -> None:
    world = two()
    done, said = move(world, "single", "asg")
    single, asg = world.machines["single"], world.machines["asg"]
    assert asg.rows == single.rows and asg.photographs == {"p"}
    assert (single.paused, asg.paused) == ("origen", "")
    assert f"writes were paused for {done.seconds_paused:.1f} s" in said and not world.bucket


def test_what_comes_while_it_is_copied_comes_too_and_writes_end_before_the_last_copy() -> None:
    world = two()
    single = world.machines["single"]

    def posts(asked: str) -> None:
        if not single.paused:
            single.rows[len(single.rows) + 1] = asked

    world.fault = posts
    move(world, "single", "asg")
    assert world.machines["asg"].rows == single.rows
    assert single.asked.index("pause") < len(single.asked) - 1 - single.asked[::-1].index("send")


def test_there_and_back() -> None:
    world = two()
    move(world, "single", "asg")
    world.machines["asg"].rows[3] = "c"
    move(world, "asg", "single")
    single, asg = world.machines["single"], world.machines["asg"]
    assert single.rows == asg.rows == {1: "a", 2: "b", 3: "c"} and (single.paused, asg.paused) == ("", "origen")


def test_a_tier_that_takes_fines_is_never_moved_to() -> None:
    world = two()
    world.machines["asg"].rows[9] = "of somebody"
    with pytest.raises(MoveError, match="the right way round"):
        move(world, "single", "asg")
    assert world.machines["asg"].rows == {9: "of somebody"} and not world.machines["single"].paused


def test_tiers_of_different_releases_are_refused() -> None:
    world = two()
    world.machines["asg"].migrations = [*MIGRATIONS, "infracciones.0002_more"]
    with pytest.raises(MoveError, match="deploy the same to both"):
        move(world, "single", "asg")


@pytest.mark.parametrize("asked", ["single send", "asg take", "asg photos", "asg sums", "asg resume"])
def test_whatever_fails_in_the_pause_the_source_takes_writes_again(asked: str) -> None:
    world = two()

    def fails(now: str) -> None:
        if now == asked and world.machines["single"].paused:
            raise MoveError("no")

    world.fault = fails
    with pytest.raises(MoveError, match="no"):
        move(world, "single", "asg")
    assert not world.machines["single"].paused and world.machines["asg"].paused == "destino"
    world.fault = lambda now: None
    move(world, "single", "asg")
    assert world.machines["asg"].rows == world.machines["single"].rows


def test_two_tiers_never_take_writes_at_once() -> None:
    world = two()

    def fails_afterwards(now: str) -> None:
        if now == "asg resume":
            world.machines["asg"].paused = ""
            raise MoveError("the answer was lost")

    world.fault = fails_afterwards
    with pytest.raises(MoveError, match="the answer was lost"):
        move(world, "single", "asg")
    assert (world.machines["single"].paused, world.machines["asg"].paused) == ("origen", "")
    world.fault = lambda now: None
    world.machines["asg"].rows[3] = "came since"
    move(world, "single", "asg")  # only the name is left
    assert world.machines["asg"].rows[3] == "came since"


def test_a_difference_ends_the_move_and_is_named() -> None:
    world = two()

    def loses(now: str) -> None:
        if now == "asg sums":
            world.machines["asg"].rows.pop(2, None)

    world.fault = loses
    with pytest.raises(MoveError, match=r"1 tables differ \(infraccion\)"):
        move(world, "single", "asg")
    assert not world.machines["single"].paused


def test_a_move_that_broke_off_is_not_turned_round() -> None:
    world = two()
    world.machines["single"].paused, world.machines["asg"].paused = "origen", "destino"
    world.machines["asg"].rows[1] = "a"
    with pytest.raises(MoveError, match="type FROM=single TO=asg"):
        move(world, "asg", "single")
    move(world, "single", "asg")
    assert world.machines["asg"].rows == {1: "a", 2: "b"}


ZONE = "multas.example"


def _zone(world: World, weights: dict[str, int]) -> str:
    route53 = world("route53")
    id: str = route53.create_hosted_zone(Name=ZONE, CallerReference=world.number)["HostedZone"]["Id"]
    records = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": f"{ZONE}.",
                "Type": "A",
                "SetIdentifier": tier,
                "Weight": weight,
                "TTL": 60,
                "ResourceRecords": [{"Value": "192.0.2.1"}],
            },
        }
        for tier, weight in weights.items()
    ]
    if records:
        route53.change_resource_record_sets(HostedZoneId=id, ChangeBatch={"Changes": records})
    return id.rpartition("/")[2]


def _shares(world: World, zone: str) -> Shares:
    # the tests' user may only look: the account's own key is the operator's here
    clients = {"route53": world("route53")}
    return Shares(Account(world.region, clients=clients, changes=CHANGES), zone=zone, domain=ZONE)


def test_the_name_goes_from_one_tier_to_the_other(world: World) -> None:
    shares = _shares(world, _zone(world, {"single": 70, "asg": 0, "eks": 30}))
    assert shares.hand_over("single", "asg") == 70
    assert {tier: record["Weight"] for tier, record in shares.all().items()} == {"single": 0, "asg": 70, "eks": 30}
    assert shares.hand_over("asg", "single") == 70
    assert shares.all()["single"]["Weight"] == 70


def test_a_tier_without_a_share_is_named(world: World) -> None:
    shares = _shares(world, _zone(world, {"asg": 0}))
    with pytest.raises(LookupError, match="no weighted record for single"):
        shares.hand_over("single", "asg")


def test_an_account_changes_what_it_says_and_nothing_else(world: World) -> None:
    account = Account(world.region, changes=CHANGES)
    with pytest.raises(Refused, match="ssm:SendCommand"):
        account.client("ssm").send_command(DocumentName="AWS-RunShellScript", InstanceIds=["i-0123456789abcdef0"])
    with pytest.raises(Refused, match="s3:DeleteBucket"):
        account.client("s3").delete_bucket(Bucket="b")
