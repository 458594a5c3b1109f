"""NGINX's files in a pod, prepared by the service's own program from what the template gives it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from tests.stacks.manifests_of import containers, manifests, of_kind, pods
from tests.stacks.synthesis import PROJECT

FOUND = manifests()
_PREPARE = """
import sys
from pathlib import Path
from fines.jobs.prepare import prepare_front
prepare_front(*map(Path, sys.argv[1:]))
"""


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    return prepare(tmp_path, told())


def told() -> dict[str, str]:
    """What the template tells the pod."""
    pod = next(pod for what, pod in pods(FOUND) if what == "Deployment web")
    return {each["name"]: each["value"] for each in containers(pod)[0]["env"]}


def prepare(folder: Path, environment: dict[str, str]) -> Path:
    places = [folder / name for name in ("front", "fines", "certificates")]
    for each in places:
        each.mkdir()
    for name, text in of_kind("ConfigMap", FOUND)["front"]["data"].items():
        (places[0] / name).write_text(text)
    subprocess.run(
        [sys.executable, "-c", _PREPARE, *map(str, places)],
        cwd=PROJECT / "service",
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return folder


def test_every_setting_that_nginx_names_is_told_to_the_pod(prepared: Path) -> None:
    for file in (prepared / "fines" / "conf.d").iterdir():
        assert "@FINES" not in file.read_text()
    assert "set_real_ip_from 10.30.0.0/16;" in (prepared / "fines" / "conf.d" / "behind-balancer.conf").read_text()
    assert "server_name fines.example;" in (prepared / "fines" / "conf.d" / "fines.conf").read_text()


def test_a_setting_that_is_missing_ends_the_pod_and_not_its_limits(tmp_path: Path) -> None:
    without = {name: value for name, value in told().items() if name != "FINES_RATE_LOGIN_PER_MINUTE"}
    with pytest.raises(subprocess.CalledProcessError):
        prepare(tmp_path, without)


def test_the_pod_has_a_certificate_of_its_own_and_its_key_is_nobody_elses(prepared: Path) -> None:
    folder = prepared / "certificates"
    certificate = x509.load_pem_x509_certificate((folder / "fullchain.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["fines.example"]
    assert (folder / "privkey.pem").stat().st_mode & 0o077 == 0


def test_every_file_that_nginx_includes_is_there(prepared: Path) -> None:
    texts = [file.read_text() for file in (prepared / "fines").rglob("*") if file.is_file()]
    named = {
        word.rstrip(";").rsplit("/", 1)[1]
        for text in texts
        for line in text.splitlines()
        for before, _, word in [line.strip().partition("include ")]
        if not before and word.startswith("/etc/nginx/fines/") and "*" not in word
    }
    assert {"upstream.conf", "proxy.inc", "answers.inc", "errors.inc", "files.inc", "headers.inc"} <= named
    assert {name for name in named if not (prepared / "fines" / name).exists()} == set()


@pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no NGINX here; a rehearsal runs it in its pods")
def test_nginx_takes_the_files(prepared: Path, tmp_path: Path) -> None:
    (tmp_path / "mime.types").write_text("types { text/html html; }\n")
    for file in (each for each in (prepared / "fines").rglob("*") if each.is_file()):
        text = file.read_text().replace("/etc/nginx/fines", str(prepared / "fines"))
        text = text.replace("/etc/nginx/mime.types", f"{tmp_path}/mime.types").replace(
            "/tmp/nginx.pid",  # noqa: S108 - that of the pod
            f"{tmp_path}/pid",
        )
        text = text.replace("/srv/fines/certificates", str(prepared / "certificates"))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        text = text.replace("http {", "http {" + "".join(f" {kind}_temp_path {tmp_path}/{kind};" for kind in kinds))
        file.write_text(text.replace("/var/log/nginx", str(tmp_path)))
    done = subprocess.run(
        ["nginx", "-t", "-q", "-c", str(prepared / "fines" / "nginx.conf"), "-e", f"{tmp_path}/error.log"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
