"""The whole way of a rehearsal: local AWS, bootstrap, synth, deploy, boot, checks, report."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rehearsal import breaks, principals
from rehearsal.breaks.report import BreakReport
from rehearsal.cdk import MACHINE_IMAGE, CdkError, template_of
from rehearsal.checks import Subject, checks_of, choose, lacking, run_checks, sentence
from rehearsal.checks.calls import calls
from rehearsal.checks.load import Load
from rehearsal.checks.people import People, administrator
from rehearsal.checks.static_files import names
from rehearsal.cloud.events import LAUNCHED, SIGNALLED
from rehearsal.machines.rootfs import architecture
from rehearsal.machines.volume import why_no_growth
from rehearsal.places import BUILD, Run
from rehearsal.report import Report, kept
from rehearsal.screen import Screen
from rehearsal.tier import Tier, ending, keep_up, must_be_free, running, start

DOMAIN = "multas.example"
_ZONE = "America/Argentina/Buenos_Aires"  # of the pods' schedule, whose clocks are not UTC's
_CPU = {"amd64": "x86_64", "arm64": "arm64"}
_OF_A_LOAD_BALANCER = [
    "no rotation starts by its schedule, and the test of a secret at the schedule's making is not run",
    "the loss of both of the database's machines",
    "the size of the group follows its schedule and demand on a clock that stands but in the checks that let it run",
    "no access log of the load balancer is delivered",
    "RDS's own daily snapshots and AWS Backup's: dumps and moments are restored, and no snapshot",
    "the resolver tells all weighted records that have a weight, and looks at no target's health",
    "the certificate is signed by the rehearsal's own authority, which no browser trusts",
    "what the dashboard shows of AWS/RDS is counted by AWS alone; that of AWS/ApplicationELB and AWS/EC2 is played, and not looked for there",
    "an operator's shell is begun and ended in Session Manager's books alone; a refresh that a person starts replaces nothing",
]
_OF_A_CLUSTER = [
    "nodes are namespaces of this system, with its kernel and its Debian; Amazon Linux 2023 and its bootstrap are not there",
    "the VPC CNI and the EBS driver are in the books alone: a bridge of each node's joins its pods, and a stand-in enforces NetworkPolicies",
    "the nodes' autoscaler is installed and scales nothing; a node without power is replaced as its group would",
    "AWS Load Balancer Controller is a stand-in that binds target groups and sets readiness gates, and nothing else of it",
    "the collector of pods' logs is a stand-in that reads the template's configuration; figures of pods and nodes (ContainerInsights) are not counted",
    "the control plane keeps its secrets unencrypted, and its logs to itself; it is one of each, behind one address",
    "the API server stands where the network's router does, so that no security group keeps the outside from its address",
    "the endpoint is the private one; nothing is tried of ranges that a setting opens",
    "a cluster that KUBECONFIG names is not taken yet: the one that is built here is the only way",
]
NOT_REHEARSED = [
    "the machine image is a Debian root file system made here, not Debian's AMI, and it has no kernel of its own",
    "the machine's address comes from a file, not from the VPC's DHCP server",
    "encryption at rest of volumes and buckets is asked for in the template and not done by the local AWS",
    "Session Manager and the CloudWatch agent are installed from buckets that exist only on AWS",
    "the access logs of buckets are asked for and read back, but none are delivered",
    "the certificate is of pebble, a test server of the ACME protocol, which no browser trusts",
    "what alarms tell their topic reaches nobody: no e-mail is sent",
    "no snapshot of the data volume is taken on a schedule",
    "a new major version of PostgreSQL, and the removal of what cdk destroy retains",
]


def context(tier: Tier) -> dict[str, object]:
    """The settings that a rehearsal deploys with: the templates' defaults but for name, authority, CPU, image and peaks."""
    common: dict[str, object] = {
        "tier": tier.run.tier,
        "domain": DOMAIN,
        "cpu": _CPU[architecture()],
        "machine_image": MACHINE_IMAGE,
    }
    if tier.run.tier == "single":
        # this system plays the second name server
        own = {"acme_directory": tier.acme_directory, "dns_secondaries": tier.network.host}
        return common | own | {"extra_records": "correo 300 IN MX 10 correo.example.net."}
    if tier.run.tier == "eks":
        zone = {"hosted_zone_name": DOMAIN, "hosted_zone_id": tier.outputs("fines-zone")["HostedZoneId"]}
        del common["machine_image"]
        # less than by default: what the load of two processors asks of pods must be more
        size = {
            "min_pods": 2,
            "cpu_percent": 35,
            "peaks": peaks_to_come(datetime.now(ZoneInfo(_ZONE))),
            "timezone": _ZONE,
        }
        administrator = {"admin_role": principals.arn("role", principals.DIRECTORY_ROLE)}
        return common | size | zone | administrator | principals.settings()
    # as many machines as this system can boot: three in a peak, and never more
    size = {"peaks": "08:00-09:00=3,13:00-14:00=3,20:00-21:00=3", "max_machines": 3}
    zone = {"hosted_zone_name": DOMAIN, "hosted_zone_id": tier.outputs("fines-zone")["HostedZoneId"]}
    return common | size | zone | principals.settings()


def peaks_to_come(now: datetime) -> str:
    """Three peaks of an hour, none of which begins or ends in the three hours after now: a cluster goes by the time of day."""
    hours = [(now.hour + ahead) % 24 for ahead in (4, 9, 14)]
    return ",".join(f"{each:02}:00-{(each + 1) % 24:02}:00={pods}" for each, pods in zip(hours, (3, 4, 3), strict=True))


def not_rehearsed(subject: Subject) -> list[str]:
    """What a rehearsal cannot show, with what this system's own kind adds."""
    told = list(NOT_REHEARSED)
    if subject.tier.run.tier == "eks":
        spared = ("pebble", "data volume", "machine", "Session Manager")
        told = [each for each in told if not any(word in each for word in spared)] + _OF_A_CLUSTER
        told += [
            each for each in _OF_A_LOAD_BALANCER if not any(word in each for word in ("group", "operator", "AWS/EC2"))
        ]
    if subject.tier.run.tier == "asg":
        told = [each for each in told if "pebble" not in each and "data volume" not in each]
        told += _OF_A_LOAD_BALANCER
    if subject.tier.run.tier == "single" and (why := why_no_growth()):
        told.append(why)
    if (cpu := str(subject.context["cpu"])) != "arm64":
        told.append(f"the template's default processor is arm64; here it was {cpu}, this system's own")
    return told


def stack_name(run: Run) -> str:
    return f"fines-dev-{run.tier}"


def rehearse(run: Run, screen: Screen, *, words: list[str]) -> int:
    """Rehearses a tier; returns the exit status: 0 only when nothing fell short."""
    began = time.monotonic()
    report = Report(run.tier, not_rehearsed=list(NOT_REHEARSED), partial=bool(words))
    choose(checks_of(run.tier), words)  # words that no check has are refused before anything is started
    report.timings = screen.timings
    # a part of the checks says nothing of the whole, so it does not replace what the last whole rehearsal said
    file = BUILD / "rehearsal" / f"{run.tier}{'.partial' if words else ''}.json"
    with kept(report, file), running(run, screen) as tier:
        subject = deploy(tier, screen)
        subject.keeps = True  # what is written now: no volume is lost within a minute of it
        with screen.step("post", "the first fine"):
            screen.timings["first_fine"] = round(first_fine(subject) - began, 1)
        if run.tier != "eks":
            screen.timings["boot_to_serving"] = round(tier.events.seconds(subject.host.id, LAUNCHED, SIGNALLED), 1)
        report.not_rehearsed = not_rehearsed(subject)
        report.left_out = {sentence(each): what for each, what in lacking(checks_of(run.tier)).items()}
        subject.whole = not words and not report.left_out
        report.checks = run_checks(subject, screen, words=words)
        report.template, report.figures = subject.ledger, subject.figures
    report.show(screen, logs=BUILD / "rehearsal" / f"{run.name}-logs")
    return 0 if report.ok else 1


def break_on_purpose(run: Run, screen: Screen, *, words: list[str]) -> int:
    """Deploys a tier, breaks one thing after the other and has the checks look; 0 only when each break was seen.

    Raises:
        BreakError: a check has no break.
    """
    wanted = breaks.chosen(run.tier, words)
    report = BreakReport(run.tier, timings=screen.timings)
    file = BUILD / "rehearsal" / f"{run.tier}.breaks{'.partial' if words else ''}.json"
    with kept(report, file), running(run, screen) as tier:
        report.outcomes = breaks.run_breaks(deploy(tier, screen), screen, wanted)
    report.show(screen)
    return 0 if report.ok else 1


def first_fine(subject: Subject) -> float:
    """Posts a fine; returns when it was acknowledged, as time.monotonic() has it."""
    with Load(People.make(subject, officers=1, owners=1), officers=1, fines=1) as load:
        load.await_acknowledged(1, seconds=60)
    return load.ledger.moments[0]


def up(run: Run, screen: Screen) -> int:
    """Starts a tier and leaves it running; prints how to use it."""
    must_be_free(run)
    with contextlib.ExitStack() as unless_it_goes_well:
        unless_it_goes_well.callback(ending, run, screen)
        tier = start(run, screen)
        lines = _ways_in(deploy(tier, screen))
        unless_it_goes_well.pop_all()
    for line in lines:
        screen.console.print(line, markup=False, soft_wrap=True)
    keep_up(run)
    return 0


def _ways_in(subject: Subject) -> list[str]:
    """How to use a running tier: names, passwords, a token, and a call of each kind."""
    run = subject.tier.run
    address, password = subject.address, administrator(subject)
    people = People.make(subject, officers=1, owners=1)
    return [
        "\nA browser finds it with this in /etc/hosts:",
        *(f"{found} {name}" for name, found in names(subject).items()),
        f"Tier {run.tier} is up at https://{DOMAIN}/ (address {address}); `sudo make down TIER={run.tier}` ends it.",
        f"Administrator  admin, password {password}",
        f"First officer  token {people.tokens[0]}",
        *(f"\n{name}\n{line}" for name, line in calls(subject, people).items()),
    ]


def deploy(
    tier: Tier,
    screen: Screen,
    *,
    what: str = "",
    settings: Mapping[str, object] | None = None,
) -> Subject:
    """Bootstraps, synthesizes and deploys; returns what the checks look at. `settings` are others than a rehearsal's."""
    assembly = Path(BUILD / "synth" / tier.run.tier)
    with screen.step("bootstrap", "cdk bootstrap") as say:
        tier.cdk.bootstrap(say)
    if tier.run.tier != "single":
        with screen.step("zone", "cdk deploy of a hosted zone") as say:
            tier.cdk.deploy_zone(DOMAIN, say)
        principals.make(tier)
    words = context(tier) | dict(settings or {})
    with screen.step("synth", "cdk synth") as say:
        assembly = tier.cdk.synth(words, say)
    boots = "pods on real Kubernetes" if tier.run.tier == "eks" else "a machine that boots"
    with screen.step("deploy", f"cdk deploy: {what or f'the real template, {boots}'}") as say:
        try:
            tier.cdk.deploy(assembly, say)
        except CdkError as error:
            raise CdkError(f"{error}\n{tier.last_words()}") from error
    name = stack_name(tier.run)
    subject = Subject(
        tier=tier,
        stack=name,
        assembly=assembly,
        template=template_of(assembly, name),
        domain=DOMAIN,
        context=words,
    )
    if tier.run.tier == "single":
        tier.delegate(DOMAIN, subject.address)
    return subject
