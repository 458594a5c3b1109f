"""What is newer than what the settings and the pins name."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, ClientError
from packaging.version import Version

from operate import pins
from operate.finding import Finding, ok, warning
from operate.images import dated
from operate.pins import Pin, Unanswered
from operate.subject import Subject
from operate.trouble import explain


def upgrades(subject: Subject, say: Callable[[str], None] = lambda what: None) -> list[Finding]:
    """A finding for the machine image and one for each pin; nothing is changed."""
    asked = [
        *((pin, pins.versions_of_distribution) for pin in pins.python_pins()),
        (pins.cli_pin(), pins.versions_of_package),
    ]
    with ThreadPoolExecutor(max_workers=4) as pool:
        image = pool.submit(_looked_up, subject)
        found = []
        for finding in pool.map(lambda one: newer_pin(*one), asked):
            say(finding.name)
            found.append(finding)
        return [image.result(), *found]


def newer_image(subject: Subject) -> Finding:
    """Debian's newest dated image beside the one that is set."""
    name, settings = "machine image", subject.settings
    images = dated(subject.account, settings.cpu)
    if not images:
        return warning(
            name,
            f"Debian publishes no dated image for {settings.cpu} in {subject.region}",
            f"look yourself: aws ec2 describe-images --region {subject.region} --owners 136693071363 --filters Name=name,Values=debian-13-*",
        )
    newest = images[-1]
    set_now = settings.machine_image
    own = next((image for image in images if set_now in (image.parameter, image.id)), None)
    command = subject.cdk("deploy", machine_image=newest.parameter)
    if own == newest:
        return ok(name, f"{own.version} ({own.id}) is the newest")
    if own:
        later = len(images) - images.index(own) - 1
        return warning(
            name,
            f"{own.version} is set; {newest.version} ({newest.id}) is newer, {later} since",
            f"{command}  (it replaces the host)",
        )
    if not set_now or "latest" in set_now:
        return warning(
            name,
            f"none is fixed: a deployment may replace the host by surprise; the newest is {newest.version} ({newest.id})",
            command,
        )
    return warning(
        name,
        f"{set_now} is none of Debian's dated ones; the newest of those is {newest.version} ({newest.id})",
        f"{command}  (it replaces the host)",
    )


def newer_pin(pin: Pin, versions_of: Callable[[str], list[Version]]) -> Finding:
    """What is newer than a pin, in its own series."""
    name = pin.name
    try:
        versions = versions_of(pin.name)
    except Unanswered as error:
        return warning(
            name, f"{pin.version}; what is newer could not be asked: {error}", "check the network, and run this again"
        )
    newest = pin.newest(versions)
    if newest is None:
        return ok(name, f"{pin.version} is the newest of its series")
    then = "npm install --package-lock-only" if pin.file == "package.json" else "make lock"
    exactly = f'"{name}": "{newest}"' if pin.file == "package.json" else f"{name}=={newest}"
    return warning(
        name,
        f"{pin.version} is pinned, {newest} is there",
        f"write {exactly} into {pin.file}; {then}; make snapshots; make test",
    )


def _looked_up(subject: Subject) -> Finding:
    try:
        return newer_image(subject)
    except (BotoCoreError, ClientError) as error:
        return explain("machine image", error)
