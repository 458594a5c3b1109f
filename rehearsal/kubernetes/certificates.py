"""The certificates of a cluster: one authority, and whoever it says somebody is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class Pair:
    """The places of a certificate and of its key, both PEM."""

    certificate: Path
    key: Path


class Certificates:
    """A cluster's own authority. What it issues lies in a folder that its owner alone reads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, mode=0o700)
        self._folder, self._authority = folder, trustme.CA(organization_name="Rehearsal of a cluster")
        self.authority = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.authority))

    def issue(self, name: str, *addresses: str, common_name: str, group: str | None = None) -> Pair:
        """A certificate for `addresses` (names or IP addresses) and for a user of Kubernetes, who is in a group.

        It serves both sides of a connection; the files are called `name`.
        """
        # Go refuses a certificate of trustme's that names nothing besides.
        made = self._authority.issue_cert(name, *addresses, common_name=common_name, organization_name=group)
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        for number, part in enumerate(made.cert_chain_pems):
            part.write_to_path(str(pair.certificate), append=number > 0)
        made.private_key_pem.write_to_path(str(pair.key))
        return pair

    def signing_key(self, name: str) -> Pair:
        """A key that signs the tokens of service accounts, and its public half."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pair = Pair(self._folder / f"{name}.pub", self._folder / f"{name}.key")
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        pair.certificate.write_bytes(
            key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        return pair
