"""Releases that leave nobody serving, and deployments that wait for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.eks.rollouts import (
    a_release_whose_migration_fails_replaces_no_pod_and_says_why,
    a_rollout_to_a_new_image_under_load_fails_no_request_and_migrates_once_before_any_pod,
    a_rollout_to_an_image_that_never_serves_stops_and_the_old_pods_serve_on,
)

_WAITS = (
    '(wait_for_job if wanted["Kind"] == "Job" else wait_for_deployment)(wanted["Namespace"], wanted["Name"], until)'
)


@breaks(
    a_rollout_to_a_new_image_under_load_fails_no_request_and_migrates_once_before_any_pod,
    says="requests failed, the first",
    lasting=1,
)
def all_pods_are_ended_before_new_ones_are_made(subject: Subject) -> Iterator[None]:
    rolling = "type: RollingUpdate\n    rollingUpdate: {maxUnavailable: 0, maxSurge: 50%}"
    with changed(subject, "stacks/kubernetes/web.yaml", {rolling: "type: Recreate"}):
        yield


@breaks(
    a_rollout_to_an_image_that_never_serves_stops_and_the_old_pods_serve_on,
    says="the deployment said that it succeeded",
    lasting=2,
)
def a_deployment_does_not_wait_for_its_pods(subject: Subject) -> Iterator[None]:
    with changed(subject, "stacks/functions/rollout/index.py", {_WAITS: "pass"}):
        yield


@breaks(
    a_release_whose_migration_fails_replaces_no_pod_and_says_why,
    says="the deployment failed without its reason",
    lasting=3,
)
def a_deployment_does_not_wait_for_its_migration(subject: Subject) -> Iterator[None]:
    only_pods = 'wanted["Kind"] == "Job" or wait_for_deployment(wanted["Namespace"], wanted["Name"], until)'
    with changed(subject, "stacks/functions/rollout/index.py", {_WAITS: only_pods}):
        yield
