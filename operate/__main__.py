"""The commands before a real deployment: `make preflight` and `make upgrade-check` call this."""

from __future__ import annotations

import argparse
import logging
import sys

from rich.console import Console

from operate.account import Account
from operate.context import read_settings
from operate.finding import State
from operate.preflight import preflight
from operate.resolver import Resolver
from operate.screen import show, sum_up
from operate.subject import Subject
from operate.upgrade import upgrades
from stacks.settings import SettingsError


def main() -> int:
    """Ends with 0; with 1 when something stops a deployment; with 2 when a setting is wrong."""
    parser = argparse.ArgumentParser(prog="operate", description=__doc__)
    parser.add_argument("verb", choices=["preflight", "upgrade-check"])
    parser.add_argument(
        *("-c", "--context"), action="append", default=[], metavar="KEY=VALUE", help="a setting, as for cdk deploy"
    )
    words = parser.parse_args()
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


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
