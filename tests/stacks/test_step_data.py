"""An empty volume beside backups is a question: the boot's step `data`, run on a folder that plays the volume."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from stacks.parts.machine import HOST_FILES
from tests.programs import needs

pytestmark = needs("jq")

BACKUP = "pgbackrest/archive/fines/17-1/0000000100000000/000000010000000000000001.zst"
PAPERS = "pgbackrest/backup/fines/backup.info"
# Answers what the step asks of S3 from a file with the bucket's keys; without that file AWS is away.
CALL = r"""#!/bin/bash
while [[ $1 != Prefix=* ]]; do shift; done
[[ -e $BUCKET ]] || exit 255
jq -c --arg prefix "${1#*=}" '[.[] | select(startswith($prefix)) | {Key: .}] | if length == 0 then {} else {Contents: .} end' "$BUCKET"
"""


class Host:
    """A host's files below a folder: settings, the secrets in memory, the volume and the bucket."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.volume, self.bucket = folder, folder / "volume", folder / "bucket"
        for each in (folder / "bin", folder / "run", folder / "secrets", self.volume):
            each.mkdir()
        self._has("call", CALL)
        (folder / "secrets/backup_passphrase").write_text("of today")
        self.holds()

    def holds(self, *keys: str) -> None:
        self.bucket.write_text(json.dumps(keys))

    def make_database(self) -> None:
        cluster = self.volume / "postgresql/17/main"
        cluster.mkdir(parents=True)
        (cluster / "PG_VERSION").write_text("17\n")

    def step(self, restore: str = "") -> tuple[int, str]:
        """Runs the step with the setting `restore`; returns its status and what an operator is told."""
        return self._run("steps/data", FINES_RESTORE=restore, FINES_BACKUP_BUCKET="backups")

    def derive(self) -> tuple[int, str]:
        """Runs the step that derives secrets while Secrets Manager is away, on a machine that has none in memory."""
        shutil.rmtree(self.folder / "secrets")
        self._has("call", "#!/bin/sh\nexit 255\n")
        self._has("mountpoint", "#!/bin/sh\nexit 0\n")
        return self._run("steps/secrets")

    def _has(self, program: str, text: str) -> None:
        (self.folder / "bin" / program).write_text(text)
        (self.folder / "bin" / program).chmod(0o755)

    def _run(self, file: str, **settings: str) -> tuple[int, str]:
        """Runs a step with these settings besides the volume's and the secret's; returns its status and what it said."""
        settings |= {"FINES_VOLUME_ID": "vol-1", "FINES_SECRET_ARN": "arn"}
        (self.folder / "boot.env").write_text("".join(f"{key}='{value}'\n" for key, value in settings.items()))
        done = subprocess.run(
            ["bash", str(self._placed(file))],
            env={"PATH": f"{self.folder}/bin:/usr/bin:/bin", "BUCKET": str(self.bucket)},
            check=False,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stderr

    def _placed(self, file: str) -> Path:
        """A file of the host's, with its paths below the folder."""
        places = {
            "/opt/fines/host/lib.sh": f"{self.folder}/lib.sh",
            "/etc/fines/boot.env": f"{self.folder}/boot.env",
            "DATA=/srv/fines": f"DATA={self.volume}",
            "SECRETS=/run/fines/secrets": f"SECRETS={self.folder}/secrets",
            "/run/fines/": f"{self.folder}/run/",
            '"$HOST_FILES/bin/call"': f"{self.folder}/bin/call",
            "HOST_FILES=/opt/fines/host": f"HOST_FILES={HOST_FILES}",
        }
        for name in ("lib.sh", file):
            text = (HOST_FILES / name).read_text()
            for there, here in places.items():
                text = text.replace(there, here)
            (self.folder / name.replace("/", "-")).write_text(text)
        return self.folder / file.replace("/", "-")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_first_host_begins_and_keeps_a_copy_of_its_secrets(host: Host) -> None:
    host.holds(PAPERS)
    assert host.step() == (0, "")
    assert (host.volume / "secrets/backup_passphrase").read_text() == "of today"
    assert (host.volume / "secrets/complete").exists()


def test_an_empty_volume_beside_backups_is_refused_with_the_settings_that_answer(host: Host) -> None:
    host.holds(PAPERS, BACKUP)
    status, said = host.step()
    assert status == 1
    assert "REFUSED" in said
    assert "-c restore=latest" in said
    assert "-c restore=none" in said
    assert (host.folder / "run/refusal").read_text() in said
    assert not (host.volume / "secrets").exists()


@pytest.mark.parametrize("restore", ["latest", "2026-01-31T12:00:00+00:00", "none"])
def test_the_setting_restore_answers_it_once_for_each_volume(host: Host, restore: str) -> None:
    host.holds(PAPERS, BACKUP, "filled/vol-0")
    assert host.step(restore)[0] == 0
    host.holds(PAPERS, BACKUP, "filled/vol-0", "filled/vol-1")
    status, said = host.step(restore)
    assert status == 1
    assert "REFUSED: the volume vol-1 was filled" in said
    assert "data_volume_generation" in said


def test_a_volume_with_a_database_is_taken_whatever_the_setting_says(host: Host) -> None:
    host.make_database()
    host.holds(PAPERS, BACKUP, "filled/vol-1")
    assert host.step("latest")[0] == 0
    assert host.step()[0] == 0


def test_a_database_that_was_left_half_made_is_no_data(host: Host) -> None:
    host.make_database()
    (host.volume / "postgresql/making").touch()
    host.holds(BACKUP)
    assert host.step()[0] == 1


@pytest.mark.parametrize("restore", ["", "latest"])
def test_a_host_that_cannot_ask_for_backups_does_not_begin(host: Host, restore: str) -> None:
    host.bucket.unlink()
    status, said = host.step(restore)
    assert status == 1
    assert "cannot be listed" in said


def test_another_secret_than_the_backups_is_refused(host: Host) -> None:
    host.step()
    host.make_database()
    host.holds(BACKUP)
    (host.folder / "secrets/backup_passphrase").write_text("of another day")
    status, said = host.step()
    assert status == 1
    assert "another value" in said


def test_a_host_that_starts_again_while_the_secret_cannot_be_fetched_has_the_volumes_copy(host: Host) -> None:
    host.holds(PAPERS)
    host.step()
    status, said = host.derive()
    assert status == 0 and "looking for the data volume's copy" in said
    assert (host.folder / "secrets/backup_passphrase").read_text() == "of today"


def test_without_the_secret_and_without_a_whole_copy_nothing_begins(host: Host) -> None:
    (host.volume / "secrets").mkdir()
    (host.volume / "secrets/backup_passphrase").write_text("half a copy")
    status, said = host.derive()
    assert status == 1 and "there is none" in said
    assert not list((host.folder / "secrets").iterdir())
