"""Images of the cluster's own programs: one program each, in an archive that containerd takes (OCI image layout)."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Sequence
from pathlib import Path

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def of_program(program: Path, archive: Path, *, name: str, user: str = "65532", extra: Sequence[Path] = ()) -> None:
    """Writes an image that runs a statically linked program as a user without rights; `extra` files lie below /etc."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        _put(tar, f"usr/bin/{program.name}", program.read_bytes(), 0o755)
        for file in extra:
            _put(tar, f"etc/{file.name}", file.read_bytes(), 0o644)
    plain = layer.getvalue()
    packed = gzip.compress(plain, compresslevel=1, mtime=0)
    config = json.dumps(
        {
            "architecture": _ARCHITECTURES[platform.machine()],
            "os": "linux",
            "config": {"Entrypoint": [f"/usr/bin/{program.name}"], "User": user},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(plain).hexdigest()}"]},
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _blob(config, _CONFIG),
            "layers": [_blob(packed, _LAYER)],
        }
    ).encode()
    index = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _INDEX,
            "manifests": [
                _blob(manifest, _MANIFEST)
                | {"annotations": {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}}
            ],
        }
    ).encode()
    with tarfile.open(archive, "w") as tar:
        _put(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}', 0o644)
        _put(tar, "index.json", index, 0o644)
        for blob in (config, manifest, packed):
            _put(tar, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob, 0o644)


def _blob(content: bytes, kind: str) -> dict[str, object]:
    return {"mediaType": kind, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}


def _put(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
