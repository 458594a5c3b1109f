"""A record that tier single's own server does not tell."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited
from rehearsal.checks import Subject
from rehearsal.checks.asg.names import (
    the_tier_deploys_with_its_certificate_while_tier_single_answers_for_the_name_and_weights_move_the_traffic as check,
)
from rehearsal.checks.neighbour import ask_for_certificate, neighbour, proof

_RESTART = "systemctl reset-failed knot.service; systemctl restart knot.service && sleep 1"


@breaks(check, says="is not seen")
def the_record_that_proves_the_name_is_left_out_of_the_zone(subject: Subject) -> Iterator[None]:
    single = neighbour(subject)
    value = proof(subject, ask_for_certificate(subject))["Value"]
    with edited(single.host, f"/srv/fines/knot/{subject.domain}.zone", {value: "nothing.invalid."}, then=_RESTART):
        yield
