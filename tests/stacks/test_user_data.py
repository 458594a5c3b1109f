"""What a machine does before it has anything of ours: its user data, run against an AWS of a few lines."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from stacks.parts.machine import HOST_FILES

SETTINGS = {
    "FINES_REGION": "eu-south-2",
    "FINES_STACK": "fines-test-single",
    "FINES_GROUP_LOGICAL_ID": "HostGroup",
    "FINES_ADDRESS_ALLOCATION": "eipalloc-1",
    "FINES_HOST_ASSET": "s3://assets/abc.zip",
}
# Answers as the metadata service and AWS would, and writes down each call with what it was told on its standard input.
CURL = r"""#!/bin/bash
for word; do url=$word; done
case $url in
  */api/token) echo token ;;
  */instance-id) echo i-1 ;;
  */security-credentials/) echo host ;;
  */security-credentials/host) echo '{"AccessKeyId": "AKIA", "SecretAccessKey": "hidden", "Token": "session"}' ;;
  *)
    echo "$* < $(cat | tr '\n' ' ')" >> "$TOLD"
    [[ $url != $FAILS ]] || exit 22
    while [[ $# -gt 0 ]]; do [[ $1 != --output ]] || cp "$ASSET" "$2"; shift; done
    ;;
esac
"""


class Machine:
    """A folder that plays the machine's disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        (folder / "bin/curl").write_text(CURL)
        (folder / "bin/curl").chmod(0o755)
        self.told = folder / "told"
        self.told.touch()

    def start(self, *, boot: str = "exit 0", fails: str = "", settings: Mapping[str, str] = SETTINGS) -> int:
        asset = io.BytesIO()
        with zipfile.ZipFile(asset, "w") as archive:
            archive.writestr("boot", f"#!/bin/bash\n{boot}\n")
            archive.writestr("bin/release", "")
            archive.writestr("steps/web", "")
        (self.folder / "asset.zip").write_bytes(asset.getvalue())
        (self.folder / "boot.env").write_text("".join(f"{key}='{value}'\n" for key, value in settings.items()))
        script = (HOST_FILES / "user-data.sh").read_text()
        script = script.replace("/etc/fines/boot.env", f"{self.folder}/boot.env").replace(
            "/opt/fines", f"{self.folder}/opt"
        )
        script = script.replace("/run/fines", f"{self.folder}/run")
        environment = {
            "PATH": f"{self.folder}/bin:/usr/bin:/bin",
            "TOLD": str(self.told),
            "FAILS": fails,
            "ASSET": str(self.folder / "asset.zip"),
        }
        return subprocess.run(["bash", "-c", script], env=environment, check=False, capture_output=True).returncode

    @property
    def calls(self) -> list[str]:
        return self.told.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_address_comes_first_then_the_files_then_they_take_over(machine: Machine) -> None:
    assert machine.start(boot=f"touch {machine.folder}/booted") == 0
    assert [call.split(" <")[0].split()[-1] for call in machine.calls] == [
        "https://ec2.eu-south-2.amazonaws.com/",
        "https://assets.s3.eu-south-2.amazonaws.com/abc.zip",
    ]
    assert "AllocationId=eipalloc-1" in machine.calls[0]
    assert "InstanceId=i-1" in machine.calls[0]
    assert (machine.folder / "booted").exists()


def test_no_command_line_shows_the_roles_credentials(machine: Machine) -> None:
    machine.start()
    for call in machine.calls:
        words, _, given = call.partition(" < ")
        assert "hidden" not in words
        assert given == 'user = "AKIA:hidden" header = "x-amz-security-token: session" '


def test_an_address_that_another_host_still_has_is_left_to_it(machine: Machine) -> None:
    assert machine.start(boot=f"touch {machine.folder}/booted", fails="https://ec2.*") == 0
    assert "AllowReassociation=false" in machine.calls[0]
    assert (machine.folder / "booted").exists()


def test_a_machine_that_gets_nowhere_tells_its_stack_at_once(machine: Machine) -> None:
    assert machine.start(fails="https://assets.*") != 0
    assert "Action=SignalResource" in machine.calls[-1]
    assert "Status=FAILURE" in machine.calls[-1]
    assert "UniqueId=i-1" in machine.calls[-1]


def test_a_boot_that_failed_before_it_could_tell_is_told_of(machine: Machine) -> None:
    assert machine.start(boot="exit 1") == 1
    assert "Status=FAILURE" in machine.calls[-1]


def test_a_boot_that_told_of_its_failure_itself_is_not_told_of_twice(machine: Machine) -> None:
    assert (
        machine.start(boot=f"mkdir -p {machine.folder}/run/boot && touch {machine.folder}/run/boot/told && exit 1") == 1
    )
    assert not any("SignalResource" in call for call in machine.calls)


def test_a_machine_that_gets_nowhere_is_not_waited_for_by_its_group(machine: Machine) -> None:
    hook = {"FINES_SERVING_HOOK_NAME": "serve-first", "FINES_GROUP_NAME": "fines-test-asg"}
    assert machine.start(fails="https://assets.*", settings=SETTINGS | hook) != 0
    assert machine.calls[-1].split(" <")[0].split()[-1] == "https://autoscaling.eu-south-2.amazonaws.com/"
    for word in ("Action=CompleteLifecycleAction", "Result=ABANDON", "InstanceId=i-1", "HookName=serve-first"):
        assert word in machine.calls[-1]


def test_a_machine_of_a_group_without_a_hook_answers_none(machine: Machine) -> None:
    assert machine.start(fails="https://assets.*") != 0
    assert not any("CompleteLifecycleAction" in call for call in machine.calls)
