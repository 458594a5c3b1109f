"""The host booted as the template says, and a fine goes in and comes out."""

from __future__ import annotations

import base64

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.people import People


@check("single")
def the_machine_booted_from_the_user_data_of_the_template(subject: Subject) -> str:
    host = subject.host
    ran = host.run("cat", "/var/lib/cloud/instance/user-data.txt").stdout
    template = subject.tier.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=_template_id(subject), Versions=["$Latest"]
    )
    given = base64.b64decode(template["LaunchTemplateVersions"][0]["LaunchTemplateData"]["UserData"]).decode()
    if ran != given:
        raise CheckError(
            f"cloud-init ran other user data than the launch template's: {len(ran)} bytes instead of {len(given)}"
        )
    status = host.run("cloud-init", "status", "--long", check=False).stdout
    if "status: done" not in status:
        raise CheckError(f"cloud-init did not end well: {status}")
    return f"{len(given)} bytes of user data, cloud-init done"


def _template_id(subject: Subject) -> str:
    return str(subject.tier.group(subject.stack)["LaunchTemplate"]["LaunchTemplateId"])


@check("single")
def a_fine_posted_through_nginx_is_in_the_report_of_its_owner(subject: Subject) -> str:
    people = People.make(subject, officers=1, owners=1)
    fine = {
        "placa_patente": people.plates[0],
        "timestamp": "2026-01-31T14:05:00-05:00",
        "comentarios": "Semáforo en rojo",
    }
    with people.client() as client:
        posted = client.post("/cargar_infraccion", json=fine, headers=people.bearer(0))
        if posted.status_code != 200:
            raise CheckError(f"the fine was answered with {posted.status_code}: {posted.text}")
        report = client.get("/generar_informe", params={"correo": people.owners[0]})
    found = [entry for entry in report.json()["infracciones"] if entry["id"] == posted.json()["infraccion"]["id"]]
    if len(found) != 1 or found[0]["comentarios"] != fine["comentarios"]:
        raise CheckError(f"the report has it {len(found)} times: {report.text}")
    return f"fine {found[0]['id']} of {found[0]['placa_patente']}"
