"""The commands beside a real deployment: `make preflight`, `make upgrade-check` and `make promote` call this."""

from __future__ import annotations

import argparse
import logging
import sys

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from operate.account import Account
from operate.context import read_settings
from operate.finding import State
from operate.pods import Pods
from operate.preflight import preflight
from operate.promote import Promotion
from operate.resolver import Resolver
from operate.screen import show, sum_up
from operate.shares import CHANGES as OF_NAMES
from operate.shares import Shares
from operate.side import CHANGES as ON_MACHINES
from operate.side import MoveError, Side
from operate.subject import Subject
from operate.upgrade import upgrades
from stacks.settings import SettingsError, Tier


def main() -> int:
    """Ends with 0; with 1 when something stops a deployment; with 2 when a setting is wrong."""
    parser = argparse.ArgumentParser(prog="operate", description=__doc__)
    parser.add_argument("verb", choices=["preflight", "upgrade-check", "promote"])
    parser.add_argument(
        *("-c", "--context"), action="append", default=[], metavar="KEY=VALUE", help="a setting, as for cdk deploy"
    )
    parser.add_argument("--from", dest="source", default="", help="promote: the tier that has the data now")
    parser.add_argument("--to", dest="target", default="", help="promote: the tier that gets them")
    words = parser.parse_args()
    if words.verb == "promote":
        return promote(words.source, words.target, words.context)
    try:
        settings = read_settings(words.context)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    # what botocore would say of credentials on its own, with a traceback, is in the findings
    logging.getLogger("botocore").setLevel(logging.CRITICAL)
    subject = Subject(settings, Account(settings.region), Resolver(), words.context)
    # a line that is copied must be whole: where nobody reads along, nothing is folded
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 400)
    title, look = {
        "preflight": (f"Before {settings.stack_name} is deployed to {settings.region}", preflight),
        "upgrade-check": (f"What is newer than {settings.stack_name} has", upgrades),
    }[words.verb]
    with console.status("looking") as status:
        findings = look(subject, lambda what: status.update(f"looking: {what}"))
    show(console, title, findings)
    console.print(f"\n{sum_up(findings)}")
    return 1 if any(finding.state is State.STOPS for finding in findings) else 0


def promote(source: str, target: str, words: list[str]) -> int:
    """Moves the data of one tier to another; ends with 1 when it was given up."""
    try:
        ours, theirs = (read_settings([*words, f"tier={tier}"]) for tier in (source, target))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if ours.moves_with != theirs.stack_name:
        print(
            f"the paths between the tiers are closed: deploy both with moves_between={source},{target} in cdk.json, "
            "and then type this again",
            file=sys.stderr,
        )
        return 2
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 400)
    account = Account(ours.region, changes=[*ON_MACHINES, *OF_NAMES])
    try:
        sides = [(Pods if each.tier is Tier.EKS else Side).find(account, each) for each in (ours, theirs)]
        zone = ours.hosted_zone_id or theirs.hosted_zone_id
        shares = Shares(account, zone=zone, domain=ours.domain) if zone else None
        move = Promotion(sides[0], sides[1], shares, console)
        move.run()
    except (MoveError, ClientError, BotoCoreError) as error:
        console.print(f"[red]✗[/] {escape(str(error))}")
        return 1
    console.print(
        f"\n{theirs.stack_name} has all and takes writes; {ours.stack_name} is paused and is the way back. "
        f"From now on deploy tier {source} with dns_weight=0, and tier {target} with the share that it has now."
    )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
