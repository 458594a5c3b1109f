"""An office that cannot work: pages without scripts, or a delete that goes through."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited
from rehearsal.checks import Subject
from rehearsal.checks.single.desk import the_office_works_in_a_real_browser_from_login_to_a_refused_delete


@breaks(the_office_works_in_a_real_browser_from_login_to_a_refused_delete, says="complained")
def static_files_are_not_there(subject: Subject) -> Iterator[None]:
    elsewhere = {"alias /var/lib/fines/static/;": "alias /var/lib/fines/nowhere/;"}
    with edited(subject.host, NGINX, elsewhere, then=RELOAD_NGINX):
        yield
