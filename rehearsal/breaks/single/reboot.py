"""A host that does not come back by itself."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited, shell
from rehearsal.checks import Subject
from rehearsal.checks.single.reboot import a_host_that_is_rebooted_serves_again_as_it_was

_UNIT = "/etc/systemd/system/fines-boot.service"
_ANEW = "systemctl daemon-reload; systemctl -q disable fines-boot; systemctl -q enable fines-boot"


@breaks(a_host_that_is_rebooted_serves_again_as_it_was, says="was rebooted it does not serve", SERVES_SECONDS=45.0)
def boot_is_wanted_by_what_comes_before_it(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _UNIT, {"WantedBy=cloud-init.target": "WantedBy=multi-user.target"}, then=_ANEW):
        yield
    shell(subject.host, "systemctl start fines-boot.service", timeout=180)


@breaks(
    a_host_that_is_rebooted_serves_again_as_it_was,
    says="these units are not active: ['fines-metrics.timer']",
    SERVES_SECONDS=45.0,
)
def boot_forgets_a_timer(subject: Subject) -> Iterator[None]:
    with edited(subject.host, "/opt/fines/host/steps/watches", {"fines-*.timer": "fines-[!m]*.timer"}):
        yield
    shell(subject.host, "systemctl start fines-metrics.timer")
