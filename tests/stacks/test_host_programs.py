"""Programs of the host that a rehearsal sees in one case alone: the memory of other machines, and AWS's buckets of agents."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stacks.parts.machine import HOST_FILES

# Of the whole memory in MiB: what the database may take, and leave for two containers of 120 MiB, NGINX and the system.
_ROOM = {2048: 256, 4096: 512, 8192: 2048, 16384: 4096}


def _placed(folder: Path, name: str, places: dict[str, str]) -> Path:
    """A program of the host's, with its paths led elsewhere."""
    text = (HOST_FILES / "bin" / name).read_text()
    for there, here in places.items():
        assert there in text
        text = text.replace(there, here)
    (file := folder / name).write_text(text)
    return file


@pytest.mark.parametrize(("mib", "buffers"), _ROOM.items())
def test_postgresql_takes_its_share_of_the_memory_and_leaves_the_containers_theirs(
    tmp_path: Path, mib: int, buffers: int
) -> None:
    (tmp_path / "meminfo").write_text(f"MemTotal:       {mib * 1024} kB\nMemFree:        1 kB\n")
    program = _placed(tmp_path, "tune-postgresql", {"/proc/meminfo": str(tmp_path / "meminfo")})
    said = subprocess.run(["bash", str(program)], check=True, capture_output=True, text=True).stdout
    settings = dict(line.split(" = ") for line in said.splitlines())
    assert settings == {
        "shared_buffers": f"{buffers}MB",
        "effective_cache_size": f"{mib // 2}MB",
        "maintenance_work_mem": f"{mib // 32}MB",
        "work_mem": "4MB",
        "max_wal_size": "4096MB" if mib >= 8192 else "1024MB",
    }


# Notes what it is asked for; curl writes the file that it is to write.
_CURL = '#!/bin/bash\necho "$@" >> "$NOTES/asked"\nwhile [[ $1 != -o ]]; do shift; done\n: > "$2"\n'
_FAILS = "#!/bin/sh\nexit 1\n"
_APT = '#!/bin/bash\necho "${@: -1}" >> "$NOTES/installed"\n'
_LIBRARY = "/opt/fines/host/lib.sh"
_CONTROL = "/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"
_RENDERED, _TAKEN = "/run/fines/cloudwatch-agent.json", "/etc/fines/cloudwatch-agent.json"


def _here(folder: Path, place: str) -> Path:
    """Where a test has what lies there on a host."""
    return folder / place.strip("/").replace("/", "-")


def _agents(folder: Path, region: str, **programs: str) -> subprocess.CompletedProcess[str]:
    """Runs the program that installs AWS's agents, in a region, with these in the place of the programs that it calls."""
    (bin := folder / "bin").mkdir(exist_ok=True)
    for name, text in programs.items():
        (file := bin / name.replace("_", "-")).write_text(text)
        file.chmod(0o755)
    _here(folder, _LIBRARY).write_text(
        f'FINES_REGION={region}\nHOST_FILES={folder}\nlog() {{ echo "$*" >&2; }}\nplace() {{ cp "$1" "$2"; }}\n'
    )
    places = {place: str(_here(folder, place)) for place in (_LIBRARY, _CONTROL, _RENDERED, _TAKEN)}
    program = _placed(folder, "agents", places)
    environment = {"PATH": f"{bin}:/usr/bin:/bin", "NOTES": str(folder)}
    return subprocess.run(["bash", str(program)], env=environment, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
@pytest.mark.parametrize("region", ["us-east-1", "sa-east-1"])
def test_agents_come_from_awss_own_buckets_of_the_region(tmp_path: Path, region: str, architecture: str) -> None:
    says = f"#!/bin/sh\necho {architecture}\n"
    done = _agents(tmp_path, region, curl=_CURL, apt_get=_APT, dpkg=says, dpkg_query=_FAILS)
    assert done.returncode == 0, done.stderr
    assert [line.split()[-1] for line in (tmp_path / "asked").read_text().splitlines()] == [
        f"https://s3.{region}.amazonaws.com/amazon-ssm-{region}/latest/debian_{architecture}/amazon-ssm-agent.deb",
        f"https://amazoncloudwatch-agent-{region}.s3.{region}.amazonaws.com/debian/{architecture}/latest/amazon-cloudwatch-agent.deb",
    ]
    installed = [Path(line).name for line in (tmp_path / "installed").read_text().splitlines()]
    assert installed == ["amazon-ssm-agent.deb", "amazon-cloudwatch-agent.deb"]


def test_an_agent_that_cannot_be_had_fails_the_unit_so_that_it_is_tried_again(tmp_path: Path) -> None:
    done = _agents(
        tmp_path, "us-east-1", curl=_FAILS, apt_get=_FAILS, dpkg="#!/bin/sh\necho amd64\n", dpkg_query=_FAILS
    )
    assert done.returncode == 1
    assert "amazon-ssm-agent could not be had" in done.stderr and "amazon-cloudwatch-agent could not" in done.stderr


def test_an_agent_that_did_not_take_its_configuration_is_given_it_again_and_one_that_did_is_not(tmp_path: Path) -> None:
    control, asked = _here(tmp_path, _CONTROL), tmp_path / "asked"
    programs = {"python3": "#!/bin/sh\necho '{}'\n", "systemctl": "#!/bin/sh\n", "dpkg": "#!/bin/sh\necho amd64\n"}
    programs["dpkg_query"] = "#!/bin/sh\necho install ok installed\n"
    for status, times in ((1, 1), (0, 2), (0, 2)):
        control.write_text(f'#!/bin/sh\necho "$@" >> "$NOTES/asked"\nexit {status}\n')
        control.chmod(0o755)
        assert _agents(tmp_path, "us-east-1", **programs).returncode == status
        assert len(asked.read_text().splitlines()) == times
        assert _here(tmp_path, _TAKEN).exists() is (status == 0)
