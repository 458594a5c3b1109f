"""The programs that a rehearsal calls, installed from Debian's packages where they are not there."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

# program: the Debian and Ubuntu package that has it
PROGRAMS = {
    "conntrack": "conntrack",
    "curl": "curl",
    "debootstrap": "debootstrap",
    "dnsmasq": "dnsmasq-base",
    "ip": "iproute2",
    "journalctl": "systemd",
    "losetup": "mount",
    "nft": "nftables",
    "nsenter": "util-linux",
    "pebble": "pebble",
    "podman": "podman",
    "systemd-nspawn": "systemd-container",
}
# what nodes of a cluster start containers with, and join them by
OF_NODES = {"runc": "runc", "conntrack": "conntrack"}
# what tests call that play a part of the host's here
OF_TESTS = {"jq": "jq"}
# Debian's own, and what others call theirs: on Ubuntu `chromium` is no package, and the one in a snap does not start for root
BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
# what these programs need besides
COMPANIONS = {
    "runc": ("containernetworking-plugins",),
    "debootstrap": ("debian-archive-keyring",),
    "podman": ("buildah", "crun"),
}


class PrerequisiteError(RuntimeError):
    """A program is missing and could not be installed; the message says what to install."""


def missing(programs: Iterable[str] = PROGRAMS) -> list[str]:
    """The programs that are not there; those of an administrator's folders count too."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return [program for program in programs if shutil.which(program, path=path) is None]


def found_browser() -> str | None:
    """Where this system's browser is, if it has one."""
    return next((place for name in BROWSERS if (place := shutil.which(name))), None)


def wanted() -> dict[str, str]:
    """What a rehearsal calls, each program with its package: a browser that starts, and AWS's CLI, only where a package has them."""
    system = ""
    with suppress(OSError):
        system = platform.freedesktop_os_release()["ID"]
    if system != "debian":
        return PROGRAMS
    return PROGRAMS | {"aws": "awscli"} | ({} if found_browser() else {"chromium": "chromium"})


def install(say: Callable[[str], None], programs: Mapping[str, str] | None = None) -> None:
    """Installs what is missing of the programs, each given with its package; without any, of those that are wanted.

    Raises:
        PrerequisiteError: this is no Debian or Ubuntu, or apt failed.
    """
    programs = wanted() if programs is None else programs
    absent = missing(programs)
    if not absent:
        return
    packages = sorted({programs[program] for program in absent} | {c for p in absent for c in COMPANIONS.get(p, ())})
    if shutil.which("apt-get") is None:
        raise PrerequisiteError(
            f"these programs are missing: {', '.join(absent)}. Install Debian's packages {' '.join(packages)}, or what your system calls them"
        )
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "--yes", "--no-install-recommends", *packages],
    ):
        say(" ".join(command[:2]))
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        if done.returncode:
            last = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
            raise PrerequisiteError(f"{' '.join(command)} ended with {done.returncode}:\n{last}")
    if still := missing(programs):
        raise PrerequisiteError(
            f"these programs are missing although their packages were installed: {', '.join(still)}"
        )


def main() -> int:
    """Installs what a rehearsal and the tests call, where somebody may; elsewhere it says what is missing."""
    programs = wanted() | OF_TESTS
    if not (absent := missing(programs)):
        return 0
    if platform.system() != "Linux" or os.geteuid() != 0:
        packages = sorted({programs[program] for program in absent})
        print(f"not here, and tests that take them are skipped: {', '.join(absent)} (Debian's {' '.join(packages)})")
        return 0
    try:
        install(print, programs)
    except PrerequisiteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
