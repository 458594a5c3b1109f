"""Builds the service's image as Docker would for the CDK CLI: with podman, from a Debian base made here, to the local registry.

The CLI calls the program that CDK_DOCKER names. This one keeps its layers in the rehearsal's own cache and touches
neither the system's Docker nor its podman storage.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from rehearsal.disk import shortage
from rehearsal.machines.rootfs import SUITE, mirror, remove
from rehearsal.places import cache

# What makes Debian's public image of that name slim: these are left out, now and at each installation into it (dpkg.cfg(5)),
# and apt keeps neither packages nor its own indexes.
_LEFT_OUT = (
    "usr/share/doc/",
    "usr/share/groff/",
    "usr/share/info/",
    "usr/share/linda/",
    "usr/share/lintian/",
    "usr/share/locale/",
    "usr/share/man/",
)
_FILES = {
    "etc/dpkg/dpkg.cfg.d/docker": "".join(f"path-exclude /{folder}*\n" for folder in _LEFT_OUT)
    + "path-include /usr/share/doc/*/copyright\n",
    "etc/apt/apt.conf.d/docker-clean": 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };\n'
    'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";\n',
    "etc/apt/apt.conf.d/docker-no-languages": 'Acquire::Languages "none";\n',
}
_MADE_OF = hashlib.sha256(repr((SUITE, _FILES)).encode()).hexdigest()[:8]
BASE = f"localhost/debian:{SUITE}-slim-{_MADE_OF}"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# What lets a build reach package registries the way this system does.
_PASSED_ON = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)


class BaseImageError(RuntimeError):
    """The base image could not be made; the message says why."""


def podman(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Runs podman on the rehearsal's own storage."""
    storage = cache() / "images"
    storage.mkdir(parents=True, exist_ok=True)
    command = [
        "podman",
        "--root",
        str(storage),
        "--runroot",
        "/run/fines-images",
        "--storage-driver",
        "overlay",
        "--cgroup-manager",
        "cgroupfs",
        "--events-backend",
        "none",
    ]
    return subprocess.run([*command, *words], text=True, **options)  # type: ignore[call-overload,no-any-return]


def how_to_build() -> list[str]:
    """The options of podman's builds: isolated as any cgroups allow, and reaching package registries as this system does."""
    given = [f"--env={name}" for name in _PASSED_ON if name in os.environ]
    trust = ["--volume", f"{_CERTIFICATES}:{_CERTIFICATES}:ro"] if Path(_CERTIFICATES).exists() else []
    return ["--isolation", "chroot", "--network", "host", *trust, *given]


def base_image() -> None:
    """Makes the base image if the storage has none: Debian's minimal system, as the public image of that name has."""
    if podman("image", "exists", BASE, check=False).returncode == 0:
        return
    folder = cache() / "base"
    root = folder / "root"
    remove(root)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _make_base(root, folder / "base.tar")
    except (OSError, subprocess.CalledProcessError) as error:
        raise BaseImageError(f"the base image could not be made: {error}{shortage(folder)}") from error
    finally:
        remove(root)
        (folder / "base.tar").unlink(missing_ok=True)


def _make_base(root: Path, archive: Path) -> None:
    subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(root), mirror()],
        check=True,
        stdout=sys.stderr,
    )
    for name, text in _FILES.items():
        (root / name).write_text(text)
    without = ("dev/", "var/cache/apt/", "var/lib/apt/lists/", "var/log/", *_LEFT_OUT)

    def kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        name = member.name.removeprefix("./")
        return None if name.startswith(without) and not name.endswith("/copyright") and not member.isdir() else member

    with tarfile.open(archive, "w") as tar:
        tar.add(root, ".", filter=kept)
    podman("import", str(archive), BASE, check=True, stdout=sys.stderr)


def main() -> int:
    """Answers the calls that the CDK CLI makes of Docker: inspect, build, login, tag, push."""
    verb, *words = sys.argv[1:]
    registry = os.environ["REHEARSAL_REGISTRY"]
    match verb:
        case "inspect":
            return podman("image", "inspect", *words, check=False, stdout=subprocess.DEVNULL).returncode
        case "build":
            try:
                base_image()
            except BaseImageError as error:
                print(f"Error: {error}", file=sys.stderr)
                return 1
            options = ["--layers", "--build-arg", f"BASE={BASE}", *how_to_build()]
            return podman("build", *options, *words, check=False).returncode
        case "login":
            sys.stdin.read()
            return 0
        case "tag":
            return podman("tag", *words, check=False).returncode
        case "push":
            name = words[-1].partition("/")[2]
            return podman(
                "push", "--tls-verify=false", words[-1], f"docker://{registry}/{name}", check=False
            ).returncode
    print(f"docker {verb}: the rehearsal answers inspect, build, login, tag and push alone", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
