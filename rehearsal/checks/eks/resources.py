"""The template's resources, read back from the local AWS."""

from __future__ import annotations

from rehearsal.checks import check
from rehearsal.checks.single.resources import (
    the_resources_of_the_stack_all_exist_and_no_property_differs_from_the_template,
)

check("eks")(the_resources_of_the_stack_all_exist_and_no_property_differs_from_the_template)
