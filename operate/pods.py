"""The tier on Kubernetes as one of the two between which data moves: commands in a pod that is there for that."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence

from operate.side import MoveError, Side

_NAMESPACE = "fines"
_ROLLED_OUT = "600s"


class Pods(Side):
    """A cluster; its pod `mover` has a role of its own, and kubectl that of whoever types the command."""

    GROUP = "ClusterName"

    def run(self, verb: str, *words: str) -> str:
        """Has the pod that moves run a verb; returns what it said.

        Raises:
            MoveError: it failed, with its last words.
        """
        return self._kubectl("exec", "deploy/mover", "--", "/app/entrypoint", "job", "move", verb, *words) or "{}"

    def run_everywhere(self, verb: str) -> None:
        """Has each pod of the service begin anew, which is the one thing that is asked of all of them.

        Raises:
            MoveError: it is something else, or they do not.
        """
        if verb != "restart":
            raise MoveError(f"pods of {self.name} are asked to restart, and not to {verb}")
        self._kubectl("rollout", "restart", "deployment/web")
        self._kubectl("rollout", "status", "deployment/web", f"--timeout={_ROLLED_OUT}")

    def _kubectl(self, *words: str) -> str:
        with tempfile.TemporaryDirectory(prefix="fines-kubectl-") as folder:
            config = os.path.join(folder, "config")
            region = ("--region", str(self.account.region))
            self._do(["aws", "eks", "update-kubeconfig", *region, "--name", self.group, "--kubeconfig", config], words)
            return self._do(["kubectl", "--kubeconfig", config, "--namespace", _NAMESPACE, *words], words)

    def _do(self, command: Sequence[str], words: Sequence[str]) -> str:
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        except FileNotFoundError:
            raise MoveError(f"{command[0]} is not here, and {self.name} is reached by it: install it") from None
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()][-3:]
            raise MoveError(f"{' '.join(words[:2])} in {self.name} failed: {' / '.join(said) or 'it said nothing'}")
        return done.stdout
