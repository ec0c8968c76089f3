// Answers cases, a JSON object a line, in the words of `sagelock policy simulate`.

import { createInterface } from "node:readline";
import { runSimulation } from "@cloud-copilot/iam-simulate";

const WORDS = { Allowed: "Allow", ImplicitlyDenied: "Deny implicit", ExplicitlyDenied: "Deny explicit" };

const named = (policies) => policies.map((policy, index) => ({ name: `p${index}`, policy }));
const levels = (all) => all.map((policies, index) => ({ orgIdentifier: `ou-${index}`, policies: named(policies) }));

async function answer(one) {
  const simulation = {
    request: {
      principal: one.principal,
      action: one.action,
      resource: { resource: one.resource, accountId: one.resourceAccount },
      contextVariables: one.context,
    },
    identityPolicies: named(one.identity),
    serviceControlPolicies: levels(one.scp),
    resourceControlPolicies: levels(one.rcp),
    resourcePolicy: one.key,
    permissionBoundaryPolicies: one.pb === null ? undefined : named([one.pb]),
    sessionPolicy: one.session === null ? undefined : one.session,
    vpcEndpointPolicies: one.vpce === null ? undefined : named([one.vpce]),
  };
  const found = await runSimulation(simulation, { simulationMode: "Strict" });
  if (found.resultType === "error") return `error ${JSON.stringify(found.errors)}`;
  const ignored = found.result?.ignoredContextKeys ?? [];
  if (ignored.length > 0) return `ignored ${ignored.join(", ")}`;
  return WORDS[found.overallResult] ?? `error ${found.overallResult}`;
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = await answer(JSON.parse(line));
  } catch (error) {
    said = `error ${error?.message ?? error}`;
  }
  process.stdout.write(`${said.replaceAll("\n", " ")}\n`);
}
