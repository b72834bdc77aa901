import { isIP } from "node:net";
import { fail, ok, skipped } from "../../core/check.ts";
import { findAddress } from "../../ingress/address.ts";
import { NoAnswer } from "../../ports/dns.ts";
import { few } from "../../ports/few.ts";
import { readerOf } from "../../ports/reader.ts";
import { sh } from "../../ports/shell.ts";
import { configMap, FOUND_BY, findInstallation } from "../found.ts";
import { type HealthContext, healthCheck } from "../health-check.ts";
import { addressInName } from "./domains.ts";
import { resolvedHere } from "./resolved.ts";

const addressesOf = async ({ resolver, signal }: HealthContext, host: string): Promise<readonly string[]> => {
  if (isIP(host) || !resolver) return isIP(host) ? [host] : [];
  try {
    return (await resolvedHere(resolver, host, signal)).addresses;
  } catch (error) {
    if (error instanceof NoAnswer) return [];
    throw error;
  }
};

export const magicCurrent = healthCheck({
  id: "domain.magic",
  title: "The address in a domain of magic DNS is the gateway's",
  needs: ["domain.default", "ingress.address"],
  reads: [...FOUND_BY, "Service", "Node", "dns"],
  meaning:
    "The load balancer was made anew, or its name has other addresses by now; URLs of sslip.io and the like still hold the address of before.",
  todo: "Put the new address into ConfigMap knative-serving/config-domain, or take a domain of your own. A load balancer with a name needs one: its addresses change without notice.",
  run: async (ctx) => {
    const { domains, ingress, exposure } = await findInstallation(ctx.cluster);
    const [domain] = domains;
    const named = domain && addressInName(domain);
    if (!domain || named === undefined) return skipped("no domain of magic DNS is used");
    if (named.startsWith("127.")) return skipped(`${domain} is for this machine alone`);
    const address = ingress && (await findAddress(readerOf(ctx.cluster), exposure, ingress));
    if (!address) return skipped("the gateway's address is not known");
    const own = (await Promise.all(address.hosts.map((host) => addressesOf(ctx, host)))).flat();
    if (own.length === 0) return skipped(`no address is known of ${few(address.hosts)}`);
    if (own.includes(named)) return ok(named);
    const [first = ""] = own;
    const object = configMap("config-domain");
    const next = domain.replace(/\d{1,3}(?:[.-]\d{1,3}){3}/, first);
    const isNamed = address.hosts.every((host) => isIP(host) === 0);
    const patch = JSON.stringify({ data: { [domain]: null, [next]: "" } });
    return fail(
      `URLs end in ${domain}, and the gateway is at ${few(address.hosts)}${isNamed ? ` (${few(own)})` : ""}`,
      isNamed
        ? {
            text: "Take a domain of your own, with a record to that name.",
            command: sh`kn-bootstrap install --domain apps.example.com`,
          }
        : {
            text: "Put the new address in place of the old one; every URL changes with it.",
            command: sh`kubectl patch configmap config-domain -n knative-serving --type merge -p ${patch}`,
          },
      {
        facts: { domain, addresses: own },
        evidence: [{ object, field: ".data", observed: domain, expected: next }],
      },
    );
  },
});
