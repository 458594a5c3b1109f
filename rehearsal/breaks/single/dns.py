"""A name server that says too little or too much."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited, read, shell, write
from rehearsal.breaks.texts import replaced
from rehearsal.checks import Subject
from rehearsal.checks.single.dns import (
    a_secondary_that_a_setting_names_gets_the_zone_by_its_key_alone,
    the_name_server_on_the_host_answers_for_the_zone_with_valid_signatures,
    the_name_server_refuses_recursion_and_transfers_to_strangers,
)
from rehearsal.machines.network import RESOLVER

_KNOT = "/etc/knot/knot.conf"
_SECONDARIES = "/run/fines/knot/secondaries.conf"
_AS_IT_IS = {  # served, with the signatures that the file has
    "zonefile-load: difference-no-serial": "zonefile-load: whole",
    "journal-content: all": "journal-content: none",
    "dnssec-signing: on": "dnssec-signing: off",
    "semantic-checks: on": "semantic-checks: off",
}
_RESTART = "systemctl reset-failed knot.service; systemctl restart knot.service && sleep 1"
_OPEN = "acl:\n  - id: everybody\n    action: transfer\n"
_FORWARD = f"remote:\n  - id: resolver\n    address: {RESOLVER}\nmod-dnsproxy:\n  - id: forward\n    remote: resolver\n    fallback: on\n"


@breaks(the_name_server_on_the_host_answers_for_the_zone_with_valid_signatures, says="has no signature")
def the_zone_is_not_signed(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _KNOT, {"dnssec-signing: on": "dnssec-signing: off"}, then=_RESTART):
        yield


@breaks(the_name_server_on_the_host_answers_for_the_zone_with_valid_signatures, says=". A is not valid", again=True)
def the_domains_address_was_changed_after_it_was_signed(subject: Subject) -> Iterator[None]:
    host, domain, zone = subject.host, subject.domain, f"/srv/fines/knot/{subject.domain}.zone"
    lines = shell(host, f"knotc zone-read {domain}").splitlines()  # [zone] owner time type data
    signed = "\n".join(line.partition("] ")[2] for line in lines if line.startswith("["))
    given, forged = (f"\n{domain}. 300 A {address}\n" for address in (subject.address, "192.0.2.1"))
    before = read(host, zone)
    with edited(host, _KNOT, _AS_IT_IS):
        write(host, zone, replaced(f"\n{signed}\n", {given: forged}, zone))
        shell(host, _RESTART)
        yield
    write(host, zone, before)
    shell(host, _RESTART)


@breaks(the_name_server_on_the_host_answers_for_the_zone_with_valid_signatures, says="is not answered with authority")
def the_records_of_the_setting_are_left_out(subject: Subject) -> Iterator[None]:
    zone = f"/srv/fines/knot/{subject.domain}.zone"
    with edited(subject.host, zone, {f"\n{subject.context['extra_records']}\n": "\n"}, then=_RESTART):
        yield


@breaks(the_name_server_on_the_host_answers_for_the_zone_with_valid_signatures, says="is not there, and the answer is")
def every_name_leads_somewhere(subject: Subject) -> Iterator[None]:
    zone, own = f"/srv/fines/knot/{subject.domain}.zone", f"\n{subject.context['extra_records']}\n"
    with edited(subject.host, zone, {own: f"{own}* 300 A 192.0.2.1\n"}, then=_RESTART):
        yield


@breaks(the_name_server_on_the_host_answers_for_the_zone_with_valid_signatures, says="the host's address is")
def the_domain_leads_to_an_address_of_another_machine(subject: Subject) -> Iterator[None]:
    zone, address = f"/srv/fines/knot/{subject.domain}.zone", subject.address
    with edited(subject.host, zone, {f"\n@ A {address}\n": "\n@ A 192.0.2.1\n"}, then=_RESTART):
        yield


@breaks(
    the_name_server_on_the_host_answers_for_the_zone_with_valid_signatures,
    says="the parameter's DS record is",
    again=True,
)
def the_parameter_has_the_record_of_a_key_before(subject: Subject) -> Iterator[None]:
    ssm, name = subject.tier.client("ssm"), subject.outputs["DsParameter"]
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value=f"{subject.domain}. DS 1 13 2 {'0' * 64}", Type="String", Overwrite=True)
    try:
        yield
    finally:
        ssm.put_parameter(Name=name, Value=before, Type="String", Overwrite=True)


@breaks(the_name_server_refuses_recursion_and_transfers_to_strangers, says="transferred to a stranger")
def anybody_may_copy_the_zone(subject: Subject) -> Iterator[None]:
    zone, named = "zone:\n", "acl: [secondaries]\n"
    opened = {zone: _OPEN + zone, named: "acl: [secondaries, everybody]\n"}
    with edited(subject.host, _KNOT, opened, then=_RESTART):
        yield


@breaks(
    a_secondary_that_a_setting_names_gets_the_zone_by_its_key_alone, says="the secondary that shows the key is refused"
)
def the_secondaries_may_not_copy_the_zone(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _SECONDARIES, {"action: transfer": "action: notify"}, then=_RESTART):
        yield


@breaks(
    a_secondary_that_a_setting_names_gets_the_zone_by_its_key_alone,
    says="which no setting names, by the key alone",
    again=True,
)
def whoever_has_the_key_may_copy_the_zone(subject: Subject) -> Iterator[None]:
    listed = f"acl:\n  - id: secondaries\n    address: [{subject.context['dns_secondaries']}]\n"
    with edited(subject.host, _SECONDARIES, {listed: "acl:\n  - id: secondaries\n"}, then=_RESTART):
        yield


@breaks(
    the_name_server_on_the_host_answers_for_the_zone_with_valid_signatures,
    says="the zone names the servers",
    again=True,
)
def the_zone_has_lost_its_second_name_server(subject: Subject) -> Iterator[None]:
    zone = f"/srv/fines/knot/{subject.domain}.zone"
    with edited(subject.host, zone, {"\n@ NS ns2\n": "\n"}, then=_RESTART):
        yield


@breaks(
    the_name_server_refuses_recursion_and_transfers_to_strangers,
    says="a name of another zone was answered with",
    again=True,
)
def the_name_server_asks_others_for_strangers(subject: Subject) -> Iterator[None]:
    zone = "zone:\n"
    everywhere = "template:\n  - id: default\n    global-module: mod-dnsproxy/forward\n"
    with edited(subject.host, _KNOT, {zone: _FORWARD + everywhere + zone}, then=_RESTART):
        yield
