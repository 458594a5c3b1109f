"""The service in the running containers, changed as a developer would change it, and put back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rehearsal.breaks import BreakError
from rehearsal.breaks.host import RELOAD_NGINX, edited, shell
from rehearsal.breaks.texts import replaced
from rehearsal.machines.machine import Machine

_IMAGE = "localhost/fines:broken"
_UNIT = "/etc/containers/systemd/fines-web@.container"


@contextmanager
def changed(host: Machine, file: str, changes: Mapping[str, str]) -> Iterator[None]:
    """All containers run an image in which texts of a file (below the project's `service`) are replaced."""
    running = ports(host)
    shown = shell(host, f"podman inspect {' '.join(f'fines-web-{port}' for port in running)}")
    images = {container["Image"] for container in json.loads(shown)}
    if len(images) != 1:
        raise BreakError(f"the containers run {len(images)} images")
    image = images.pop()
    try:
        _make(host, image, file, changes)
        _run(host, _IMAGE, running)
        yield
    finally:
        _run(host, image, running)
        shell(host, f"podman rmi --force {_IMAGE} > /dev/null 2>&1 || true")


def _make(host: Machine, image: str, file: str, changes: Mapping[str, str]) -> None:
    container = shell(host, f"podman create {image}").strip()
    try:
        text = shell(host, f"podman cp {container}:/app/{file} /run/fines/changed && cat /run/fines/changed")
        (host.root / "run/fines/changed").write_text(replaced(text, changes, file))
        shell(host, f"podman cp /run/fines/changed {container}:/app/{file} && podman commit -q {container} {_IMAGE}")
    finally:
        shell(host, f"rm -f /run/fines/changed; podman rm --force {container} > /dev/null")


def ports(host: Machine) -> list[str]:
    """The ports of the containers that run."""
    names = shell(host, "podman ps --format '{{.Names}}' --filter name=fines-web").split()
    return sorted(name.removeprefix("fines-web-") for name in names)


@contextmanager
def one_container_unknown(host: Machine) -> Iterator[None]:
    """NGINX does not know of the last of the containers."""
    known = f"  server 127.0.0.1:{ports(host)[-1]} max_fails=2 fail_timeout=2s;\n"
    with edited(host, "/etc/nginx/fines/upstream.conf", {known: ""}, then=RELOAD_NGINX):
        yield


@contextmanager
def other_unit(host: Machine, changes: Mapping[str, str]) -> Iterator[None]:
    """All containers run with other lines in their unit."""
    running = ports(host)
    try:
        with edited(host, _UNIT, changes, then="systemctl daemon-reload"):
            start(host, running, verb="restart")
            yield
    finally:
        start(host, running, verb="restart")


def start(host: Machine, ports: list[str], *, verb: str = "start") -> None:
    """Starts containers (or with another verb of systemctl), and returns when NGINX sends requests to each of them."""
    units = " ".join(f"fines-web@{port}" for port in ports)
    ready = (
        "curl -sf -m 3 -o /dev/null -H 'Host: localhost' -H 'X-Forwarded-Proto: https' http://127.0.0.1:$port/readyz"
    )
    each = f"for try in $(seq 60); do {ready} && continue 2; sleep 0.5; done; exit 1"
    # NGINX passes over a container that it saw fail for two seconds
    shell(host, f"systemctl {verb} {units}; for port in {' '.join(ports)}; do {each}; done; sleep 2")


def _run(host: Machine, image: str, ports: list[str]) -> None:
    shell(host, " && ".join(f"podman tag {image} localhost/fines:{port}" for port in ports))
    start(host, ports, verb="restart")
