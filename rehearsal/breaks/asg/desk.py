"""Pages whose scripts and styles nobody serves."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.asg.static_files import other_policy, without_the_distribution
from rehearsal.checks import Subject
from rehearsal.checks.single.desk import the_office_works_in_a_real_browser_from_login_to_a_refused_delete


@breaks(the_office_works_in_a_real_browser_from_login_to_a_refused_delete, says="status of 403")
def the_bucket_of_the_pages_files_lets_nobody_read(subject: Subject) -> Iterator[None]:
    with other_policy(subject, without_the_distribution):
        yield
