"""Names and addresses that are taken: a network is made under others. In namespaces of the test's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.programs import needs
from tests.rehearsal.root import needs_root

_MAKE = """
import json, subprocess, sys
from pathlib import Path
from rehearsal.machines.network import Network
from rehearsal.machines.traces import Traces
for line in {taken!r}:
    subprocess.run(["ip", *line.split()], check=True)
lists = [Traces(Path(sys.argv[1], name)) for name in ("first", "second")]
made = [Network.make(traces) for traces in lists]
left = [sentence for traces in reversed(lists) for sentence in traces.end()]
print(json.dumps([[n.namespace, n.link, n.cloud, n.elastic] for n in made] + [left]))
"""


def _two_networks(folder: Path, *taken: str) -> list[list[str]]:
    """Makes two networks where the given `ip` lines were run before, in namespaces that end with this call."""
    # a link is looked for in /sys, which shows the network namespace in which it was mounted
    enter = 'mount -t sysfs sysfs /sys && mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && exec "$@"'
    done = subprocess.run(
        [
            "unshare",
            "--net",
            "--mount",
            "sh",
            "-c",
            enter,
            "sh",
            sys.executable,
            "-c",
            _MAKE.format(taken=taken),
            folder,
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path.cwd(),
    )
    assert done.returncode == 0, done.stderr
    made: list[list[str]] = json.loads(done.stdout)
    return made


@needs_root
@needs("ip")
def test_two_networks_at_once_have_names_and_addresses_of_their_own(tmp_path: Path) -> None:
    first, second, left = _two_networks(tmp_path)
    assert first[0] == "fines1"
    assert not set(first) & set(second)
    assert left == []


@needs_root
@needs("ip")
def test_a_taken_link_namespace_or_address_is_passed_over(tmp_path: Path) -> None:
    first, second, left = _two_networks(
        tmp_path,
        "link add fines1 type bridge",
        "netns add fines2",
        "link add other type bridge",
        "address add 198.18.3.1/24 dev other",
        "link set other up",
        "link set lo up",
    )
    assert [first[0], second[0]] == ["fines4", "fines5"]
    assert left == []
