"""The whole way of a rehearsal: local AWS, bootstrap, synth, deploy, boot, checks, report."""

from __future__ import annotations

import time
from pathlib import Path

from rehearsal.cdk import template_of
from rehearsal.checks import Subject, run_checks
from rehearsal.machines.rootfs import architecture
from rehearsal.places import BUILD, Run
from rehearsal.report import Report
from rehearsal.screen import Screen
from rehearsal.tier import Tier, running, start

DOMAIN = "multas.example"
_CPU = {"amd64": "x86_64", "arm64": "arm64"}
NOT_REHEARSED = [
    "the machine image is a Debian root file system made here, not Debian's AMI, and it has no kernel of its own",
    "the machine's address comes from a file, not from the VPC's DHCP server",
    "encryption at rest of volumes and buckets is asked for in the template and not done by the local AWS",
    "Session Manager and the CloudWatch agent are installed from buckets that exist only on AWS",
    "alarms reach the topic, but no e-mail is sent to anybody",
]


def context(run: Run) -> dict[str, object]:
    """The settings that a rehearsal deploys with: the templates' defaults but for name, CPU and image."""
    return {"tier": run.tier, "domain": DOMAIN, "cpu": _CPU[architecture()], "machine_image": "ami-0deb1a00000000013"}


def stack_name(run: Run) -> str:
    return f"fines-dev-{run.tier}"


def rehearse(run: Run, screen: Screen, *, words: list[str]) -> int:
    """Rehearses a tier; returns the exit status: 0 only when nothing fell short."""
    began = time.monotonic()
    report = Report(run.tier, not_rehearsed=list(NOT_REHEARSED))
    with running(run, screen) as tier:
        subject = deploy(tier, screen)
        report.checks = run_checks(subject, screen, words=words)
        report.template = subject.ledger
    report.timings = dict(screen.timings)
    report.seconds = time.monotonic() - began
    report.write(BUILD / "rehearsal" / f"{run.tier}.json")
    report.show(screen)
    return 0 if report.ok else 1


def up(run: Run, screen: Screen) -> int:
    """Starts a tier and leaves it running; prints how to use it."""
    tier = start(run, screen)
    subject = deploy(tier, screen)
    host = subject.host
    outputs = subject.outputs
    password = host.run("cat", "/run/fines/secrets/admin_password").stdout
    screen.console.print(
        f"\nThe service answers at https://{DOMAIN}/ (address {outputs['PublicAddress']}); `make down` ends it.",
        markup=False,
    )
    screen.console.print(f"Administrator: admin, password {password}", markup=False)
    return 0


def deploy(tier: Tier, screen: Screen) -> Subject:
    """Bootstraps, synthesizes and deploys; returns what the checks look at."""
    assembly = Path(BUILD / "synth" / tier.run.tier)
    with screen.step("bootstrap", "cdk bootstrap") as say:
        tier.cdk.bootstrap(say)
    with screen.step("synth", "cdk synth") as say:
        assembly = tier.cdk.synth(context(tier.run), say)
    with screen.step("deploy", "cdk deploy: the real template, a machine that boots") as say:
        tier.cdk.deploy(assembly, say)
    name = stack_name(tier.run)
    subject = Subject(
        tier=tier,
        stack=name,
        assembly=assembly,
        template=template_of(assembly, name),
        domain=DOMAIN,
        context=context(tier.run),
    )
    tier.delegate(DOMAIN, subject.outputs["PublicAddress"])
    return subject
