"""The programs of a cluster, built from their own sources once for each set of pins, and kept by content.

Each folder beside this file is a Go module that names what is built and pins all that goes into it (go.mod, go.sum). Go itself
comes with the environment. What is built lies under the caches; Go's own caches of sources and objects, several gigabytes, are
there until all is built: a build that failed goes on from them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.disk import shortage
from rehearsal.places import cache
from rehearsal.screen import Say

HERE = Path(__file__).resolve().parent
_ROOM = 9 * 2**30  # bytes that the sources, the objects and the programs take while they are built
_BUILT = "programs"  # of the caches
_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")
# What is built of each module: the program's name and its package.
MODULES: Mapping[str, Mapping[str, str]] = {
    "pause": {"pause": "."},
    "etcd": {"etcd": "go.etcd.io/etcd/server/v3"},
    "containerd": {
        name: f"github.com/containerd/containerd/v2/cmd/{name}"
        for name in ("containerd", "containerd-shim-runc-v2", "ctr")
    },
    "authenticator": {"aws-iam-authenticator": "sigs.k8s.io/aws-iam-authenticator/cmd/aws-iam-authenticator"},
    "coredns": {"coredns": "github.com/coredns/coredns"},
    "metrics-server": {"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
    "kubernetes": {name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES},
}


class ProgramsError(RuntimeError):
    """The programs of a cluster could not be built; the message says which, and what the compiler said."""


@dataclass(frozen=True)
class Programs:
    """Where the programs of a cluster are."""

    folders: tuple[Path, ...]

    def path(self, name: str) -> Path:
        """A program's own place.

        Raises:
            ProgramsError: it is none of them.
        """
        for folder in self.folders:
            if (found := folder / name).exists():
                return found
        raise ProgramsError(f"{name!r} is no program of a cluster: they are {', '.join(names())}")

    @property
    def search_path(self) -> str:
        """The folders, as the environment variable PATH has them."""
        return os.pathsep.join(map(str, self.folders))


def names() -> list[str]:
    return sorted(name for programs in MODULES.values() for name in programs)


def version() -> str:
    """The version of Kubernetes that is built: v1.36.3, say."""
    found = re.search(r"^\tk8s\.io/kubernetes (v\S+)|^require k8s\.io/kubernetes (v\S+)", _mod("kubernetes"), re.M)
    assert found
    return found[1] or found[2]


def ensure(say: Say) -> Programs:
    """The programs, those built first that are not there yet.

    Raises:
        ProgramsError: Go is not installed, or something could not be built. No program is left half made, and what was
            built before it is kept.
    """
    folders = {module: cache() / _BUILT / f"{module}-{key(module)}" for module in MODULES}
    absent = [module for module in MODULES if not folders[module].is_dir()]
    if absent:
        work = cache() / _BUILT / "work"
        work.mkdir(parents=True, exist_ok=True)
        if lack := shortage(work, needed=_ROOM):
            raise ProgramsError(f"the programs of Kubernetes cannot be built.{lack}")
        for module in absent:
            _build(module, folders[module], work, say)
        _forget(work)
    return Programs(tuple(folders.values()))


def key(module: str) -> str:
    """What a module's programs are made of, as a short hash: sources, pins, Go and flags."""
    made_of = hashlib.sha256()
    for file in sorted((HERE / module).iterdir()):
        made_of.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    made_of.update(repr((go_version(), _flags(module), _ENVIRONMENT)).encode())
    return made_of.hexdigest()[:16]


_ENVIRONMENT = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly"}


def go_version() -> str:
    """What Go says of itself.

    Raises:
        ProgramsError: it is not installed.
    """
    try:
        said = subprocess.run([_go(), "version"], check=True, capture_output=True, text=True, env=_environment()).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ProgramsError(f"Go is not installed in {Path(sys.executable).parent}: run make") from error
    return said.strip()


def _go() -> str:
    return str(Path(sys.executable).parent / "go")


def _environment(work: Path | None = None) -> dict[str, str]:
    own = {"GOPATH": str(work / "go"), "GOCACHE": str(work / "objects")} if work else {}
    return os.environ | _ENVIRONMENT | own


def _flags(module: str) -> list[str]:
    linked = ["-s", "-w"]
    if module == "kubernetes":
        place, (major, minor, _) = "k8s.io/component-base/version", version().removeprefix("v").split(".")
        told = {"gitVersion": version(), "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        linked += [f"-X {place}.{name}={value}" for name, value in told.items()]
    return ["-trimpath", "-ldflags", " ".join(linked)]


def _build(module: str, folder: Path, work: Path, say: Say) -> None:
    draft = work / "drafts" / module
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for number, (name, package) in enumerate(MODULES[module].items(), 1):
        say(f"building {name} from its sources ({module}, {number} of {len(MODULES[module])})")
        command = [_go(), "build", *_flags(module), "-o", str(draft / name), package]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=HERE / module, env=_environment(work)
        )
        if done.returncode:
            last = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
            lack = shortage(work, needed=2**29)
            raise ProgramsError(f"{name} could not be built:\n{last}{lack}")
    draft.rename(folder)


def _mod(module: str) -> str:
    return (HERE / module / "go.mod").read_text()


def _forget(work: Path) -> None:
    """Takes away what was only needed for building; Go makes the sources it keeps read-only."""
    subprocess.run(["chmod", "--recursive", "u+w", str(work)], check=False)
    shutil.rmtree(work, ignore_errors=True)
