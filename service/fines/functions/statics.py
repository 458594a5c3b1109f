"""Puts the static files of this image into their bucket, before a machine serves a page that names them.

Their names carry their content's hash, so those of an older release stay as they are, and what is there already is not sent again.
CloudFormation asks for it once a release; called by hand, with an event that is no request of its, it does the same.
"""

import hashlib
import json
import mimetypes
import os
from pathlib import Path
from typing import Any

import boto3

from fines.functions.releases import once_a_release

PREFIX = "static/"  # in the bucket, as in the path of a page's address
FOLDER = Path(__file__).parent.parent.parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"


def handler(event: dict[str, Any] | None, context: Any) -> dict[str, int] | None:
    """Answers CloudFormation's request, whatever happens; anybody else hears how many files were sent, and how many were there."""
    if not event or "RequestType" not in event:
        return publish(os.environ["STATIC_BUCKET"], FOLDER)
    once_a_release(
        event,
        lambda: publish(os.environ["STATIC_BUCKET"], FOLDER),
        trouble="the static files were not published, nothing was replaced",
    )
    return None


def publish(bucket: str, folder: Path) -> dict[str, int]:
    """Sends each hashed file that the bucket lacks, or has with another content; never removes one.

    Raises:
        ClientError, BotoCoreError: the bucket cannot be read or written.
    """
    client = boto3.client("s3")
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    # S3's entity tag of what was sent in one piece, and encrypted by S3's own key, is its MD5.
    there = {each["Key"]: each["ETag"].strip('"') for page in pages for each in page.get("Contents", [])}
    told = {"sent": 0, "there": 0}
    for name in hashed_names(folder):
        body = (folder / name).read_bytes()
        if there.get(PREFIX + name) == hashlib.md5(body, usedforsecurity=False).hexdigest():
            told["there"] += 1
            continue
        client.put_object(
            Bucket=bucket, Key=PREFIX + name, Body=body, ContentType=content_type(name), CacheControl=_FOR_EVER
        )
        told["sent"] += 1
    print(json.dumps({"published": bucket, **told}))
    return told


def hashed_names(folder: Path) -> list[str]:
    """The names that pages use, from the manifest that Django wrote when it collected the files."""
    return sorted(set(json.loads((folder / "staticfiles.json").read_text())["paths"].values()))


def content_type(name: str) -> str:
    """A file's type; of text with its encoding, as a browser does not take that of a page for a file from elsewhere."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind == "application/javascript"
    return f"{kind}; charset=utf-8" if is_text else kind
