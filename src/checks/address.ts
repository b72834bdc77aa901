import { type Check, fail, ok } from "../core/check.ts";
import type { BadFinding } from "../core/finding-error.ts";
import { magicDomain } from "../dns/magic.ts";
import { type Address, type Exposure, findAddress } from "../ingress/address.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import { describe } from "../ports/object.ts";
import { readerOf } from "../ports/reader.ts";
import { sh } from "../ports/shell.ts";
import { AGAIN } from "./again.ts";
import { pending } from "./path/pending.ts";

/** Magic DNS is made from an IP address (rule 21). Undefined: it is one. */
export const magicProblem = ({ host }: Address): BadFinding | undefined =>
  magicDomain(host)
    ? undefined
    : {
        status: "fail",
        permanent: true,
        summary: `Magic DNS needs an IP address, and the gateway has only the host name ${host}.`,
        remedy: {
          text: "Use a domain of your own and point its wildcard at that host name.",
          command: sh`kn-bootstrap install --domain apps.example.com --dns none`,
        },
        error: {
          id: "dns.magic-hostname",
          why: "sslip.io reads the address out of the name; a host name's addresses change without notice.",
          kind: "input",
        },
      };

/** The gateway has an address that the records can point at. */
export const addressKnown = (
  config: Exposure & { readonly dns: string },
  ingress: Pick<IngressProvider, "service">,
): Check => ({
  id: "ingress.address",
  title: "The gateway has an address",
  run: async (ctx) => {
    const address = await findAddress(readerOf(ctx.cluster), config, ingress);
    if (address) {
      const problem = config.dns === "magic" ? magicProblem(address) : undefined;
      if (problem) return problem;
      return ok(`${address.host} (${address.source})`, { facts: { address: address.host, source: address.source } });
    }
    if (config.expose === "nodeport") {
      return fail("no node has an ExternalIP", { text: "Say where the nodes can be reached: --address 203.0.113.7" });
    }
    const service = await ctx.cluster.get(ingress.service);
    if (!service)
      return fail(`${describe(ingress.service)} does not exist`, AGAIN, {
        evidence: [{ object: ingress.service, field: "" }],
      });
    return pending(ctx, service);
  },
});
