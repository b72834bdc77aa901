import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** Words that only somebody who knows AWS can read. */
const WORDS =
  /route ?53|\baws\b|\bamazon|hosted.?zone|\biam\b|\barn\b|role.?arn|\beks\b|\bcn-north|AWS_|alias:|\brouting\b/i;

/** Outside of its folder: registries, and what was promised to users by name. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "src/dns/index.ts": "the registry of providers",
  "src/config/option.ts": "the command iam-policy",
  "src/steps/records/options.ts": "the option --dns-zone-id",
  "src/steps/renewal/options.ts": "the option --role-arn",
  "src/config/syntax.ts": "what the values of these options look like",
  "src/config/rules.ts": "a remedy that names the option's value: --dns route53",
  "src/cli/renewing.ts": "the flag --role-arn on its way",
  "src/cli/commands/index.ts": "the command iam-policy",
  "src/cli/commands/iam-policy.ts": "the command iam-policy",
  "src/checks/renewal.ts": "the command iam-policy",
  "src/checks/plan/records.ts": "the command iam-policy",
  "src/steps/in-cluster/checked.ts": "the command iam-policy",
  "src/cli/commands/rehearse.ts": "an example to copy",
  "src/cli/rehearsal/assert-faults.ts": "an example to copy",
  "src/cli/rehearsal/no-internet.ts": "whose variables lead nowhere in a rehearsal that has no internet",
  "src/cli/rehearsed-internet.ts": "the example in a comment",
  "src/config/options.ts": "clouds that a rehearsal can be like",
  "src/checks/configuration/released.ts": "the keys of Knative's own ConfigMaps",
  "src/cli/help/config.ts": "help",
  "src/cli/help/dns.ts": "help",
  "src/cli/help/rehearse.ts": "help",
  "src/cli/help/renewal.ts": "help",
  "src/certificates/acme/cas.ts": "help",
  "src/certificates/controller.ts": "the example in a comment",
  "src/cli/errors/certificates.ts": "the table of error ids, which no release renames",
  "src/cli/errors/dns.ts": "the table of error ids, which no release renames",
  "src/cli/errors/program.ts": "the table of error ids, which no release renames",
  "src/ingress/reach.ts": "the table of clouds, by what their nodes say",
  "src/certificates/cert-manager/chain.ts": "cert-manager's own words about whatever provider it writes to",
  "src/secrets/keys.ts": "secrets of everybody are recognised",
  "src/secrets/looks.ts": "secrets of everybody are recognised",
  "src/secrets/ordinary.ts": "words that are no secrets",
  "src/kube/webhook-failure.ts": "clouds whose firewalls are known to close a webhook's port",
  "src/checks/admission-path.ts":
    "the table of clouds whose firewalls close a webhook's port, with the rule that opens it",
  "src/checks/path/balancer.ts": "the tables of annotations by which clouds' load balancers are told what to do",
  "src/checks/path/pending.ts": "the table of clouds, with who gives out load balancers there",
};

describe("what only AWS knows", () => {
  const found = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/^(dns\/route53|sandbox)\//.test(file))
    .map((file) => join("src", file))
    .filter((path) => WORDS.test(readFileSync(join(root, path), "utf8")));

  it("is in src/dns/route53/, and elsewhere nobody names it", () => {
    expect(found.filter((path) => !(path in EXCEPTIONS))).toEqual([]);
  });

  it("has no exception that is not needed", () => {
    expect(Object.keys(EXCEPTIONS).filter((path) => !found.includes(path))).toEqual([]);
  });
});
