"""Sessions in the database, of which a cookie names one."""

import re

from django.contrib.sessions.backends.db import SessionStore as Stored

_KEY = re.compile(r"[a-z0-9]{32}")  # as Django makes them


class SessionStore(Stored):
    """Django's own, which looks for whatever a cookie has: also for what no database keeps, and fails on it."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and _KEY.fullmatch(key))
