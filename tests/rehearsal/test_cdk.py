"""What is shown of the CLI's output is what says why it failed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rehearsal import cdk
from rehearsal.cdk import Cdk, reasons
from rehearsal.places import CloudRun


def test_the_settings_own_messages_are_shown() -> None:
    said = "'domian' is no setting: did you mean 'domain'?\ncpu='z80': use one of arm64, x86_64\npython app.py: Subprocess exited with error 2\n"
    assert reasons(said) == said.strip()


def test_what_cloudformation_failed_at_is_shown_and_what_went_well_is_not() -> None:
    said = "1/2 | CREATE_COMPLETE | AWS::SNS::Topic\n2/2 | CREATE_FAILED | AWS::S3::Bucket | it exists\n"
    assert reasons(said) == "2/2 | CREATE_FAILED | AWS::S3::Bucket | it exists"


def test_a_resource_that_is_named_after_errors_and_went_well_hides_no_reason() -> None:
    went = "7/7 | 1:51:29 AM | UPDATE_COMPLETE         | AWS::CloudWatch::Alarm | AlarmsServerErrorPercent"
    why = "8/7 | 1:51:30 AM | CREATE_FAILED           | AWS::CloudFormation::WaitCondition | the image could not be pulled"
    assert (
        reasons(f"{why}\n{went}\n❌  fines-dev-single failed to deploy\n")
        == f"{why}\n❌  fines-dev-single failed to deploy"
    )


def test_an_output_that_tells_nothing_is_shown_by_its_end() -> None:
    assert reasons("\n".join(map(str, range(20)))) == "\n".join(map(str, range(8, 20)))


def test_what_an_operator_types_with_the_cli_goes_to_the_rehearsals_own_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cli := tmp_path / "aws").write_text('#!/bin/sh\necho "$@"\n')
    cli.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    run = CloudRun("asg", tmp_path)
    run.home.mkdir()
    environment = Cdk(run, "http://198.18.1.2:4566", "us-east-1").environment
    typed = subprocess.run(["sh", "-c", "aws rds reboot"], env=environment, check=True, capture_output=True, text=True)
    assert typed.stdout == "--endpoint-url http://198.18.1.2:4566 rds reboot\n"


def test_a_program_that_somebody_may_be_about_to_run_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "docker"
    cdk._program(file, "#!/bin/sh\nexit 3\n")
    first = file.stat()
    assert subprocess.run([str(file)], check=False).returncode == 3
    cdk._program(file, "#!/bin/sh\nexit 3\n")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    with file.open():  # as who runs it has it
        cdk._program(file, "#!/bin/sh\nexit 4\n")
    assert subprocess.run([str(file)], check=False).returncode == 4
    assert file.stat().st_ino != first.st_ino and [each.name for each in tmp_path.iterdir()] == ["docker"]
