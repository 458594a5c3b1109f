"""The gate in front of the local AWS: every call bears its role's credentials and is judged by its role's policies."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from rehearsal.cloud.permissions import answers, registry, sigv4, tokens
from rehearsal.cloud.permissions.asking import Check, Decision, Document, Question, Refusal, Request, Role, Verdict
from rehearsal.cloud.permissions.condition_keys import who_asks
from rehearsal.cloud.permissions.evaluator import EvaluatorError, Judge
from rehearsal.cloud.permissions.ledger import Ledger
from rehearsal.cloud.permissions.lookup import Lookup
from rehearsal.cloud.permissions.resolve import resolve
from rehearsal.cloud.permissions.sessions import Session, Sessions
from rehearsal.cloud.permissions.sigv4 import Credential, credential_of
from rehearsal.cloud.permissions.users import SecondFactors, Users, second_factor

log = logging.getLogger(__name__)

# URLs that CloudFormation hands out presigned: who knows one may PUT to it.
_CAPABILITIES = re.compile(r"^cloudformation-(?:waitcondition|custom-resource-response)-[a-z0-9-]+\.s3[.-]")


@dataclass(frozen=True)
class _Caller:
    """Who asks: a session, a key that was not issued here, or nobody."""

    session: Session | None = None
    key: str = ""

    @property
    def name(self) -> str:
        return self.session.principal_arn if self.session else self.key or "anonymous"


class Gate:
    """Admits or refuses requests.

    `roles` gives what is known of a role or user by its ARN, `users` whose a user's key is, `seeds` the seed of a user's
    device for second factors, `resource_policy` the policy of a bucket, secret or topic by its ARN; all are asked anew for
    each request, since a deployment changes them. `strict` refuses keys that no session
    was issued for, other than `trusted_keys`; otherwise they pass, and the ledger calls them ungated.
    """

    def __init__(
        self,
        *,
        evaluator: Judge,
        sessions: Sessions,
        lookup: Lookup,
        account: str,
        region: str,
        roles: Callable[[str], Role | None],
        resource_policy: Callable[[str], Document | None] = lambda arn: None,
        users: Users = lambda key: None,
        seeds: SecondFactors = lambda serial, user: "",
        ledger: Ledger | None = None,
        strict: bool = False,
        trusted_keys: frozenset[str] = frozenset(),
    ) -> None:
        self._evaluator, self._sessions, self._lookup = evaluator, sessions, lookup
        self._account, self._region = account, region
        self._roles, self._resource_policy = roles, resource_policy
        self._users, self._seeds = users, seeds
        self.ledger = ledger or Ledger()
        self._strict, self._trusted = strict, trusted_keys

    async def admit(self, request: Request) -> Verdict:
        """Whether a request is passed on (`status` None), and otherwise what it is answered."""
        question: Question | None = None
        caller = _Caller()
        try:
            if request.method == "PUT" and _CAPABILITIES.match(request.host) and credential_of(request) is None:
                return Verdict(True, gated=False)
            caller = self._caller(request, credential_of(request))
            if caller.key and caller.session is None:
                return self._ungated(request, caller)
            question = resolve(request, account=self._account, region=self._region, lookup=self._lookup)
            question = replace(question, access_key=caller.key)
            if caller.session is None:
                return await self._anonymous(request, question)
            await self._judge(question, caller.session)
            if question.service == "sts" and question.operation == "AssumeRole":
                return self._assume(question, caller.session)
            if _is_login(question):
                return tokens.login(request, question, self._sessions, account=self._account, region=self._region)
            return Verdict(True, question=question)
        except Refusal as fault:
            if fault.question is None:  # judged refusals are in the ledger already
                self._note(question, caller, fault)
            return answers.refusal(request, fault, question)
        except EvaluatorError as fault:
            return self._broken(request, question, caller, str(fault))
        except Exception as fault:  # whatever happens, nothing passes unjudged
            log.exception("the gate could not judge %s %s%s", request.method, request.host, request.path)
            return self._broken(request, question, caller, f"{type(fault).__name__}: {fault}")

    def _broken(self, request: Request, question: Question | None, caller: _Caller, why: str) -> Verdict:
        fault = Refusal("InternalFailure", f"The gate is out of order: {why}")
        self._note(question, caller, fault)
        return answers.refusal(request, fault, question)

    async def admits_service(self, service: str, check: Check) -> bool:
        """Whether a service of AWS's, by the name of its principal, may do a thing: the policy of the resource must let it."""
        policy = self._resource_policy(_owner(check))
        mine = {
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": service,
            "aws:SecureTransport": "true",
            "aws:ViaAWSService": "false",
            **check.context,
        }
        decision = await self._evaluator.decide(
            Check(check.action, check.resource, mine),
            resource_policies=[policy] if policy else [],
            principal_arn=service,
            account=_account(check.resource) or self._account,
        )
        kind, _, operation = check.action.partition(":")
        question = Question(kind, operation, (check,), protocol="")
        self._record(question, check, decision, _Caller(key=service))
        return decision.allowed

    # who asks

    def _caller(self, request: Request, credential: Credential | None) -> _Caller:
        if registry.serves(request.host):
            return self._registry_caller(request)
        if credential is None:
            return _Caller()
        key = credential.access_key
        if self._sessions.session(key) is not None:
            return _Caller(self._sessions.verify(request, credential), key)
        if (user := self._users(key)) is not None:
            sigv4.verify(request, credential, secret=user.credentials.secret)
            return _Caller(user, key)
        if self._strict and key not in self._trusted:
            raise Refusal("InvalidClientTokenId", "The security token included in the request is invalid.")
        return _Caller(key=key)

    def _registry_caller(self, request: Request) -> _Caller:
        authorization = request.headers.get("authorization", "")
        key = self._sessions.registry_key(authorization)
        if key is None:
            text = (
                "Your authorization token is invalid or has expired." if authorization else "no basic auth credentials"
            )
            raise Refusal("MissingAuthenticationToken", text, protocol="registry")
        return _Caller(self._sessions.session(key), key)

    def _ungated(self, request: Request, caller: _Caller) -> Verdict:
        try:
            question = resolve(request, account=self._account, region=self._region, lookup=self._lookup)
        except Refusal:
            question = None  # the local AWS may know what the gate does not
        self.ledger.note(
            principal=caller.key,
            service=question.service if question else "",
            operation=question.operation if question else f"{request.method} {request.path}",
            action=question.action if question else "",
            resource=question.resource if question else "",
            allowed=True,
            reason="ungated",
            gated=False,
        )
        if question and _is_login(question):
            verdict = tokens.login(
                request,
                replace(question, access_key=caller.key),
                self._sessions,
                account=self._account,
                region=self._region,
            )
            return replace(verdict, gated=False)
        return Verdict(True, question=question, gated=False)

    async def _anonymous(self, request: Request, question: Question) -> Verdict:
        if question.unsigned:
            return Verdict(True, question=question)
        if question.service != "s3":
            raise Refusal("MissingAuthenticationToken", "Request is missing Authentication Token")
        bucket = str(question.parameters.get("Bucket", ""))
        if bucket and not self._lookup.bucket_exists(bucket):
            raise Refusal("NoSuchBucket", "The specified bucket does not exist")
        for check in question.checks:
            decision = await self._ask(check, None)
            self._record(question, check, decision, _Caller())
            if not decision.allowed:
                raise Refusal("AccessDenied", "Access Denied", question=question)
        return Verdict(True, question=question)

    # what may be done

    async def _judge(self, question: Question, session: Session) -> None:
        """Asks every check; raises Refusal for the first that is refused."""
        role = self._roles(session.role_arn)
        if role is None:
            raise Refusal("InvalidClientTokenId", f"The role {session.role_arn} of this session no longer exists")
        shown = second_factor(question, session, self._seeds)
        for each in question.checks:
            check = replace(each, context={**each.context, **shown})
            decision = await self._ask(check, session, role)
            self._record(question, check, decision, _Caller(session))
            if not decision.allowed:
                who = f"User: {session.principal_arn} is not authorized to perform: {check.action}"
                raise Refusal(
                    "AccessDenied", f"{who} on resource: {check.resource} {decision.reason}", question=question
                )

    async def _ask(self, check: Check, session: Session | None, role: Role | None = None) -> Decision:
        trust = None
        if check.action == "sts:AssumeRole":
            target = self._roles(check.resource)
            trust = target.trust if target else {"Version": "2012-10-17", "Statement": []}
        policy = None if trust is not None else self._resource_policy(_owner(check))
        if policy is None and check.action.startswith("kms:"):
            policy = _default_key_policy(_account(check.resource) or self._account)
        mine = {**check.context, **who_asks(session, role, self._region)} if session and role else check.context
        return await self._evaluator.decide(
            Check(check.action, check.resource, mine),
            identity_policies=role.policies if role else (),
            boundary=role.boundary if role else None,
            trust=trust,
            resource_policies=[policy] if policy else [],
            principal_arn=session.principal_arn if session else None,
            account=_account(check.resource) or self._account,
        )

    def _assume(self, question: Question, session: Session) -> Verdict:
        role = self._roles(str(question.parameters["RoleArn"]))
        assert role is not None  # its trust policy has just allowed the call
        return tokens.assume(question, session, role, self._sessions)

    # the record

    def _record(self, question: Question, check: Check, decision: Decision, caller: _Caller) -> None:
        self.ledger.note(
            principal=caller.name,
            role=caller.session.role_arn if caller.session else "",
            service=question.service,
            operation=question.operation,
            action=check.action,
            resource=check.resource,
            allowed=decision.allowed,
            statements=decision.statements,
            # AWS does not say what came close; whoever mends a policy is helped by it
            reason=decision.reason
            + (f" (close: {'; '.join(decision.near)})" if decision.near and not decision.allowed else ""),
        )

    def _note(self, question: Question | None, caller: _Caller, fault: Refusal) -> None:
        self.ledger.note(
            principal=caller.name,
            role=caller.session.role_arn if caller.session else "",
            service=question.service if question else "",
            operation=question.operation if question else "",
            action=question.action if question else "",
            resource=question.resource if question else "",
            allowed=False,
            reason=f"{fault.code}: {fault.message}",
        )


def _is_login(question: Question) -> bool:
    return question.service == "ecr" and question.operation == "GetAuthorizationToken"


def _default_key_policy(account: str) -> Document:
    """The policy a KMS key has unless it is given another: the account's own policies decide."""
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _owner(check: Check) -> str:
    """The ARN whose policy rules a resource: an object is ruled by its bucket's."""
    return check.resource.partition("/")[0] if check.action.startswith("s3:") else check.resource


def _account(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else ""
