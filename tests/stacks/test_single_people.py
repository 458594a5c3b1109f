"""What tier single tells people: alarms and outputs."""

from __future__ import annotations

from tests.stacks.synthesis import Resource, resources, synthesize, the_only

SILENCE_IS_FINE = {"ServerErrorPercent", "ReleaseFailed"}


def test_every_metric_of_the_host_has_an_alarm_and_silence_is_a_failure() -> None:
    alarms: list[Resource] = [a["Properties"] for a in resources(synthesize(), "AWS::CloudWatch::Alarm").values()]
    assert {alarm["MetricName"] for alarm in alarms} == {
        "BackupAgeSeconds",
        "ProvenBackupAgeSeconds",
        "DiskUsedPercent",
        "ServerErrorPercent",
        "HostHealthy",
        "CertificateDaysLeft",
        "ReleaseFailed",
    }
    for alarm in alarms:
        assert alarm["Namespace"] == "Fines/fines-dev-single"
        assert "Dimensions" not in alarm
        silent = "notBreaching" if alarm["MetricName"] in SILENCE_IS_FINE else "breaching"
        assert alarm["TreatMissingData"] == silent


def test_an_address_for_alarms_is_subscribed() -> None:
    template = synthesize(alarm_email="operator@example.org")
    properties = the_only(template, "AWS::SNS::Subscription")["Properties"]
    assert (properties["Protocol"], properties["Endpoint"]) == ("email", "operator@example.org")
    assert "AWS::SNS::Subscription" not in {r["Type"] for r in synthesize()["Resources"].values()}


def test_outputs_say_what_an_operator_needs() -> None:
    outputs = synthesize(domain="multas.example")["Outputs"]
    assert {
        "Url",
        "NameServers",
        "GlueRecords",
        "DsParameter",
        "ConnectCommand",
        "BackupLocation",
        "SecretArn",
        "PublicAddress",
        "GroupName",
    } <= set(outputs)
    assert outputs["Url"]["Value"] == "https://multas.example/"
    assert outputs["NameServers"]["Value"] == "ns1.multas.example ns2.multas.example"
    assert all(output["Description"] for output in outputs.values())
