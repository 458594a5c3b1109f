"""The migration of a release, as a Job: what tier asg's function does, and its end is the Job's."""

from fines.functions.migration import migrate
from fines.jobs.said import ending

_SECONDS = 800  # the Job itself may take 840

if __name__ == "__main__":
    with ending("the migration"):
        migrate(seconds=_SECONDS)
