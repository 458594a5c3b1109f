// Answers policy questions, one JSON object a line, until standard input ends (so it ends with its parent).
import { createInterface } from "node:readline";
import { anonymousPrincipal, runSimulation } from "@cloud-copilot/iam-simulate";

/** The identities of statements, "policy/sid" or "policy/number", with what kind of policy they stand in. */
function names(analysis, kind, list) {
  return (analysis?.[list] ?? []).map((found) => ({
    kind,
    id: `${found.policyId ?? kind}/${found.explain.identifier}`,
  }));
}

/** Why a statement that names the action did not match: the most useful thing to tell whoever wrote it. */
function nearMisses(analysis, kind) {
  return (analysis?.unmatchedStatements ?? [])
    .filter((found) => found.actionMatch)
    .map((found) => {
      const failed = [found.explain.conditions].flat().filter((condition) => condition && !condition.matches);
      const why = found.resourceMatch
        ? failed.map((c) => `${c.operator} ${c.conditionKeyValue}${c.failedBecauseMissing ? " (absent)" : ""}`).join(", ")
        : "resource";
      return `${found.policyId ?? kind}/${found.explain.identifier}: ${why}`;
    });
}

const asList = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** Whether a resource pattern of a policy covers a question's resource that itself holds wildcards. */
function covers(pattern, resource) {
  const source = pattern.replace(/[.+^$()|[\]\\{}]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "s").test(resource);
}

/**
 * The simulator asks of a resource with wildcards whether anything in it is allowed; AWS asks whether all of it is. Statements
 * that allow a part only are therefore taken out of the question; their places stay, so that numbers keep their meaning.
 */
function wholly(policy, resource) {
  if (!policy || !resource.includes("*")) return policy;
  const statements = asList(policy.Statement).map((statement) => {
    const partial =
      statement.Effect === "Allow" &&
      statement.Resource !== undefined &&
      !asList(statement.Resource).some((pattern) => covers(pattern, resource));
    if (!partial) return statement;
    const { Action, NotAction, ...rest } = statement;
    return { ...rest, Action: "none:none" };
  });
  return { ...policy, Statement: statements };
}

async function answer({ question, identity, boundaries, resourcePolicy }) {
  const simulation = {
    request: {
      principal: question.principal ?? anonymousPrincipal,
      action: question.action,
      resource: { resource: question.resource, accountId: question.account },
      contextVariables: question.context,
    },
    identityPolicies: identity.map(({ name, policy }) => ({ name, policy: wholly(policy, question.resource) })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(resourcePolicy ? { resourcePolicy: wholly(resourcePolicy, question.resource) } : {}),
    ...(boundaries?.length ? { permissionBoundaryPolicies: boundaries } : {}),
  };
  const outcome = await runSimulation(simulation, { simulationMode: "Strict" });
  if (outcome.resultType === "error") {
    return { error: outcome.errors.message, details: outcome.errors };
  }
  const analyses = outcome.resultType === "single" ? [outcome.result] : outcome.results;
  const first = analyses.find((each) => each.analysis.result !== "Allowed") ?? analyses[0];
  const analysis = first?.analysis;
  return {
    result: outcome.overallResult,
    identity: analysis?.identityAnalysis?.result ?? "ImplicitlyDenied",
    resource: analysis?.resourceAnalysis?.result ?? "NotApplicable",
    boundary: analysis?.permissionBoundaryAnalysis?.result ?? "NotApplicable",
    allowed: [
      ...names(analysis?.identityAnalysis, "identity", "allowStatements"),
      ...names(analysis?.resourceAnalysis, "resource", "allowStatements"),
    ],
    denied: [
      ...names(analysis?.identityAnalysis, "identity", "denyStatements"),
      ...names(analysis?.resourceAnalysis, "resource", "denyStatements"),
      ...names(analysis?.permissionBoundaryAnalysis, "boundary", "denyStatements"),
    ],
    near: [...nearMisses(analysis?.identityAnalysis, "identity"), ...nearMisses(analysis?.resourceAnalysis, "resource")],
    ignored: first?.ignoredContextKeys ?? [],
  };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const asked = JSON.parse(line);
  let told;
  try {
    told = await answer(asked);
  } catch (fault) {
    told = { error: String(fault?.message ?? fault) };
  }
  process.stdout.write(`${JSON.stringify({ ...told, number: asked.number })}\n`);
}
