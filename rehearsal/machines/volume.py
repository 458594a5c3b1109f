"""What stands in for an EBS volume: a sparse file behind a loop device."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rehearsal.machines.traces import Traces

_SYS_RESOURCE = 24  # capabilities(7)


@dataclass(frozen=True)
class Volume:
    """A volume with its id (`vol-…`) and the file that holds its blocks."""

    id: str
    file: Path

    @property
    def by_id(self) -> str:
        """The name under which EC2's Nitro machines show it."""
        return f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{self.id.replace('-', '')}"

    def make(self, gibibytes: int, *, source: Path | None = None) -> None:
        """Makes the file, empty or as a copy of a snapshot's."""
        if source is not None:
            _copy(source, self.file)
        self.file.touch()
        self.grow(gibibytes)

    def copy(self, target: Path) -> None:
        """Copies the volume's blocks as they are into another file."""
        _copy(self.file, target)

    def grow(self, gibibytes: int) -> None:
        """Makes the volume larger under whoever has it mounted."""
        with self.file.open("ab") as file:
            file.truncate(gibibytes * 2**30)
        for device in self.devices():
            subprocess.run(["losetup", "--set-capacity", device], check=True, capture_output=True)

    def device(self, traces: Traces) -> str:
        """The loop device of the volume, made if there is none."""
        found = self.devices()
        if not found:
            traces.add("loop", file=str(self.file))
            subprocess.run(["losetup", "--find", str(self.file)], check=True, capture_output=True)
            found = self.devices()
        return found[0]

    def release(self) -> None:
        """Lets go of the loop device, and with it of what the kernel still holds of it."""
        for device in self.devices():
            subprocess.run(["losetup", "--detach", device], check=True, capture_output=True)

    def remove(self) -> None:
        self.release()
        self.file.unlink(missing_ok=True)

    def devices(self) -> list[str]:
        """The loop devices of the volume: one at most."""
        shown = subprocess.run(
            ["losetup", "--associated", str(self.file), "--noheadings", "--output", "NAME"],
            check=True,
            capture_output=True,
            text=True,
        )
        return shown.stdout.split()


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", str(source), str(target)], check=True)


def why_no_growth() -> str:
    """Why a mounted file system cannot grow here, if it cannot: the kernel asks for a right that this system's root may lack."""
    effective = re.search(r"^CapEff:\t(\S+)$", Path("/proc/self/status").read_text(), re.M)
    if effective and int(effective[1], 16) >> _SYS_RESOURCE & 1:
        return ""
    return "a mounted file system that grows with its volume: this system's root lacks CAP_SYS_RESOURCE"
