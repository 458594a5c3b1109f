"""What a pod does beside serving: the schedule's figure, the end of a pod, ages; each as the program that it is."""

import datetime
import http.server
import json
import ssl
import subprocess
import sys
import threading
import time
from zoneinfo import ZoneInfo

import boto3
import pytest
import trustme
from fines.jobs import minimum, outlive
from testing import bucket
from testing.server import SERVICE, manage

TIMES = [("07:50", 6), ("09:00", 2), ("19:50", 8), ("21:00", 2)]


@pytest.mark.parametrize(
    ("at", "pods"), [("07:49", 2), ("07:50", 6), ("08:59", 6), ("09:00", 2), ("20:00", 8), ("23:59", 2), ("00:00", 2)]
)
def test_the_minimum_is_what_the_last_change_said_around_the_clock(at, pods):
    assert minimum.least(TIMES, at) == pods


def test_a_peak_past_midnight_holds_until_its_end():
    assert [minimum.least([("21:50", 9), ("02:00", 2)], at) for at in ("23:00", "00:30", "02:00", "21:49")] == [
        9,
        9,
        2,
        2,
    ]


def test_now_is_what_the_clocks_of_the_time_zone_show():
    zone = ZoneInfo("Pacific/Kiritimati")  # fourteen hours ahead
    shown = minimum.now_on_the_clocks("Pacific/Kiritimati")
    assert shown in {
        (datetime.datetime.now(zone) - datetime.timedelta(minutes=late)).strftime("%H:%M") for late in (0, 1)
    }


@pytest.fixture
def kubernetes(tmp_path):
    """What answers like the cluster's API, over TLS, and keeps what it was asked."""
    asked = []

    class Api(http.server.BaseHTTPRequestHandler):
        def do_PATCH(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers["Authorization"], self.headers["Content-Type"], body))
            self.send_response(200 if "scalers/web" in self.path else 403)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *words):
            pass

    authority = trustme.CA()
    server = http.server.HTTPServer(("127.0.0.1", 0), Api)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    (tmp_path / "token").write_text("the-token")
    yield server.server_address[1], tmp_path, asked
    server.shutdown()
    server.server_close()


def test_the_schedule_changes_one_figure_of_the_scaler(kubernetes, monkeypatch, capsys):
    port, account, asked = kubernetes
    monkeypatch.setattr(minimum.set_minimum, "__kwdefaults__", {"account": account})
    for name, value in {
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(port),
        "MINIMUM_TIMES": json.dumps(TIMES),
        "MINIMUM_AT": "08:15",
        "MINIMUM_NAMESPACE": "fines",
        "MINIMUM_SCALER": "web",
        "METRIC_NAMESPACE": "Fines/test",
        "TIME_ZONE": "America/Argentina/Buenos_Aires",
    }.items():
        monkeypatch.setenv(name, value)
    minimum.main()
    place = "/apis/autoscaling/v2/namespaces/fines/horizontalpodautoscalers/web"
    body = {"spec": {"minReplicas": 6}}
    assert asked == [(place, "Bearer the-token", "application/merge-patch+json", body)]
    told = capsys.readouterr()
    assert json.loads(told.out)["LeastPods"] == 6 and "6 pods at least" in told.err


def test_a_refusal_and_a_stranger_in_the_apis_place_are_failures(kubernetes, monkeypatch):
    port, account, asked = kubernetes
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(port))
    with pytest.raises(OSError, match="403"):
        minimum.set_minimum("fines", "another", 3, account=account)
    trustme.CA().cert_pem.write_to_path(str(account / "ca.crt"))
    with pytest.raises(OSError, match="certificate verify failed"):
        minimum.set_minimum("fines", "web", 3, account=account)
    assert len(asked) == 1


def test_the_service_outlives_nginx_and_waits_no_longer(tmp_path):
    pid = tmp_path / "nginx.pid"
    assert outlive.outlive(pid, seconds=5)  # it was never there
    pid.write_text("7")
    assert not outlive.outlive(pid, seconds=0.3)
    threading.Timer(0.6, pid.unlink).start()
    began = time.monotonic()
    assert outlive.outlive(pid, seconds=20)
    assert 0.4 < time.monotonic() - began < 5


def test_a_job_that_fails_ends_with_its_reason_in_the_last_line(env):
    done = manage(env | {"MINIMUM_TIMES": "no times", "TIME_ZONE": "UTC"}, "job", "minimum")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("the schedule: FAILED: JSONDecodeError: ")


def test_a_word_that_is_no_job_is_a_failure(env):
    assert manage(env, "job", "dance").returncode == 1
    assert manage(env, "job").returncode == 1


def test_old_sessions_go_and_living_ones_stay(env, token):
    script = """
from datetime import timedelta
from django.contrib.sessions.models import Session
from django.utils import timezone
for name, days in (("old", -1), ("living", 1)):
    Session.objects.update_or_create(session_key=name, defaults={"session_data": "x", "expire_date": timezone.now() + timedelta(days=days)})
"""
    assert manage(env, "manage", "shell", "--no-imports", text=script).returncode == 0
    # The login by a file, as that by a secret of Secrets Manager is in the tests of dumps.
    folder = {name: value for name, value in env.items() if name != "SECRETS_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", _CLEANUP],
        cwd=SERVICE,
        env=folder | {"PASSWORD_FILE": f"{env['SECRETS_DIR']}/database_password"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    left = "from django.contrib.sessions.models import Session; print(sorted(s.session_key for s in Session.objects.all()))"
    assert manage(env, "manage", "shell", "--no-imports", text=left).stdout.strip() == "['living']"


_CLEANUP = """
import os, shutil, tempfile
from fines.jobs import cleanup
folder = tempfile.TemporaryDirectory
class Folder(folder):
    def __enter__(self):
        name = super().__enter__()
        shutil.copy(os.environ["PASSWORD_FILE"], os.path.join(name, "database_password"))
        return name
tempfile.TemporaryDirectory = Folder
cleanup.main()
"""


@pytest.fixture
def store_env(env, bucket_endpoint):
    """What a pod of the dumps is given: its bucket, and the secret of who reads the database."""
    given = bucket.KEYS | {"AWS_ENDPOINT_URL": bucket_endpoint, "AWS_REGION": "us-east-1"}
    for name in ("s3", "secretsmanager"):
        given[name] = boto3.client(
            name,
            endpoint_url=bucket_endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
    clients = {name: given.pop(name) for name in ("s3", "secretsmanager")}
    return env | given | {"METRIC_NAMESPACE": "Fines/test"}, clients


def test_ages_are_told_of_what_there_is_and_of_nothing_else(store_env):
    env, clients = store_env
    clients["s3"].create_bucket(Bucket="ages")
    arn = clients["secretsmanager"].create_secret(Name="ages/one", SecretString="{}")["ARN"]
    env = env | {"BACKUP_BUCKET": "ages", "PASSWORD_SECRET_ARNS": arn}
    done = manage(env, "job", "ages")
    assert done.returncode == 0, done.stderr
    (told,) = (json.loads(line) for line in done.stdout.splitlines())
    assert told["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Fines/test"
    assert 0 <= told["OldestPasswordSeconds"] < 300
    assert "there is nothing in dumps/" in done.stderr and "there is nothing in proven/" in done.stderr
    moment = str(int(time.time()) - 5000)
    clients["s3"].put_object(Bucket="ages", Key="dumps/2026-03-04.dump", Body=b"x", Metadata={"moment": moment})
    lines = [json.loads(line) for line in manage(env, "job", "ages").stdout.splitlines()]
    assert 5000 <= lines[0]["BackupAgeSeconds"] < 5300
