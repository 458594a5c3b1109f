"""The office's pages in a real browser, served by pods, with their files out of the distribution."""

from __future__ import annotations

from rehearsal.checks import check
from rehearsal.checks.browser import no_browser
from rehearsal.checks.single.desk import the_office_works_in_a_real_browser_from_login_to_a_refused_delete

check("eks", beside=True, takes=no_browser)(the_office_works_in_a_real_browser_from_login_to_a_refused_delete)
