"""The authority of a run's local AWS: it signs for AWS's own names, for those of managed databases, and for ACM's certificates."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Issued:
    """A certificate with its chain, and its key, as PEM."""

    chain: str
    key: str

    @property
    def both(self) -> str:
        """Key and chain, as servers read them from one file."""
        return self.key + self.chain

    def load(self, context: ssl.SSLContext) -> None:
        """Has a server's context show this certificate."""
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # of its owner's alone
            file.write(self.both)
            file.flush()
            context.load_cert_chain(file.name)


class Authority:
    """A certificate authority that machines of the run trust, and nobody else."""

    def __init__(self, file: Path) -> None:
        """Makes it; its own certificate is written to a file."""
        self._authority = trustme.CA(organization_name="Rehearsal of AWS")
        self._authority.cert_pem.write_to_path(str(file))
        self.pem = file.read_text()

    def issue(self, *names: str) -> Issued:
        """A certificate for names and addresses."""
        made = self._authority.issue_cert(*names)
        return Issued(
            "".join(part.bytes().decode() for part in made.cert_chain_pems), made.private_key_pem.bytes().decode()
        )
