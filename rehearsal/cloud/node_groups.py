"""A node group as EKS makes it, and what is known of its nodes."""

from __future__ import annotations

from dataclasses import dataclass, field

from rehearsal.cloud.policies import Properties
from rehearsal.kubernetes.node import Node


@dataclass
class NodeGroup:
    """A node group, its nodes, and when each was first seen without power (monotonic)."""

    name: str
    properties: Properties
    nodes: list[Node] = field(default_factory=list)
    died: dict[str, float] = field(default_factory=dict)


def size_at_first(sizes: Properties) -> int:
    """The number of nodes that a group is made with.

    Raises:
        ValueError: of the three sizes some are given and others are not, which EKS refuses when it makes a group.
    """
    if sizes and len(sizes) < 3:
        raise ValueError(
            f"of MinSize, DesiredSize and MaxSize all must be given when a node group is made, or none: {sizes}"
        )
    return int(sizes.get("DesiredSize", 1))
