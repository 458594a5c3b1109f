"""Moving between tiers: data, photographs and the name, by the operator's own command, while officers go on posting."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.asg.rotation import rotate
from rehearsal.checks.asg.weights import give
from rehearsal.checks.kubectl import kubectl
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.neighbour import close_paths, is_there, neighbour, paths
from rehearsal.checks.people import People, manage
from rehearsal.checks.photographs import photo, seen
from rehearsal.checks.roaming import Roaming, await_lead
from rehearsal.checks.runbook import commands, in_a_role
from rehearsal.checks.sessions import session_of
from rehearsal.checks.variant import project
from rehearsal.machines.family import family
from rehearsal.machines.traces import Traces
from rehearsal.places import PROJECT

Who = Callable[[Subject], AbstractContextManager[tuple[dict[str, str], list[str]]]]
_OFFICERS = 6
_PACE = 0.22  # seconds between an officer's fines: below the limit on a token
_FINES = 100  # before and after each move
PAGES = {  # by source and target
    ("single", "asg"): "Moving up: from tier single to tier asg",
    ("asg", "single"): "Moving back: from tier asg to tier single",
    **{(other, "eks"): "Moving to tier eks" for other in ("single", "asg")},
    **{("eks", other): "Moving back from tier eks" for other in ("single", "asg")},
}
_LINKED = ("Makefile", ".venv", "node_modules", "requirements-dev.txt", "package-lock.json", "rehearsal")
# What another history of releases would have done to the numbers that Django gives to kinds of records.
_NUMBERED_OTHERWISE = """
from django.db import connection, transaction
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("UPDATE django_content_type SET id = id + 1000")
    cursor.execute("UPDATE auth_permission SET content_type_id = content_type_id + 1000")
"""
_PAUSED = re.compile(r"writes were paused for ([0-9.]+) s")


@check("asg")
def data_photographs_and_the_name_move_to_tier_single_and_back_under_load_and_no_acknowledged_fine_is_lost(
    subject: Subject,
) -> str:
    return there_and_back(subject, as_operator)


def there_and_back(subject: Subject, who: Who, *, kind: str = "single") -> str:
    """Moves a tier's data to another kind of tier and back under load, by `who` types the command; returns how it went.

    Raises:
        CheckError: an acknowledged fine or a photograph is not there, or something else was answered than a pause.
    """
    other = neighbour(subject, kind)
    people = Roaming.like(People.make(subject, officers=_OFFICERS, owners=4), subject.tier)
    move = _Move(subject, other, who)
    told = []
    if kind == "single" and _state(other)["empty"]:
        manage(other, "shell", "--no-imports", text=_NUMBERED_OTHERWISE)
    try:
        for source, target in ((subject, other), (other, subject)):
            told.append(_moved(move, source, target, people))
    finally:
        _bring_home(move)
    return "; ".join(told)


@check("asg")
def the_tier_that_was_left_is_destroyed_and_the_closed_paths_lead_nowhere(subject: Subject) -> str:
    single = neighbour(subject)
    media = single.outputs["MediaBucket"]
    _on(subject, "photos", media, subject.outputs["MediaBucket"])  # open yet
    began = time.time()
    _must_reach_no_more(subject, single)
    close_paths(subject)
    refused = subject.host.run("/opt/fines/host/bin/move", "photos", media, subject.outputs["MediaBucket"], check=False)
    subject.provoked.append((began, time.time()))
    if refused.returncode == 0 or "AccessDenied" not in refused.stderr:
        raise CheckError(f"the closed path is open: {(refused.stdout + refused.stderr).strip()[-300:]}")
    subject.tier.take_delegation_back()
    subject.tier.cdk.destroy(single.assembly, lambda _: None)
    await_lead(subject.tier, subject.domain, _addresses(subject))
    if is_there(subject):
        raise CheckError(f"{single.stack} is still there")
    return f"{subject.stack} may read nothing of {media} any more; {single.stack} is destroyed, and {subject.stack} serves on"


def _must_reach_no_more(subject: Subject, single: Subject) -> None:
    """Open paths lead to photographs and to what was put out to be fetched: the backups are not read, and nothing is written."""
    backups, media = single.backup_bucket, single.outputs["MediaBucket"]
    for call in (
        f"get-object --bucket {backups} --key pgbackrest/backup/fines/backup.info /dev/null",
        f"put-object --bucket {backups} --key promote/rows.gz",
        f"put-object --bucket {media} --key evidencia/x.jpg",
        f"delete-object --bucket {media} --key evidencia/x.jpg",
    ):
        done = subject.host.run("bash", "-c", f". /opt/fines/host/lib.sh; aws s3api {call}", check=False)
        if done.returncode == 0 or "AccessDenied" not in done.stderr:
            raise CheckError(
                f"{call.split()[0]} in {single.stack} was not refused: {(done.stdout + done.stderr)[-300:]}"
            )


@dataclass(frozen=True)
class _Move:
    """The rehearsed tier, another beside it, and by whom data is moved between them."""

    ours: Subject
    other: Subject
    who: Who


def _moved(move: _Move, source: Subject, target: Subject, people: Roaming) -> str:
    """Moves under load; what was acknowledged before, meanwhile and afterwards is there once, with its photograph."""
    kept = _keep_a_photo(people)
    with Load(people, officers=_OFFICERS, pause=_PACE, patience=5) as load:
        load.await_acknowledged(_FINES, seconds=60)
        if "DatabaseSecretArn" in source.outputs:
            rotate(source)  # the sessions of before are another user's now, and must end with the pause too
        said = _promote(move, source, target)
        load.await_acknowledged(_FINES, seconds=60)
        load.stop()
    await_lead(source.tier, source.domain, _addresses(target))
    must_be_there_once(load.ledger, people, target)
    if strange := [each for _, each in load.ledger.refused if not each.startswith(("503", "429"))]:
        raise CheckError(f"{len(strange)} requests failed otherwise than by a pause, the first: {strange[0]}")
    _must_be_seen(target, people, kept)
    _must_be_paused(source, people)
    if "DatabaseSecretArn" in source.outputs:
        rotate(source)  # whose turn comes next is paused as well
        if _state(source)["paused"] != "origen":
            raise CheckError(f"a rotation ended the pause of {_tier(source)}")
    paused = _PAUSED.search(said)
    if paused is None:
        raise CheckError(f"the command did not say how long writes were paused: {said[-300:]}")
    return (
        f"{_tier(source)} to {_tier(target)}: writes paused for {paused[1]} s, {load.ledger.longest_silence():.1f} s seen by "
        f"officers; {len(load.ledger.acknowledged)} fines there once, {len(load.ledger.refused)} refusals repeated"
    )


@contextlib.contextmanager
def as_operator(subject: Subject) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The environment of who took the operator's role, and what its commands are run by: nothing."""
    with session_of(subject, "Operator") as (way, keys):
        yield in_a_role(subject, way.environment(keys)), []


def _promote(move: _Move, source: Subject, target: Subject) -> str:
    """What the runbook's command says, typed in a copy of the project.

    Raises:
        CheckError: it failed; with its last words.
    """
    copy = _project(move)
    (line,) = commands(PAGES[_tier(source), _tier(target)], "operator", {"OTHER": _tier(move.other)})
    log = source.tier.run.logs / f"promote-to-{_tier(target)}.log"
    with log.open("a") as out, move.who(move.ours) as (environment, around):
        out.write(f"# {line}\n")
        with family(
            [*around, "bash", "-c", line],
            traces=Traces(source.tier.run.traces),
            cwd=copy,
            env=environment | {"MAKEFLAGS": "--no-print-directory"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            said, _ = process.communicate(timeout=400)
        out.write(said)
    if process.returncode:
        raise CheckError(f"{line} ended with {process.returncode}: {said.strip()[-700:]}")
    return said


def _project(move: _Move) -> Path:
    """A copy of the project whose cdk.json has the settings of both tiers, with what `make` needs beside it."""
    copy = project(move.ours, "promote")
    for name in _LINKED:
        os.symlink(PROJECT / name, copy / name)
    file = copy / "cdk.json"
    configuration = json.loads(file.read_text())
    configuration["context"] |= paths(move.ours, _tier(move.other))
    file.write_text(json.dumps(configuration))
    return copy


def _bring_home(move: _Move) -> None:
    """Whatever went wrong, the rehearsed tier has the data and the name again."""
    subject, other = move.ours, move.other
    ours, theirs = _state(subject), _state(other)
    if ours["paused"] and not theirs["paused"]:
        _promote(move, other, subject)
        return
    if ours["paused"]:
        _on(subject, "resume")
    elif not theirs["paused"] and not theirs["empty"]:
        _on(other, "pause", "origen")
    give(subject, {_tier(subject): 100, _tier(other): 0})
    await_lead(subject.tier, subject.domain, _addresses(subject))


def _state(subject: Subject) -> dict[str, object]:
    found: dict[str, object] = json.loads(_on(subject, "state"))
    return found


def _on(subject: Subject, *words: str) -> str:
    if subject.in_pods:
        return kubectl(subject, "exec", "deploy/mover", "--", "/app/entrypoint", "job", "move", *words)
    return subject.host.run("/opt/fines/host/bin/move", *words, timeout=120).stdout


def _tier(subject: Subject) -> str:
    return subject.stack.rpartition("-")[2]


def _addresses(subject: Subject) -> set[str]:
    """Where a tier is reached, whatever share of the name it has."""
    if "PublicAddress" in subject.outputs:
        return {subject.outputs["PublicAddress"]}
    return set(subject.tier.addresses(subject.outputs["BalancerName"]))


def _keep_a_photo(people: Roaming) -> int:
    fine = {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": "con foto"}
    with people.client() as client:
        posted = answered(client.post("/cargar_infraccion", json=fine, headers=people.bearer(0)), 200)
        number = int(posted.json()["infraccion"]["id"])
        address = f"/infracciones/{number}/evidencia"
        answered(client.post(address, files={"foto": photo()}, headers=people.bearer(0)), 201)
    return number


def _must_be_seen(subject: Subject, people: Roaming, fine: int) -> None:
    with people.client() as client:
        given = answered(client.get(f"/infracciones/{fine}/evidencia", headers=people.bearer(0)), 200).json()
    if subject.outputs["MediaBucket"] not in given["url"]:
        raise CheckError(
            f"the photograph of fine {fine} is not in the bucket of {_tier(subject)}: {given['url'][:120]}"
        )
    seen(subject, given["url"])


def _must_be_paused(source: Subject, people: Roaming) -> None:
    """The tier of before takes no fine, and still answers who asks it for a report."""
    address = sorted(_addresses(source))[0]
    old = People(address, people.domain, people.tokens, people.owners, people.plates)
    fine = {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": "tarde"}
    with old.client() as client:
        refused: httpx.Response = client.post("/cargar_infraccion", json=fine, headers=people.bearer(0))
        if refused.status_code != 503 or "Retry-After" not in refused.headers:
            raise CheckError(f"{_tier(source)} answered a fine with {refused.status_code} after it was left")
        answered(client.get("/generar_informe", params={"correo": people.owners[0]}, headers=people.reader), 200)
