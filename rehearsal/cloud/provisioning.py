"""MiniStack's own provisioning of resource types, and what is laid around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners, stacks

from rehearsal.cloud.policies import Properties

Handlers = dict[str, Callable[..., Any]]


def replaced(type: str, **ours: Callable[..., Any]) -> Handlers:
    """Puts handlers of ours (create, update, delete) into the place of MiniStack's, which are returned.

    Ours may block: they are called on a thread of their own, as a handler that blocks the event loop freezes the whole cloud.
    """
    handlers: Handlers = provisioners._RESOURCE_HANDLERS[type]
    plain = dict(handlers)
    handlers.update(ours)
    blocking = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda each: each == type or blocking(each)
    return plain


def told_besides(type: str, attributes: Callable[[str], Properties]) -> None:
    """Has a type's resources tell attributes that MiniStack's lack; they are computed from a resource's physical id."""
    handlers: Handlers = provisioners._RESOURCE_HANDLERS[type]
    plain = dict(handlers)

    def told(made: tuple[str, Properties]) -> tuple[str, Properties]:
        return made[0], {**made[1], **attributes(made[0])}

    handlers["create"] = lambda *given: told(plain["create"](*given))
    handlers["update"] = lambda *given, **named: told(plain["update"](*given, **named))
