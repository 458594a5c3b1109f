"""A cluster's control plane: etcd, API server, controller manager and scheduler, as processes in the rehearsal's network.

EKS keeps its own out of sight, and gives it addresses in the subnets of the VPC. Here it is one of each, on one address of a
subnet: what asks it is in the rehearsal's network.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.kubernetes import kubeconfig
from rehearsal.kubernetes.certificates import Certificates, Pair
from rehearsal.kubernetes.place import DOMAIN, SERVICES, ClusterError, Place
from rehearsal.machines.network import BRIDGE

PORT = 443
_FIRST_SERVICE = "172.20.0.1"  # the API server's own, as pods see it
_READY_SECONDS = 90
_LOOPBACK = "127.0.0.1"
_ETCD = f"http://{_LOOPBACK}:2379"


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane. `admin` is the kubeconfig of somebody who may do everything: the harness."""

    place: Place
    address: str
    certificates: Certificates
    admin: Path

    @property
    def server(self) -> str:
        return f"https://{self.address}:{PORT}"

    @property
    def authority(self) -> Path:
        return self.certificates.authority

    @classmethod
    def start(
        cls, place: Place, *, address: str, names: Sequence[str] = (), issuer: str, authenticator: Path | None = None
    ) -> ControlPlane:
        """Starts it at an address of a subnet that the bridge serves, under further names; returns once it is ready.

        `issuer` is the URL that tokens of service accounts name. `authenticator` is the configuration of a webhook that knows
        whose other tokens are (kubeconfig).

        Raises:
            ClusterError: a part of it does not start; with its last words.
        """
        place.logs.mkdir(parents=True, exist_ok=True)
        certificates = Certificates(place.home / "certificates")
        _take(place, address)
        files = place.home / "control-plane"
        files.mkdir()
        admin = certificates.issue("admin", common_name="rehearsal", group="system:masters")
        plane = cls(
            place,
            address,
            certificates,
            kubeconfig.write(
                files / "admin.json", server=f"https://{address}:{PORT}", authority=certificates.authority, user=admin
            ),
        )
        plane._start_etcd()
        tokens = certificates.signing_key("tokens")
        plane._start_api_server(tokens, admin, names=names, issuer=issuer, authenticator=authenticator)
        plane._await_ready()
        plane._start_others(files, tokens)
        return plane

    def _start_etcd(self) -> None:
        data = self.place.home / "etcd"
        self._run(
            "etcd",
            f"--data-dir={data}",
            f"--listen-client-urls={_ETCD}",
            f"--advertise-client-urls={_ETCD}",
            f"--listen-peer-urls=http://{_LOOPBACK}:2380",
            "--unsafe-no-fsync",  # it ends with the rehearsal, and is not what is rehearsed
            "--logger=zap",
            "--log-level=warn",
        )

    def _start_api_server(
        self, tokens: Pair, admin: Pair, *, names: Sequence[str], issuer: str, authenticator: Path | None
    ) -> None:
        issue = self.certificates.issue
        inside = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{DOMAIN}")
        own = issue("api", self.address, _FIRST_SERVICE, _LOOPBACK, *inside, *names, common_name="kube-apiserver")
        front = issue("front", common_name="front-proxy-client")
        to_nodes = issue("to-nodes", common_name="kube-apiserver", group="system:masters")
        asked = () if authenticator is None else (f"--authentication-token-webhook-config-file={authenticator}",)
        self._run(
            "kube-apiserver",
            f"--advertise-address={self.address}",
            f"--bind-address={self.address}",
            f"--secure-port={PORT}",
            f"--etcd-servers={_ETCD}",
            f"--service-cluster-ip-range={SERVICES}",
            f"--client-ca-file={self.authority}",
            f"--tls-cert-file={own.certificate}",
            f"--tls-private-key-file={own.key}",
            f"--kubelet-certificate-authority={self.authority}",
            f"--kubelet-client-certificate={to_nodes.certificate}",
            f"--kubelet-client-key={to_nodes.key}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-account-issuer={issuer}",
            f"--service-account-key-file={tokens.certificate}",
            f"--service-account-signing-key-file={tokens.key}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            f"--requestheader-client-ca-file={self.authority}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={front.certificate}",
            f"--proxy-client-key-file={front.key}",
            "--enable-aggregator-routing=true",
            *asked,
        )

    def _start_others(self, files: Path, tokens: Pair) -> None:
        """Starts the controller manager and the scheduler, each as the user that Kubernetes has for it."""
        for name, words in (
            (
                "controller-manager",
                (
                    f"--root-ca-file={self.authority}",
                    f"--service-account-private-key-file={tokens.key}",
                    "--use-service-account-credentials=true",
                    f"--cluster-name={self.place.name}",
                    "--controllers=*,-nodeipam,-node-route-controller",
                ),
            ),
            ("scheduler", ()),
        ):
            user = self.certificates.issue(name, common_name=f"system:kube-{name}")
            config = kubeconfig.write(files / f"{name}.json", server=self.server, authority=self.authority, user=user)
            self._run(
                f"kube-{name}",
                f"--kubeconfig={config}",
                f"--authentication-kubeconfig={config}",
                f"--authorization-kubeconfig={config}",
                f"--bind-address={_LOOPBACK}",
                "--leader-elect=false",
                *words,
            )

    def _run(self, program: str, *words: str) -> None:
        command = self.place.network.inside(str(self.place.programs.path(program)), *words)
        with (self.place.logs / f"{program}.log").open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.place.traces.process(process)

    def kubectl(self, *words: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
        """What kubectl answers somebody who may do everything, from within the rehearsal's network."""
        command = [str(self.place.programs.path("kubectl")), f"--kubeconfig={self.admin}", *words]
        inside = self.place.network.inside(*command)
        return subprocess.run(inside, check=False, capture_output=True, text=True, input=input)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while (done := self.kubectl("get", "--raw", "/readyz")).returncode:
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"the API server is not ready after {_READY_SECONDS} s ({done.stderr.strip()[-200:]}); its last words:\n"
                    + self.place.last_words("kube-apiserver")
                )
            time.sleep(0.2)


def _take(place: Place, address: str) -> None:
    """Gives the rehearsal's network the control plane's address, which ends with the network."""
    words = ["-netns", place.network.namespace, "address", "add", f"{address}/32", "dev", BRIDGE]
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise ClusterError(f"ip {' '.join(words)}: {done.stderr.strip()}")
