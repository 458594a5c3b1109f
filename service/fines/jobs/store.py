"""The dumps' places in their bucket: objects that are added and read, and never taken away nor written over.

`dumps/` has the dumps, `sums/` what their own snapshots said of all tables, and `proven/` a mark for each that was restored and
compared. A dump's metadata are its `moment` (seconds since 1970), its database's `size` in bytes, and the key of its `sums`.
"""

import os
from collections.abc import Iterator
from functools import cache
from typing import IO, Any

import boto3
from botocore.exceptions import ClientError

PART = 16 * 2**20  # bytes; S3 takes 10,000 parts


@cache
def client() -> Any:
    """S3, by the role of this pod."""
    return boto3.client("s3", region_name=os.environ["AWS_REGION"])


def bucket() -> str:
    return os.environ["BACKUP_BUCKET"]


def newest(folder: str) -> str | None:
    """The key of what came last into a folder."""
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket(), Prefix=f"{folder}/")
    found = [(each["LastModified"], each["Key"]) for page in pages for each in page.get("Contents", [])]
    return max(found)[1] if found else None


def is_there(key: str) -> bool:
    found = client().list_objects_v2(Bucket=bucket(), Prefix=key, MaxKeys=100).get("Contents", [])
    return any(each["Key"] == key for each in found)


def facts(key: str) -> dict[str, str]:
    """What is written on an object."""
    found: dict[str, str] = client().head_object(Bucket=bucket(), Key=key)["Metadata"]
    return found


def put(key: str, body: bytes, told: dict[str, str] | None = None) -> None:
    """Writes an object where there is none.

    Raises:
        ClientError: there is one, or it may not be written.
    """
    client().put_object(Bucket=bucket(), Key=key, Body=body, IfNoneMatch="*", Metadata=told or {})


def send(key: str, stream: IO[bytes], told: dict[str, str], *, whole: Any) -> bool:
    """Sends a stream part by part; there is an object only once `whole` says that all of it came, and only if there was none.

    Returns whether it is this one that is there: another that was whole first stays.
    """
    place = {"Bucket": bucket(), "Key": key}
    upload = client().create_multipart_upload(**place, Metadata=told, ChecksumAlgorithm="CRC32")["UploadId"]
    try:
        parts = list(_parts(place, upload, stream))
        whole()
        client().complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
    except BaseException as error:
        client().abort_multipart_upload(**place, UploadId=upload)
        if isinstance(error, ClientError) and is_there(key):
            return False
        raise
    return True


def _parts(place: dict[str, str], upload: str, stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    number = 0
    while block := stream.read(PART):
        number += 1
        answer = client().upload_part(
            **place, UploadId=upload, PartNumber=number, Body=block, ChecksumAlgorithm="CRC32"
        )
        yield {"PartNumber": number, "ETag": answer["ETag"]} | (
            {"ChecksumCRC32": answer["ChecksumCRC32"]} if "ChecksumCRC32" in answer else {}
        )


def fetch(key: str) -> Iterator[bytes]:
    """An object's bytes, a piece at a time."""
    body = client().get_object(Bucket=bucket(), Key=key)["Body"]
    yield from body.iter_chunks(2**20)
