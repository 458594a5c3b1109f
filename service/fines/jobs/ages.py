"""Tells how old the newest dump is, the newest that was proven, and the oldest password; no figure where there is none.

Alarms take silence for what it is.
"""

import os
import time

from fines.database.credentials import manager
from fines.jobs import store
from fines.jobs.said import ending, figure, say


def main() -> None:
    now = time.time()
    for name, folder in (("BackupAgeSeconds", "dumps"), ("ProvenBackupAgeSeconds", "proven")):
        key = store.newest(folder)
        if key is None:
            say(f"there is nothing in {folder}/: no {name} is told")
            continue
        figure(name, now - int(store.facts(key)["moment"]), "Seconds")
    made = []
    for arn in os.environ["PASSWORD_SECRET_ARNS"].split():
        told = manager().describe_secret(SecretId=arn)
        made.append((told.get("LastRotatedDate") or told["CreatedDate"]).timestamp())
    figure("OldestPasswordSeconds", now - min(made), "Seconds")


if __name__ == "__main__":
    with ending("the ages"):
        main()
