"""The certificates that RDS signs its servers' certificates with, which a client must have to know whom it talks to."""

import urllib.request
from pathlib import Path

# RDS user guide, "Using SSL/TLS to encrypt a connection to a DB instance": the bundle for all regions.
BUNDLE = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"


def authority(folder: Path = Path("/tmp")) -> str:  # noqa: S108 - the one folder that a function may write to, its own
    """The path of the bundle, fetched once for as long as the function's process lives."""
    file = folder / "rds-authorities.pem"
    if not file.exists():
        with urllib.request.urlopen(BUNDLE, timeout=20) as answer:
            draft = file.with_suffix(".new")
            draft.write_bytes(answer.read())
        draft.replace(file)
    return str(file)
