import { type Check, type Finding, fail, ok, type ReadContext, skipped } from "../core/check.ts";
import { magicDomain } from "../dns/magic.ts";
import { findAddress } from "../ingress/address.ts";
import type { Remedy } from "../ports/error.ts";
import { mend } from "../ports/mend.ts";
import { dataOf, type KubeObject, textAt } from "../ports/object.ts";
import { readerOf } from "../ports/reader.ts";
import { sh } from "../ports/shell.ts";
import { AGAIN } from "./again.ts";
import { configMap, defaultDomains, FOUND_BY, findInstallation } from "./found.ts";
import { healthCheck } from "./health-check.ts";

const ID = "domain.default";
const CONFIG_DOMAIN = configMap("config-domain");

/** Other default domains in config-domain: with two, the alphabetically first wins, silently. */
export const otherDefaults = (live: KubeObject | undefined, domain: string): readonly string[] =>
  defaultDomains(live).filter((key) => key !== domain);

/** The domain that was chosen is the default, and the only one. */
export const domainIsSet = (find: (ctx: ReadContext) => Promise<string | undefined>): Check => ({
  id: ID,
  title: "config-domain has one default domain, ours",
  run: async (ctx) => {
    const name = await find(ctx);
    if (!name) return fail("the gateway has no address any more", AGAIN);
    return judge(await ctx.cluster.get(CONFIG_DOMAIN), name);
  },
});

const TAKEN: Remedy = {
  text: "Run install again, and let it remove what is not its own:",
  command: sh`kn-bootstrap install --take-ownership`,
};

/** @param leave what to do so that `name` alone is left */
const judge = (
  live: KubeObject | undefined,
  name: string,
  leave: (others: readonly string[]) => Remedy = () => TAKEN,
): Finding => {
  const others = otherDefaults(live, name);
  const isThere = name in dataOf(live);
  const observed = [...others, ...(isThere ? [name] : [])];
  const seen = {
    facts: { domain: name },
    evidence: [{ object: CONFIG_DOMAIN, field: ".data", observed, expected: [name] }],
  };
  if (!isThere) return fail(`config-domain does not have ${name} yet`, AGAIN, seen);
  return others.length === 0
    ? ok(name, seen)
    : fail(`config-domain has another default domain: ${others.join(", ")}`, leave(others), seen);
};

export const defaultDomain = healthCheck({
  id: ID,
  title: "config-domain has one default domain",
  needs: ["knative.finished"],
  reads: [...FOUND_BY, "Service", "Node"],
  meaning:
    "URLs do not end in the domain that was chosen: of several defaults the alphabetically first counts, and nothing says so.",
  todo: "Leave one key without a selector in ConfigMap knative-serving/config-domain; `kn-bootstrap install --take-ownership` does that.",
  run: async (ctx) => {
    const { choices, domains, ingress, exposure } = await findInstallation(ctx.cluster);
    const chosen = textAt(choices, "domain");
    const isMagic = choices.dns === "magic" && ingress !== undefined;
    const address = isMagic ? await findAddress(readerOf(ctx.cluster), exposure, ingress) : undefined;
    const [first] = domains;
    const name = chosen || (address && magicDomain(address.host)) || first;
    if (name === undefined) return skipped("there is none: URLs end in the cluster's own domain");
    const safe = name === first ? `${name} is what counts now.` : `${name} was chosen; until now ${first} counts.`;
    return judge(await ctx.cluster.get(CONFIG_DOMAIN), name, (others) =>
      mend(`Leave ${name} alone as the default.`, {
        action: "patch",
        object: CONFIG_DOMAIN,
        patch: { data: Object.fromEntries(others.map((other) => [other, null])) },
        safe,
      }),
    );
  },
});
