"""What a pod finds before the service and NGINX start in it, as they do on a machine's disk: secrets, certificates, rendered files."""

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from fines.database.credentials import manager
from fines.functions.authority import authority
from fines.jobs.said import ending

_RENDERED = ("fines.conf", "behind-balancer.inc")  # with names of settings in them, as stacks/host/bin/render knows


def prepare_secrets(folder: Path) -> None:
    """Derives the service's own secret from the root, as the machines do (stacks/host/bin/derive-secrets)."""
    text = manager().get_secret_value(SecretId=os.environ["ROOT_SECRET_ARN"])["SecretString"]
    key = hmac.new(json.loads(text)["root"].encode(), b"django", hashlib.sha256).hexdigest()
    _write(folder / "secret_key", key)


def prepare_front(files: Path, target: Path, certificates: Path) -> None:
    """NGINX's files with this deployment's settings, and a certificate of this pod's own making, which the load balancer takes.

    Raises:
        subprocess.CalledProcessError: a setting is missing, or no certificate could be made.
    """
    (target / "conf.d").mkdir(exist_ok=True)
    for file in files.iterdir():
        if file.suffix in {".inc", ".html"} or file.name in {"nginx.conf", "upstream.conf"}:
            shutil.copyfile(file, target / file.name)
    for name in _RENDERED:
        rendered = subprocess.run(
            [sys.executable, str(files / "render"), str(files / name)], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        # Its places are the machines'; within a pod they are elsewhere only for what a machine's own package brings.
        (target / "conf.d" / Path(name).with_suffix(".conf")).write_text(rendered)
    domain = os.environ["FINES_DOMAIN"]
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "3650", "-subj", f"/CN={domain[:64]}", "-addext", f"subjectAltName=DNS:{domain}"),
            *("-keyout", str(certificates / "privkey.pem"), "-out", str(certificates / "fullchain.pem")),
        ],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _write(file: Path, secret: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400)
    with os.fdopen(handle, "w") as out:
        out.write(secret)


if __name__ == "__main__":
    with ending("preparing the pod"):
        prepare_secrets(Path(os.environ["SECRETS_DIR"]))
        authority(Path(os.environ["DATABASE_CA"]).parent)
        prepare_front(Path("/front"), Path("/etc/nginx/fines"), Path("/srv/fines/certificates"))
