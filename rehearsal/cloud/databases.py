"""What stands behind RDS for PostgreSQL: a machine with PostgreSQL 17, whose master is no superuser, reached over TLS alone."""

from __future__ import annotations

import textwrap
from typing import Any

from ministack.services import rds

from rehearsal.cloud.appliances import Appliance, ApplianceError, Appliances
from rehearsal.cloud.authority import Authority
from rehearsal.cloud.names import Names
from rehearsal.cloud.policies import Properties
from rehearsal.cloud.provisioning import replaced

INSTANCE = "AWS::RDS::DBInstance"
# Parameters that are RDS's own, or that what stands in for it decides itself.
_NOT_POSTGRESQLS = ("rds.",)
_SETTINGS = """\
listen_addresses = '*'
ssl = on
ssl_cert_file = '/etc/postgresql/17/main/server.pem'
ssl_key_file = '/etc/postgresql/17/main/server.key'
password_encryption = scram-sha-256
max_connections = 200
"""
# TLS and a password, or nothing: what rds.force_ssl=1 means.
_WHO = "local all postgres peer\nhostssl all all 0.0.0.0/0 scram-sha-256\n"


class Databases:
    """Plays the database instances of all stacks."""

    def __init__(self, *, appliances: Appliances, names: Names, authority: Authority) -> None:
        self._appliances, self._names, self._authority = appliances, names, authority
        self._running: dict[str, Appliance] = {}  # by the instance's identifier
        self._plain = replaced(INSTANCE, create=self._create, update=self._update, delete=self._delete)
        _an_instance_tells_its_insights_and_logs()

    def _create(self, logical_id: str, properties: Properties, stack: str) -> Any:
        id, attributes = self._plain["create"](logical_id, properties, stack)
        record = rds._instances[id]
        _note(record, properties)
        subnets = record["DBSubnetGroup"]["Subnets"]
        groups = [group["VpcSecurityGroupId"] for group in record["VpcSecurityGroups"]]
        appliance = self._appliances.boot(f"rds-{id}", subnet=subnets[0]["SubnetIdentifier"], groups=groups)
        self._running[id] = appliance
        name = record["Endpoint"]["Address"]
        self._set_up(appliance, record, name)
        self._names.lead(name, [appliance.address])
        return id, attributes

    def _update(
        self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> Any:
        """What can change while it runs; the stand-in itself stays as it is."""
        made = self._plain["update"](physical_id, old, new, stack, logical_id)
        if made[0] != physical_id:
            raise ValueError("a database instance that is replaced is not played here")
        _note(rds._instances[physical_id], new)
        return made

    def _set_up(self, appliance: Appliance, record: Properties, name: str) -> None:
        certificate = self._authority.issue(name)
        parameters = {
            key: value
            for group in record["DBParameterGroups"]
            for key, value in _parameters(group["DBParameterGroupName"]).items()
            if not key.startswith(_NOT_POSTGRESQLS)
        }
        settings = _SETTINGS + "".join(f"{key} = '{value}'\n" for key, value in parameters.items())
        master, database = record["MasterUsername"], record["DBName"]
        password = record["_MasterUserPassword"].replace("'", "''")
        script = textwrap.dedent(f"""\
            set -eu
            pg_createcluster 17 main --locale C.UTF-8 > /dev/null
            cd /etc/postgresql/17/main
            cat > server.pem << 'END'
            {{certificate}}
            END
            install -m 600 -o postgres /dev/stdin server.key << 'END'
            {{key}}
            END
            cat > conf.d/rds.conf << 'END'
            {{settings}}
            END
            cat > pg_hba.conf << 'END'
            {{who}}
            END
            systemctl start postgresql@17-main
            runuser -u postgres -- psql -qX -v ON_ERROR_STOP=1 postgres << 'END'
            CREATE ROLE rds_superuser NOLOGIN;
            GRANT pg_monitor, pg_signal_backend TO rds_superuser;
            CREATE ROLE "{master}" LOGIN CREATEROLE CREATEDB IN ROLE rds_superuser PASSWORD '{password}';
            CREATE DATABASE "{database}" OWNER "{master}";
            END
        """)
        for key, text in {
            "certificate": certificate.chain,
            "key": certificate.key,
            "settings": settings,
            "who": _WHO,
        }.items():
            script = script.replace("{" + key + "}", text)
        done = appliance.machine.run("bash", input=script, check=False, timeout=120)
        if done.returncode:
            raise ApplianceError(f"the stand-in for {name} did not start: {(done.stdout + done.stderr).strip()[-800:]}")

    def _delete(self, physical_id: str, properties: Properties) -> None:
        record = rds._instances.get(physical_id)
        if (appliance := self._running.pop(physical_id, None)) is not None:
            self._appliances.end(appliance)
            if record is not None:
                self._names.lead(record["Endpoint"]["Address"], [])
        self._plain["delete"](physical_id, properties)


def _note(record: Properties, properties: Properties) -> None:
    """Keeps what MiniStack drops of an instance."""
    record["DatabaseInsightsMode"] = properties.get("DatabaseInsightsMode", "")
    record["EnabledCloudwatchLogsExports"] = list(properties.get("EnableCloudwatchLogsExports", []))


def _an_instance_tells_its_insights_and_logs() -> None:
    """Has DescribeDBInstances tell what MiniStack's own leaves out."""
    plain = rds._instance_xml

    def told(record: Properties) -> str:
        text = str(plain(record))
        logs = "".join(f"<member>{name}</member>" for name in record.get("EnabledCloudwatchLogsExports", []))
        text = text.replace(
            "<EnabledCloudwatchLogsExports/>", f"<EnabledCloudwatchLogsExports>{logs}</EnabledCloudwatchLogsExports>"
        )
        return text + f"<DatabaseInsightsMode>{record.get('DatabaseInsightsMode', '')}</DatabaseInsightsMode>"

    rds._instance_xml = told


def _parameters(group: str) -> dict[str, str]:
    """The parameters that a group sets, by name."""
    record = rds._param_groups.get(group) or {}
    return {name: str(value["ParameterValue"]) for name, value in record.get("Parameters", {}).items()}
