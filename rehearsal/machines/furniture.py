"""What a machine finds as it boots: its disk over the root file system, its files, and its control groups."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rehearsal.machines.network import RESOLVER
from rehearsal.machines.traces import Traces


def layer(home: Path, root: Path, traces: Sequence[Traces]) -> Path:
    """Mounts a disk of the machine's own over the root file system; returns where."""
    merged, upper, work = home / "root", home / "upper", home / "work"
    for folder in (merged, upper, work):
        folder.mkdir()
    for each in traces:
        each.add("mount", path=str(merged))
    # A machine's own disk ends with it and is never mounted again, so nothing waits for this system's disk to have it
    # (overlayfs: volatile). The data volume is another thing: what is synced there must be there after a power loss.
    options = f"lowerdir={root},upperdir={upper},workdir={work},volatile"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(merged)], check=True, capture_output=True)
    return merged


def furnish(merged: Path, *, id: str, address: str, router: str, prefix: int, authority: Path) -> None:
    """Writes what this machine alone has: its name, address, and the authority that it trusts."""
    network = merged / "etc/systemd/network"
    network.mkdir(parents=True, exist_ok=True)
    (network / "10-host0.network").write_text(
        f"[Match]\nName=host0\n[Network]\nAddress={address}/{prefix}\nGateway={router}\nDNS={RESOLVER}\nLLMNR=no\nMulticastDNS=no\nDHCP=no\n"
        # The VPCs of the templates have no IPv6: nobody waits for a link-local address to be found free.
        "LinkLocalAddressing=no\nIPv6AcceptRA=no\n"
    )
    (merged / "etc/hostname").write_text(f"ip-{address.replace('.', '-')}\n")
    (merged / "etc/hosts").write_text(f"127.0.0.1 localhost\n{address} ip-{address.replace('.', '-')}\n::1 localhost\n")
    certificates = merged / "usr/local/share/ca-certificates"
    certificates.mkdir(parents=True, exist_ok=True)
    shutil.copy(authority, certificates / "rehearsal.crt")
    # What update-ca-certificates would make of it, which takes a second: the bundle is all that a machine's programs read.
    with (merged / "etc/ssl/certs/ca-certificates.crt").open("a") as bundle:
        bundle.write(authority.read_text())


def cgroups(name: str) -> list[Path]:
    """Where a machine's control groups are: one on pure v2; beside v1 controllers, systemd's two and that of processors."""
    top = Path("/sys/fs/cgroup")
    if (top / "cgroup.controllers").exists():
        return [top / name]
    return [top / each / name for each in ("unified", "systemd", "cpu") if (top / each).exists()]


def make_cgroups(name: str, traces: Sequence[Traces]) -> list[str]:
    """Makes them; returns where they are."""
    made = []
    for group in cgroups(name):
        for each in traces:
            each.add("cgroup", path=str(group))
        group.mkdir(exist_ok=True)
        made.append(str(group))
    return made
