"""PostgreSQL 17 in a machine: a server made empty, as another's copy or as another's past, and whether its commits wait."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from rehearsal.cloud.appliances import Appliance, ApplianceError
from rehearsal.cloud.authority import Issued

PORT = 5432
STANDBY = "standby"  # how a copy names itself to what it copies
_COPIER = "rdsrepladmin"  # RDS's own name for who copies
_AT = "/etc/postgresql/17/main"
_DATA = "/var/lib/postgresql/17/main"
BACKUPS = "/var/backups/rds"  # a folder that outlives the machine: a backup of the whole, and what was written since
ANOTHERS = "/var/backups/another"  # the same of the instance whose past a server is made of
_SETTINGS = f"""\
listen_addresses = '*'
ssl = on
ssl_cert_file = '/etc/postgresql/17/main/server.pem'
ssl_key_file = '/etc/postgresql/17/main/server.key'
password_encryption = scram-sha-256
max_connections = 200
# What a copy that is being made may still ask for.
wal_keep_size = 512MB
# A copy that says nothing is known to be away before a client's own patience ends.
wal_sender_timeout = 5s
wal_receiver_status_interval = 1s
# A copy keeps it too: its primary may die before it has kept the last of it.
archive_mode = always
archive_command = 'cmp -s %p {BACKUPS}/wal/%f || (cp --sparse=always %p {BACKUPS}/wal/%f.$$ && mv {BACKUPS}/wal/%f.$$ {BACKUPS}/wal/%f)'
"""
# TLS and a password, or nothing: what rds.force_ssl=1 means.
_WHO = f"""\
local all,replication postgres peer
hostssl replication {_COPIER} 0.0.0.0/0 scram-sha-256
hostssl all all 0.0.0.0/0 scram-sha-256
"""
_COPIES = "SELECT state, sync_state FROM pg_stat_replication WHERE application_name = 'standby'"
_FOLLOWS_SECONDS = 30.0


@dataclass(frozen=True)
class Kind:
    """What all servers of one instance have in common: the endpoint's name, its certificate, parameters, who copies."""

    name: str
    certificate: Issued
    parameters: Mapping[str, str]
    copier_password: str


def make(on: Appliance, kind: Kind, *, master: str, password: str, database: str) -> None:
    """Makes an empty server with a master, who is no superuser, and its database.

    Raises:
        ApplianceError: with the server's last words.
    """
    secret = password.replace("'", "''")
    _do(
        on,
        f"{_cluster(kind)}systemctl start postgresql@17-main\n"
        f"""runuser -u postgres -- psql -qX -v ON_ERROR_STOP=1 postgres << 'END'
CREATE ROLE {_COPIER} LOGIN REPLICATION PASSWORD '{kind.copier_password}';
CREATE ROLE rds_superuser NOLOGIN;
GRANT pg_monitor, pg_signal_backend TO rds_superuser;
CREATE ROLE "{master}" LOGIN CREATEROLE CREATEDB IN ROLE rds_superuser PASSWORD '{secret}';
CREATE DATABASE "{database}" OWNER "{master}";
END
""",
        what=f"the stand-in for {kind.name} did not start",
        seconds=120,
    )


def copy(source: Appliance, *, to: Appliance, kind: Kind) -> None:
    """Makes a server the copy of another one, which it follows from then on.

    Raises:
        ApplianceError: it could not be made, or does not follow.
    """
    there = " ".join(
        f"{key}={value}"
        for key, value in {
            "host": kind.name,  # whose certificate it must show
            "hostaddr": source.address,
            "user": _COPIER,
            "password": kind.copier_password,
            "sslmode": "verify-full",
            "sslrootcert": "/etc/ssl/certs/ca-certificates.crt",
            "application_name": STANDBY,
            "connect_timeout": 5,
        }.items()
    )
    _do(
        to,
        f"{_cluster(kind)}rm -r {_DATA}\n"
        f"runuser -u postgres -- pg_basebackup --dbname='{there}' --pgdata={_DATA}"
        " --write-recovery-conf --wal-method=stream --checkpoint=fast --no-sync\n"
        "systemctl start postgresql@17-main\n",
        what=f"no copy of {kind.name} could be made",
        seconds=120,
    )
    deadline = time.monotonic() + _FOLLOWS_SECONDS
    while not is_followed(source):
        if time.monotonic() > deadline:
            raise ApplianceError(f"the copy of {kind.name} does not follow it after {_FOLLOWS_SECONDS:.0f} s")
        time.sleep(0.2)


def back_up(server: Appliance) -> None:
    """Keeps all that the server holds outside of its machine, where it keeps what is written, too.

    Raises:
        ApplianceError: it could not.
    """
    _do(
        server,
        f"set -eu\nrm -rf {BACKUPS}/making {BACKUPS}/whole\n"
        f"runuser -u postgres -- pg_basebackup --pgdata={BACKUPS}/making --wal-method=none --checkpoint=fast --no-sync\n"
        f"mv {BACKUPS}/making {BACKUPS}/whole\n",
        what="the server could not be backed up",
    )


def keep_until_now(server: Appliance) -> None:
    """Keeps what is written until now; a moment that has passed can be come back to from then on."""
    segment = "SELECT pg_walfile_name(pg_switch_wal()) FROM (SELECT pg_logical_emit_message(true, 'moment', '')) AS one"
    _do(
        server,
        f"set -eu\nname=$({_psql(segment)})\n"
        f"for _ in $(seq 200); do [ ! -e {BACKUPS}/wal/$name ] || exit 0; sleep 0.1; done\n"
        'echo "$name was not kept"; exit 1\n',
        what="what was written last is not kept",
    )


def make_of_the_past(on: Appliance, kind: Kind, *, moment: str) -> None:
    """Makes a server of what another one kept, as it was at a moment: the one in whose folder `ANOTHERS` that lies.

    Raises:
        ApplianceError: with the server's last words.
    """
    restore = (
        f"restore_command = 'cp {ANOTHERS}/wal/%f %p'\nrecovery_target_time = '{moment}'\n"
        "recovery_target_action = promote\n"
    )
    _do(
        on,
        f"{_cluster(kind)}rm -r {_DATA}\ncp -a {ANOTHERS}/whole {_DATA}\n"
        f"install -m 600 -o postgres -g postgres /dev/null {_DATA}/recovery.signal\n"
        f"cat > conf.d/moment.conf << 'END'\n{restore}END\n"
        "systemctl start postgresql@17-main\n"
        f'for _ in $(seq 300); do [ "$({_psql("SELECT pg_is_in_recovery()")})" != f ] || break; sleep 0.1; done\n'
        f"{_psql('SELECT pg_is_in_recovery()')} | grep -qx f || {{ tail -n 20 /var/log/postgresql/*.log; exit 1; }}\n"
        "rm conf.d/moment.conf\nsystemctl reload postgresql@17-main\n",
        what=f"{kind.name} could not be brought to {moment}",
        seconds=120,
    )


def is_followed(server: Appliance) -> bool:
    """Whether a copy receives what is written, as it is written."""
    return _copy_of(server).startswith("streaming|")


def waits(server: Appliance) -> bool:
    """Whether its commits wait for a copy."""
    return _copy_of(server) == "streaming|sync"


def wait_for_copy(server: Appliance, wanted: bool) -> None:
    """Has commits wait until the copy has them on its disk, or no longer: those that wait go on then."""
    _do(
        server,
        f"echo \"synchronous_standby_names = '{STANDBY if wanted else ''}'\" > {_AT}/conf.d/synchronous.conf\n"
        "systemctl reload postgresql@17-main\n",
        what="whether commits wait could not be changed",
    )
    deadline = time.monotonic() + _FOLLOWS_SECONDS
    while wanted and not waits(server):
        if time.monotonic() > deadline:
            raise ApplianceError(f"commits do not wait for the copy after {_FOLLOWS_SECONDS:.0f} s")
        time.sleep(0.1)
    if wanted:  # once this commit is there, all that came before it is
        _do(server, _psql("SELECT pg_logical_emit_message(true, 'standby', '')"), what="the copy lags behind")


def promote(server: Appliance) -> None:
    """Has a copy take the writes; returns when it does. One that does already is left as it is.

    Raises:
        ApplianceError: it does not.
    """
    promoted = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_promote(true, 30) ELSE true END"
    _do(server, f"{_psql(promoted)} | grep -qx t\n", what="the standby was not promoted")


def restart(server: Appliance) -> None:
    _do(server, "systemctl restart postgresql@17-main\n", what="the server did not start again")


def _cluster(kind: Kind) -> str:
    """The shell commands that make a cluster with its configuration, not started yet."""
    settings = _SETTINGS + "".join(f"{key} = '{value}'\n" for key, value in kind.parameters.items())
    return (
        "set -eu\npg_createcluster 17 main --locale C.UTF-8 > /dev/null\n"
        f"install -d -o postgres -g postgres {BACKUPS} {BACKUPS}/wal\n"
        f"cd {_AT}\ncat > server.pem << 'END'\n{kind.certificate.chain}\nEND\n"
        f"install -m 600 -o postgres /dev/stdin server.key << 'END'\n{kind.certificate.key}\nEND\n"
        f"cat > conf.d/rds.conf << 'END'\n{settings}\nEND\ncat > pg_hba.conf << 'END'\n{_WHO}\nEND\n"
    )


def _psql(statement: str) -> str:
    return f'runuser -u postgres -- psql -qtAX -v ON_ERROR_STOP=1 postgres -c "{statement}"'


def _copy_of(server: Appliance) -> str:
    """What the server says of its copy: its state and whether commits wait for it, or nothing where it has none."""
    return _do(server, _psql(_COPIES), what="the server says nothing of its copies").strip()


def _do(server: Appliance, script: str, *, what: str, seconds: float = 40) -> str:
    done = server.machine.run("bash", input=script, check=False, timeout=seconds)
    if done.returncode:
        raise ApplianceError(f"{what}: {(done.stdout + done.stderr).strip()[-800:]}")
    return done.stdout
