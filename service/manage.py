#!/usr/bin/env python3
"""Django's command line for the fines service."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fines.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # The message says what to mend; a traceback would bury it.
        sys.exit(str(error))


if __name__ == "__main__":
    main()
