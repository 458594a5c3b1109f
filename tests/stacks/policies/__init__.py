"""What must be true of every tier's template: each policy lists what breaks it, and refuses to speak about nothing."""

from __future__ import annotations

from collections.abc import Callable

from tests.stacks.policies import data, machines, permissions, telling
from tests.stacks.synthesis import Template

Policy = Callable[[Template], list[str]]

__all__ = ["POLICIES", "Policy", "data", "machines", "permissions", "telling"]

POLICIES: tuple[Policy, ...] = (
    machines.nobody_can_reach_ssh_from_the_internet,
    machines.inbound_is_closed_but_for_http_https_and_dns,
    machines.no_machine_has_a_key_for_ssh,
    machines.machines_demand_imdsv2_and_hide_it_from_containers,
    machines.disks_are_encrypted,
    machines.launch_templates_name_a_concrete_image_and_version,
    data.buckets_are_private,
    data.buckets_are_encrypted_versioned_and_tidied,
    data.buckets_refuse_what_is_not_tls,
    telling.topics_refuse_what_is_not_tls_and_let_alarms_publish,
    telling.topics_hear_services_of_their_own_account_alone,
    data.what_holds_data_is_kept_on_update_and_delete,
    telling.logs_end_some_day,
    telling.networks_log_their_flows,
    telling.alarms_tell_people_when_they_go_off_and_when_it_is_over,
    permissions.no_permission_is_for_all_actions,
    permissions.permissions_on_everything_are_for_what_knows_no_resource,
    permissions.permissions_on_any_machine_ask_for_the_stacks_tag,
    permissions.no_role_can_be_taken_by_anybody,
    permissions.containers_cannot_touch_backups_or_the_secret,
    data.secrets_are_named_and_never_written_down,
    data.machines_and_data_carry_the_stacks_tag,
)
