"""The dashboard, whose figures come from pods' logs."""

from __future__ import annotations

from rehearsal.checks import check
from rehearsal.checks.asg.dashboard import (
    each_figure_of_the_dashboard_that_is_not_made_by_aws_alone_is_there_after_load,
)

check("eks", beside=True)(each_figure_of_the_dashboard_that_is_not_made_by_aws_alone_is_there_after_load)
