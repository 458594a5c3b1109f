"""Static files that a distribution serves: pages name them there, and a release's are in the bucket before."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.management import call_command
from django.test import override_settings
from fines.functions.statics import content_type, handler, hashed_names, publish
from fines.middleware import policy
from testing import bucket

ELSEWHERE = "https://d111111abcdef8.cloudfront.net"
_BUCKET = "fines-tests-static"


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of collected files, as an image has it."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=str(folder)):
        call_command("collectstatic", "--no-input", "--verbosity", "0")
    return folder


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with bucket.served(tmp_path_factory.mktemp("bucket")) as found:
        yield found


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An S3 with the bucket, which the function is led to."""
    for name, value in {**bucket.KEYS, "AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STATIC_BUCKET", _BUCKET)
    client = boto3.client("s3")
    client.create_bucket(Bucket=_BUCKET)
    yield client
    boto3.resource("s3").Bucket(_BUCKET).objects.all().delete()


def test_pages_may_take_what_they_name_from_there_and_run_nothing_else():
    given = dict(part.strip().split(" ", 1) for part in policy(ELSEWHERE).split(";"))
    assert given["script-src"] == f"'self' {ELSEWHERE}"
    assert given["style-src"] == f"'self' {ELSEWHERE} 'unsafe-inline'"
    assert {given[kind] for kind in ("img-src", "font-src")} == {f"'self' {ELSEWHERE} data:"}
    assert given["connect-src"] == given["form-action"] == "'self'"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/docs", "/admin/login/"])
def test_a_page_names_hashed_files_of_the_other_origin_that_are_published(client, settings, collected, path):
    settings.STATIC_URL, settings.STATIC_ROOT = f"{ELSEWHERE}/static/", str(collected)
    settings.STATIC_ORIGIN = ELSEWHERE
    settings.STORAGES = dict(settings.STORAGES)  # has Django make the storage anew, with the settings above
    answer = client.get(path)
    named = re.findall(r'(?:src|href)="([^"]+\.(?:js|css|svg))"', answer.content.decode())
    assert len(named) >= 3 and [name for name in named if not name.startswith(f"{ELSEWHERE}/static/")] == []
    assert {name.removeprefix(f"{ELSEWHERE}/static/") for name in named} <= set(hashed_names(collected))
    assert f"script-src 'self' {ELSEWHERE};" in answer.headers["Content-Security-Policy"]


def test_each_hashed_file_is_published_with_its_type_and_kept_for_a_year(s3, collected):
    told = publish(_BUCKET, collected)
    names = hashed_names(collected)
    assert told == {"sent": len(names), "there": 0} and len(names) > 100
    (style,) = (name for name in names if name.startswith("infracciones/office."))
    found = s3.get_object(Bucket=_BUCKET, Key=f"static/{style}")
    assert found["Body"].read() == (collected / style).read_bytes()
    assert found["ContentType"] == "text/css; charset=utf-8"
    assert found["CacheControl"] == "public, max-age=31536000, immutable"


def test_what_is_there_is_not_sent_again_and_what_was_damaged_or_lost_is(s3, collected):
    publish(_BUCKET, collected)
    damaged, lost = (f"static/{name}" for name in hashed_names(collected)[:2])
    s3.put_object(Bucket=_BUCKET, Key=damaged, Body=b"not what it was")
    s3.delete_object(Bucket=_BUCKET, Key=lost)
    assert publish(_BUCKET, collected) == {"sent": 2, "there": len(hashed_names(collected)) - 2}


def test_files_of_an_older_release_stay(s3, collected):
    s3.put_object(Bucket=_BUCKET, Key="static/infracciones/office.000000000000.css", Body=b"older")
    publish(_BUCKET, collected)
    assert s3.get_object(Bucket=_BUCKET, Key="static/infracciones/office.000000000000.css")["Body"].read() == b"older"


def test_styles_name_files_beside_them_so_that_they_work_under_any_origin(collected):
    for style in (name for name in hashed_names(collected) if name.endswith(".css")):
        assert "url(/" not in (collected / style).read_text() and 'url("/' not in (collected / style).read_text()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.css", "text/css; charset=utf-8"), ("a.svg", "image/svg+xml"), ("LICENSE", "application/octet-stream")],
)
def test_text_says_its_encoding(name, kind):
    assert content_type(name) == kind


def test_a_script_has_a_type_that_a_browser_runs():
    assert content_type("a.js").partition(";") in [
        (kind, ";", " charset=utf-8") for kind in ("text/javascript", "application/javascript")
    ]


class _Answers:
    """The place that CloudFormation lets a custom resource's answer be put to."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def ask(self, kind: str, release: str, id: str = "") -> dict[str, Any]:
        """Sends the function a request of CloudFormation's; returns what it answered."""
        event = {
            "RequestType": kind,
            "ResponseURL": f"http://127.0.0.1:{self.server.server_port}/answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Done",
            "ResourceProperties": {"Release": release},
            **({"PhysicalResourceId": id} if id else {}),
        }
        assert handler(event, None) is None
        return self.heard[-1]


@pytest.fixture
def answers() -> Iterator[_Answers]:
    found = _Answers()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_a_release_is_published_once_and_on_the_way_back_nothing_can_fail(s3, collected, answers, monkeypatch):
    monkeypatch.setattr("fines.functions.statics.FOLDER", collected)
    first = answers.ask("Create", "one")
    second = answers.ask("Update", "two", first["PhysicalResourceId"])
    assert (first["Status"], second["Status"], second["PhysicalResourceId"]) == ("SUCCESS", "SUCCESS", "one,two")
    monkeypatch.setenv("STATIC_BUCKET", "a-bucket-that-is-not-there")
    back = answers.ask("Update", "one", second["PhysicalResourceId"])
    gone = answers.ask("Delete", "one", second["PhysicalResourceId"])
    assert (back["Status"], gone["Status"]) == ("SUCCESS", "SUCCESS")
    failed = answers.ask("Update", "three", second["PhysicalResourceId"])
    assert failed["Status"] == "FAILED" and "the static files were not published" in failed["Reason"]
    assert failed["PhysicalResourceId"] == "one,two"


def test_who_calls_it_by_hand_hears_what_was_sent(s3, collected, monkeypatch):
    monkeypatch.setattr("fines.functions.statics.FOLDER", collected)
    assert handler({}, None) == {"sent": len(hashed_names(collected)), "there": 0}
