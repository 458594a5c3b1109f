"""The root file system that machines boot from: Debian 13 with what Debian's own EC2 images bring, made once and cached."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from rehearsal.disk import shortage
from rehearsal.machines.traces import start_time
from rehearsal.places import cache

SUITE = "trixie"
# What Debian's EC2 images have of importance here: they boot with systemd, configure themselves by cloud-init,
# resolve names through systemd-resolved, keep time, and have Python and curl.
PACKAGES = (
    "systemd-sysv",
    "systemd-resolved",
    "dbus",
    "cloud-init",
    "ca-certificates",
    "iproute2",
    "iputils-ping",
    "nftables",
    "curl",
    "python3",
    "sudo",
    "procps",
    "less",
    "e2fsprogs",
    "locales",
    "tzdata",
)
# Of use only where machines are containers; see docs/rehearsal.md.
STAND_IN_PACKAGES = ("catatonit",)
# What machines run that stand in for managed services: databases, load balancers, functions made from images.
APPLIANCE_PACKAGES = ("postgresql-17", "haproxy", "podman", "netavark", "aardvark-dns")

_FILES = {
    # cloud-init knows that it runs on EC2 from the hypervisor's tables, which a container does not have: it is told here,
    # and from then on does what it does on EC2, with the tokens that the metadata service demands.
    "etc/cloud/cloud.cfg.d/90_datasource.cfg": "datasource_list: [Nitro]\ndatasource: {Ec2: {timeout: 5, max_wait: 20}}\n",
    "usr/lib/python3/dist-packages/cloudinit/sources/DataSourceNitro.py": (
        "from cloudinit import sources\n"
        "from cloudinit.sources.DataSourceEc2 import CloudNames, DataSourceEc2\n\n\n"
        "class DataSourceNitro(DataSourceEc2):\n"
        "    def _get_cloud_name(self):\n"
        "        return CloudNames.AWS\n\n\n"
        "def get_datasource_list(depends):\n"
        "    wanted = (sources.DEP_FILESYSTEM, sources.DEP_NETWORK)\n"
        "    return sources.list_from_depends(depends, [(DataSourceNitro, wanted)])\n"
    ),
    "etc/cloud/cloud.cfg.d/91_network.cfg": "network: {config: disabled}\n",
    # No pids controller and no CAP_SYS_RESOURCE for the machines of a rehearsal.
    "etc/containers/containers.conf": (
        '[containers]\npids_limit = 0\ndefault_ulimits = ["nofile=20000:20000"]\n'
        'volumes = ["/etc/ssl/certs/ca-certificates.crt:/etc/ssl/certs/ca-certificates.crt:ro"]\n'
        'env = ["AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt"]\n'
    ),
    "etc/hostname": "debian\n",
    "etc/systemd/journald.conf.d/rehearsal.conf": "[Journal]\nStorage=persistent\n",
    # Units that steer hardware a container does not have.
    "etc/systemd/system/systemd-modules-load.service.d/rehearsal.conf": "[Unit]\nConditionVirtualization=!container\n",
    # An empty unit is a masked one, and who asks for it is told so at once. apt asks for it at each installation.
    "etc/systemd/system/systemd-logind.service": "",
    "etc/systemd/system/dbus-org.freedesktop.login1.service": "",
}


class RootFileSystemError(RuntimeError):
    """The root file system could not be made; the message says why and where the log is."""


def architecture() -> str:
    """Debian's name for this machine's CPU."""
    if shutil.which("dpkg") is None:
        return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()


def mirror() -> str:
    """The Debian mirror this system itself uses, or Debian's own where it uses none."""
    release = Path("/etc/os-release").read_text()
    if re.search(r"^ID=debian$", release, re.M):
        sources = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
        for source in sources:
            text = source.read_text() if source.is_file() else ""
            if found := re.search(r"^(?:URIs:\s*|deb\s+(?:\[[^]]*\]\s+)?)(https?://\S+/debian/?)(?:\s|$)", text, re.M):
                return found.group(1)
    return "http://deb.debian.org/debian"


def root_file_system(say: Callable[[str], None]) -> Path:
    """The cached root file system, made first if it is not there.

    Raises:
        RootFileSystemError: debootstrap or apt failed, or the disk is full; what was half made is removed.
    """
    made_of = [SUITE, architecture(), *PACKAGES, *STAND_IN_PACKAGES, *(f"{k}={v}" for k, v in sorted(_FILES.items()))]

    def make(draft: Path, log: Path) -> None:
        say(f"Debian {SUITE}: debootstrap")
        _logged(log, "debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(draft), mirror())
        say(f"Debian {SUITE}: packages of a cloud image")
        _install(draft, log, *PACKAGES, *STAND_IN_PACKAGES)
        _logged(log, "chroot", str(draft), "systemctl", "enable", "systemd-networkd", "systemd-resolved")
        for name, text in _FILES.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_text(text)
        _finish(draft)

    return _cached(made_of, make)


def appliance_file_system(root: Path, say: Callable[[str], None]) -> Path:
    """The cached root file system of what stands in for managed services: a machine's, with their programs installed.

    Raises:
        RootFileSystemError: apt failed, or the disk is full; what was half made is removed.
    """

    def make(draft: Path, log: Path) -> None:
        say(f"Debian {SUITE}: what stands in for managed services")
        _logged(log, "cp", "--archive", "--reflink=auto", str(root), str(draft))
        (draft / "etc/resolv.conf").unlink()
        _install(draft, log, *APPLIANCE_PACKAGES)
        for unit in ("postgresql", "haproxy"):
            _logged(log, "chroot", str(draft), "systemctl", "disable", unit)
        _logged(log, "chroot", str(draft), "pg_dropcluster", "17", "main")
        _finish(draft)

    return _cached([root.name, *APPLIANCE_PACKAGES], make)


def _cached(made_of: Sequence[str], make: Callable[[Path, Path], None]) -> Path:
    """A root file system of the cache, named after what it is made of, and made first if it is not there."""
    folder = cache() / "rootfs"
    root = folder / hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:16]
    if root.exists():
        return root
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.draft.*"):  # of a process that was killed
        if start_time(int(left.suffix[1:])) is None:
            remove(left)
    draft = folder / f"{root.name}.draft.{os.getpid()}"
    try:
        make(draft, folder / f"{root.name}.log")
        draft.rename(root)
    except (OSError, subprocess.CalledProcessError, RootFileSystemError) as error:
        why = f"the root file system could not be made: {error}{shortage(folder)}"
        raise RootFileSystemError(why) from error
    finally:
        remove(draft)
    return root


def _finish(root: Path) -> None:
    """Leaves to the machine what is its own: names by its resolver, and who it is."""
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    (root / "etc/machine-id").write_text("")


def remove(root: Path) -> None:
    """Removes a root file system, whole or half made; what is mounted below it is let go of first, never looked into."""
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in sorted((each for each in mounted if each.startswith(f"{root}/")), reverse=True):
        subprocess.run(["umount", "--lazy", point], check=True, capture_output=True)
    shutil.rmtree(root, ignore_errors=True)


def _install(root: Path, log: Path, *packages: str) -> None:
    (root / "etc/apt/sources.list").write_text(
        f"deb {mirror()} {SUITE} main\ndeb {mirror()} {SUITE}-updates main\ndeb {_security()} {SUITE}-security main\n"
    )
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    proc = root / "proc"
    subprocess.run(["mount", "-t", "proc", "proc", str(proc)], check=True)
    try:
        _logged(log, "chroot", str(root), "apt-get", "update")
        install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
        _logged(log, "chroot", str(root), "env", "DEBIAN_FRONTEND=noninteractive", *install)
        _logged(log, "chroot", str(root), "apt-get", "clean")
    finally:
        subprocess.run(["umount", "--lazy", str(proc)], check=True)
    policy.unlink()


def _security() -> str:
    base = mirror().rstrip("/")
    return re.sub(r"/debian$", "/debian-security", base)


def _logged(log: Path, *command: str) -> None:
    with log.open("a") as out:
        done = subprocess.run(command, check=False, stdout=out, stderr=subprocess.STDOUT)
    if done.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
        raise RootFileSystemError(
            f"{' '.join(command[:3])} … ended with {done.returncode}. Its last lines ({log} has the rest):\n{last}"
        )
