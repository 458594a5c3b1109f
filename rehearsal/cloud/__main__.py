"""Serves the local AWS of one run until it is told to end; started inside the run's network namespace.

Usage: python -m rehearsal.cloud TIER (with NETWORK, ROOT_FILE_SYSTEM and AWS_REGION in the environment), or
python -m rehearsal.cloud TIER FOLDER PORT without machines, by any user, until its standard input ends (with AWS_REGION)
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from rehearsal.acme import ACME_NAME
from rehearsal.cloud.tunnel import Tunnel
from rehearsal.machines.loopback import LOOPBACK
from rehearsal.machines.metadata import MetadataService
from rehearsal.machines.network import RESOLVER, Network
from rehearsal.machines.traces import Traces
from rehearsal.places import DELEGATIONS, CloudRun, Run

PORT = 4566
ACCOUNT = "000000000000"


def main() -> None:
    tier, *apart = sys.argv[1:]
    run = CloudRun(tier, Path(apart[0])) if apart else Run(tier)
    port = int(apart[1]) if apart else PORT
    region = os.environ["AWS_REGION"]
    os.environ |= {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1" if apart else "0.0.0.0",  # noqa: S104 - all of the run's own namespace
        "MINISTACK_REGION": region,
        "STATE_DIR": str(run.home / "ministack"),
    }
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")

    # MiniStack reads its settings when it is imported
    from ministack import app
    from ministack.services import ssm

    from rehearsal.cloud import (
        alarms,
        certificates,
        commands,
        embedded,
        group_figures,
        identities,
        operations,
        polls,
        processes,
        processors,
        reboots,
        rotation,
        shells,
        unserved,
        zoned,
    )
    from rehearsal.cloud.appliances import Appliances
    from rehearsal.cloud.authority import Authority
    from rehearsal.cloud.balancers import Balancers
    from rehearsal.cloud.clock import Clock
    from rehearsal.cloud.clusters import Clusters
    from rehearsal.cloud.collectors import Collectors
    from rehearsal.cloud.companions import Companions
    from rehearsal.cloud.databases import Databases
    from rehearsal.cloud.distributions import Distributions
    from rehearsal.cloud.ec2 import Ec2
    from rehearsal.cloud.edge import Edge
    from rehearsal.cloud.events import Events
    from rehearsal.cloud.fleet import Fleet
    from rehearsal.cloud.front import Front, certify
    from rehearsal.cloud.functions import Functions
    from rehearsal.cloud.keeping import keep
    from rehearsal.cloud.mend import mend
    from rehearsal.cloud.moments import Moments
    from rehearsal.cloud.names import Names, reload_by
    from rehearsal.cloud.permissions import Evaluator, Gate, Ledger, Sessions
    from rehearsal.cloud.permissions.lookup_ministack import MiniStack
    from rehearsal.cloud.processors import Processors
    from rehearsal.cloud.ranges import refuse_overlaps
    from rehearsal.cloud.role_clients import RoleClients
    from rehearsal.cloud.scaling import Scaling
    from rehearsal.cloud.signals import Signals
    from rehearsal.cloud.snapshots import keep_blocks
    from rehearsal.cloud.types import teach
    from rehearsal.cloud.unmanned import Unmanned
    from rehearsal.cloud.zones import Zones

    network = LOOPBACK if apart else Network.load(os.environ["NETWORK"])
    traces = Traces(run.traces)
    authority = Authority(run.authority)
    context = certify(
        authority=authority,
        folder=run.home,
        region=region,
        address=network.cloud,
        others={ACME_NAME: run.acme_certificate},
    )
    known = MiniStack(account=ACCOUNT, region=region)
    sessions = Sessions(announce=known.announce)
    unmanned = Unmanned(run=run, traces=traces, sessions=sessions) if apart else None
    machines = unmanned or Ec2(
        run=run, network=network, root=Path(os.environ["ROOT_FILE_SYSTEM"]), traces=traces, sessions=sessions
    )
    mend()
    operations.one_at_a_time()
    operations.told_apart()
    polls.answer_when_there_is_news()
    identities.mend()
    shells.play()
    refuse_overlaps()
    teach(run, machines)
    if not apart:
        reboots.teach(machines, run=run, traces=traces)
        keep_blocks(run, machines)
    zoned.teach(machines)
    rotation.play()
    leads_to = certificates.delegations(run.home / DELEGATIONS)
    certificates.play(authority, region=region, name_server=leads_to)
    commands.play(machines)
    alarms.play(region)
    group_figures.play(region)
    embedded.play()
    names, seen = Names(run.names), Events(run.events)
    distributions = Distributions(names=names, edge=network.edge, account=ACCOUNT, region=region)
    if not apart:
        appliances = Appliances(
            run=run,
            network=network,
            root=Path(os.environ["APPLIANCE_FILE_SYSTEM"]),
            traces=traces,
            machines=machines,
        )
        Moments(
            Databases(
                appliances=appliances,
                names=names,
                authority=authority,
                seen=seen,
                region=region,
                backups=run.home / "rds-backups",
            )
        )
        Functions(
            appliances=appliances,
            sessions=sessions,
            registry=f"{network.cloud}:{port}",
            region=region,
            cloud=network.cloud,
        )
        Zones(names, region)
        health = Balancers(appliances=appliances, names=names, region=region).health
        if tier == "eks":
            processes.play(sessions=sessions, folder=run.home / "functions", authority=run.authority)
            clients = RoleClients(
                sessions=sessions, endpoint=f"https://{network.cloud}", bundle=run.authority, region=region
            )
            companions = Companions(
                network=network,
                names=names,
                authority=authority,
                sessions=sessions,
                clients=clients,
                region=region,
                health=health,
            )
            Clusters(
                run=run,
                network=network,
                traces=traces,
                machines=machines,
                names=names,
                companions=companions,
                collectors=Collectors(clients=clients, region=region),
                region=region,
                port=port,
            )
    else:
        health = _nobody_looks
        unserved.play()
    fleet = Fleet(machines=machines, signals=Signals(seen), seen=seen, region=region, health=health)
    scaling = Scaling(clock=Clock(run.clock), groups=fleet.groups, suspended=fleet.suspended)
    keep("the sizes of groups", scaling.step, region=region, every=0.5)
    if not apart:
        keep("the processors' figures", Processors(os.cpu_count() or 1).tell, region=region, every=processors.EVERY)
    for arch in ("amd64", "arm64"):
        ssm._PUBLIC_AMI_PARAMETERS[f"/aws/service/debian/release/13/latest/{arch}"] = "ami-0deb1a00000000013"

    async def serve() -> None:
        evaluator = Evaluator(node=Path(sys.executable).parent / "node")
        await evaluator.start()
        gate = Gate(
            evaluator=evaluator,
            sessions=sessions,
            lookup=known,
            account=ACCOUNT,
            region=region,
            roles=known.role,
            resource_policy=known.resource_policy,
            users=known.user_of,
            seeds=known.seed_of,
            ledger=Ledger(run.permissions),
        )
        distributions.judged_by(gate, asyncio.get_running_loop())
        front = Front(backend=f"http://127.0.0.1:{port}", gate=gate, authorities=authority.pem)
        if unmanned:
            behind = await front.start(address=network.cloud, context=context, port=0)
            unmanned.reached_by(f"http://127.0.0.1:{await Tunnel(behind).start()}")
        else:
            await MetadataService(machines.instances).start()
            await front.start(address=network.cloud, context=context)
            edge = Edge(backend=f"http://127.0.0.1:{port}", distributions=distributions)
            await edge.start(address=network.edge, authority=authority)
        await asyncio.Event().wait()

    threading.Thread(target=asyncio.run, args=(serve(),), name="front", daemon=True).start()
    if unmanned:
        threading.Thread(target=_end_with_standard_input, name="end", daemon=True).start()
    else:
        names.reload = reload_by(_start_resolver(run, network, traces))
    run.facts.write_text(
        json.dumps({"endpoint": f"http://{network.cloud}:{port}", "region": region, "pid": os.getpid()})
    )
    sys.argv = sys.argv[:1]  # MiniStack reads the command line too
    app.main()


def _end_with_standard_input() -> None:
    """Ends this process and its own children when the rehearsal that holds the other end is gone, however it ended."""
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


def _nobody_looks(group: str, target: str) -> str:
    """What is said of a target's health where no load balancer stands before it."""
    return "healthy"


def _start_resolver(run: Run, network: Network, traces: Traces) -> int:
    """What stands in for the VPC's resolver: AWS's names lead to the front, all others to this system's own resolvers.

    Returns its process number.
    """
    delegations = run.home / DELEGATIONS
    delegations.touch()
    upstream = [f"--server={address}" for address in upstream_resolvers()]
    command = [
        *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--user=root"),
        # For how long a name may be kept: as that of a database on AWS; a load balancer's may be kept for a minute there.
        *(
            f"--addn-hosts={run.names}",
            "--local-ttl=5",
            "--pid-file",
            "--bind-interfaces",
            "--interface=vpc",
            "--except-interface=lo",
        ),
        # Names that exist nowhere, which cloud-init asks for to see whether it is lied to: no other resolver need be asked.
        *("--domain-needed", "--local=/invalid/", "--local=/does-not-exist.example.com/", "--local=/instance-data/"),
        "--local=/cloudfront.net/",  # nobody else's distributions are asked for here
        *(f"--listen-address={RESOLVER}", f"--address=/amazonaws.com/{network.cloud}"),
        *(f"--address=/{ACME_NAME}/{network.host}", f"--servers-file={delegations}", *upstream),
    ]
    process = subprocess.Popen(command, stdout=(run.logs / "resolver.log").open("wb"), stderr=subprocess.STDOUT)
    traces.process(process)
    return process.pid


def upstream_resolvers() -> list[str]:
    """The resolvers this system asks, passing over a stub of systemd-resolved on its loopback."""
    for file in (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")):
        if file.exists():
            found = [
                line.split()[1]
                for line in file.read_text().splitlines()
                if line.startswith("nameserver ") and len(line.split()) > 1
            ]
            if found := [address for address in found if not address.startswith("127.") and address != "::1"]:
                return found
    return []


if __name__ == "__main__":
    main()
