"""A local AWS on the loopback whose distributions are served by an edge, with the gate's own judgement of what they may read.

Usage: python -m tests.rehearsal.edge.server PORT FOLDER
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from pathlib import Path

from tests.local_aws import environment

REGION, ACCOUNT = "us-east-1", "000000000000"


def main() -> None:
    port, folder = sys.argv[1], Path(sys.argv[2])
    os.environ |= environment(port, folder, REGION)
    # MiniStack reads its settings when it is imported
    from ministack import app

    from rehearsal.cloud.authority import Authority
    from rehearsal.cloud.distributions import Distributions
    from rehearsal.cloud.edge import Edge
    from rehearsal.cloud.mend import mend
    from rehearsal.cloud.names import Names
    from rehearsal.cloud.permissions import Evaluator, Gate, Ledger, Sessions
    from rehearsal.cloud.permissions.lookup_ministack import MiniStack

    mend()
    authority = Authority(folder / "authority.pem")
    distributions = Distributions(names=Names(folder / "names"), edge="127.0.0.1", account=ACCOUNT, region=REGION)
    known = MiniStack(account=ACCOUNT, region=REGION)

    async def serve() -> None:
        evaluator = Evaluator(node=Path(sys.executable).parent / "node")
        await evaluator.start()
        gate = Gate(
            evaluator=evaluator,
            sessions=Sessions(),
            lookup=known,
            account=ACCOUNT,
            region=REGION,
            roles=known.role,
            resource_policy=known.resource_policy,
            ledger=Ledger(folder / "permissions.jsonl"),
        )
        distributions.judged_by(gate, asyncio.get_running_loop())
        edge = Edge(backend=f"http://127.0.0.1:{port}", distributions=distributions)
        ports = await edge.start(address="127.0.0.1", authority=authority, ports=(0, 0))
        (folder / "ports.new").write_text(json.dumps(ports))
        (folder / "ports.new").rename(folder / "ports.json")
        await asyncio.Event().wait()

    threading.Thread(target=asyncio.run, args=(serve(),), daemon=True).start()
    sys.argv = sys.argv[:1]  # MiniStack reads the command line too
    app.main()


if __name__ == "__main__":
    main()
