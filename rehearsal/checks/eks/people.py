"""Roles for people, as those whom the settings name take them."""

from __future__ import annotations

from rehearsal.checks import check
from rehearsal.checks.asg.people import (
    a_deployer_takes_the_roles_of_the_bootstrap_and_does_nothing_else,
    a_reviewer_sees_states_figures_and_logs_and_is_refused_values_data_and_every_change,
    an_operator_does_what_the_runbook_asks_of_one_and_is_refused_the_rest,
    who_is_not_named_or_shows_no_second_factor_takes_no_role_of_people,
)

check("eks")(an_operator_does_what_the_runbook_asks_of_one_and_is_refused_the_rest)
check("eks", beside=True)(a_reviewer_sees_states_figures_and_logs_and_is_refused_values_data_and_every_change)
check("eks", beside=True)(a_deployer_takes_the_roles_of_the_bootstrap_and_does_nothing_else)
check("eks", beside=True)(who_is_not_named_or_shows_no_second_factor_takes_no_role_of_people)
