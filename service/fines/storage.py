"""The bucket of photos, as the service uses it. Loading this loads the library for AWS, a third of a process's memory: only
processes that meet a photo do."""

from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from storages.backends.s3 import S3Storage


class PrivateBucket(S3Storage):  # type: ignore[misc]
    """django-storages' bucket, whose client gives up soon: behind each photo an officer waits, and a connection to the database."""

    def __init__(self, *, addressing_style: str = "virtual", **settings: Any) -> None:
        super().__init__(
            client_config=Config(
                signature_version="s3v4",
                # The region's own name of the bucket: the global one leads elsewhere while the bucket is new, where links are refused.
                s3={"addressing_style": addressing_style},
                connect_timeout=3,
                read_timeout=5,
                retries={"mode": "standard", "total_max_attempts": 2},
            ),
            transfer_config=TransferConfig(use_threads=False),
            **settings,
        )
