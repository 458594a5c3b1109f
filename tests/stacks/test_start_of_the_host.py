"""What starts with the machine waits for nothing that waits for it: systemd would drop one of the two, today this and tomorrow that."""

from __future__ import annotations

import configparser
from pathlib import Path

_UNIT = Path(__file__).parents[2] / "stacks/host/systemd/fines-boot.service"


def test_boot_is_wanted_by_what_comes_after_cloud_init() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(_UNIT)
    # Debian's cloud-final.service comes after multi-user.target, and cloud-init.target after both.
    assert "cloud-final.service" in unit["Unit"]["After"].split()
    assert unit["Install"]["WantedBy"] == "cloud-init.target"
