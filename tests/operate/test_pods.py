"""The tier on Kubernetes in a move: what kubectl is told, and what is said when it fails; the programs are played."""

from __future__ import annotations

from pathlib import Path

import pytest

from operate.account import Account
from operate.pods import Pods
from operate.side import MoveError


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pods:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "aws").write_text(f'#!/bin/sh\necho "aws $*" >> {tmp_path}/asked\n')
    (programs / "kubectl").write_text(
        f"""#!/bin/sh
shift 4
echo "kubectl $*" >> {tmp_path}/asked
case "$*" in
  *" sums") echo 'a line before'; echo '{{"tables": {{}}}}' ;;
  *" pause "*) echo one >&2; echo 'moving: FAILED: nobody there' >&2; exit 1 ;;
esac
"""
    )
    for each in programs.iterdir():
        each.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return Pods("eks", "fines-dev-eks", "fines-dev-eks", "media", "backups", Account("sa-east-1"))


def asked(folder: Path) -> list[str]:
    return [line for line in (folder / "asked").read_text().splitlines() if line.startswith("kubectl")]


def test_a_verb_is_run_in_the_pod_that_moves(side: Pods, tmp_path: Path) -> None:
    assert side.tell("sums") == {"tables": {}}
    assert side.tell("clear", "backups") == {}
    assert asked(tmp_path) == [
        "kubectl exec deploy/mover -- /app/entrypoint job move sums",
        "kubectl exec deploy/mover -- /app/entrypoint job move clear backups",
    ]
    (login, *_) = (line for line in (tmp_path / "asked").read_text().splitlines() if line.startswith("aws"))
    assert login.startswith("aws eks update-kubeconfig --region sa-east-1 --name fines-dev-eks --kubeconfig ")


def test_what_fails_says_its_last_words(side: Pods) -> None:
    with pytest.raises(
        MoveError, match=r"exec deploy/mover in fines-dev-eks failed: one / moving: FAILED: nobody there"
    ):
        side.run("pause", "origen")


def test_all_pods_begin_anew_and_are_waited_for(side: Pods, tmp_path: Path) -> None:
    side.run_everywhere("restart")
    assert asked(tmp_path) == [
        "kubectl rollout restart deployment/web",
        "kubectl rollout status deployment/web --timeout=600s",
    ]
    with pytest.raises(MoveError, match="and not to dance"):
        side.run_everywhere("dance")


def test_a_program_that_is_not_there_is_named(side: Pods, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MoveError, match="aws is not here, and fines-dev-eks is reached by it: install it"):
        side.run("state")
