"""The IAM gate: whose call it is, what it needs, and whether that role's policies allow it.

A request is verified against the sessions that were issued, resolved to actions, resource ARNs and condition keys, and
judged by a real policy evaluator. Every decision is kept in a ledger.
"""

from rehearsal.cloud.permissions.asking import Check, Decision, Policy, Question, Refusal, Request, Role, Verdict
from rehearsal.cloud.permissions.evaluator import Evaluator, EvaluatorError, self_test
from rehearsal.cloud.permissions.gate import Gate
from rehearsal.cloud.permissions.ledger import Ledger
from rehearsal.cloud.permissions.lookup import Lookup
from rehearsal.cloud.permissions.resolve import resolve
from rehearsal.cloud.permissions.sessions import Session, Sessions

__all__ = [
    "Check",
    "Decision",
    "Evaluator",
    "EvaluatorError",
    "Gate",
    "Ledger",
    "Lookup",
    "Policy",
    "Question",
    "Refusal",
    "Request",
    "Role",
    "Session",
    "Sessions",
    "Verdict",
    "resolve",
    "self_test",
]
