"""The service in the running containers, changed as a developer would change it, and put back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.breaks import BreakError
from rehearsal.breaks.host import shell
from rehearsal.machines.machine import Machine

_IMAGE = "localhost/fines:broken"


@contextmanager
def changed(host: Machine, file: str, old: str, new: str) -> Iterator[None]:
    """All containers run an image in which a text of a file (below the project's `service`) is replaced by another."""
    names = shell(host, "podman ps --format '{{.Names}}' --filter name=fines-web").split()
    ports = sorted(name.removeprefix("fines-web-") for name in names)
    images = {container["Image"] for container in json.loads(shell(host, f"podman inspect {' '.join(names)}"))}
    if len(images) != 1:
        raise BreakError(f"the containers run {len(images)} images")
    image = images.pop()
    try:
        _make(host, image, file, old, new)
        _run(host, _IMAGE, ports)
        yield
    finally:
        _run(host, image, ports)
        shell(host, f"podman rmi --force {_IMAGE} > /dev/null 2>&1 || true")


def _make(host: Machine, image: str, file: str, old: str, new: str) -> None:
    container = shell(host, f"podman create {image}").strip()
    try:
        text = shell(host, f"podman cp {container}:/app/{file} /run/fines/changed && cat /run/fines/changed")
        if text.count(old) != 1:
            raise BreakError(f"{old!r} stands {text.count(old)} times in {file}: the break must be brought up to date")
        (host.root / "run/fines/changed").write_text(text.replace(old, new))
        shell(host, f"podman cp /run/fines/changed {container}:/app/{file} && podman commit -q {container} {_IMAGE}")
    finally:
        shell(host, f"rm -f /run/fines/changed; podman rm --force {container} > /dev/null")


def _run(host: Machine, image: str, ports: list[str]) -> None:
    units = " ".join(f"fines-web@{port}" for port in ports)
    tags = " && ".join(f"podman tag {image} localhost/fines:{port}" for port in ports)
    ready = (
        "curl -sf -m 3 -o /dev/null -H 'Host: localhost' -H 'X-Forwarded-Proto: https' http://127.0.0.1:$port/readyz"
    )
    wait = f"for port in {' '.join(ports)}; do for try in $(seq 60); do {ready} && continue 2; sleep 0.5; done; exit 1; done"
    # NGINX passes over a container that it saw fail for two seconds
    shell(host, f"{tags} && systemctl restart {units} && {{ {wait}; }} && sleep 2")
