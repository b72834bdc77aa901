import type { DnsProvider } from "../provider.ts";
import { normalName } from "./names.ts";
import type { Route53Set } from "./record-sets.ts";
import { role } from "./role.ts";

export const route53: DnsProvider<"route53"> = {
  id: "route53",
  title: "Amazon Route 53",
  variables: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
  identity: role,
  accountVariable: "AWS_PROFILE",
  credentials:
    "the AWS chain: AWS_PROFILE, AWS_ACCESS_KEY_ID, SSO, IRSA, IMDS; AWS_ENDPOINT_URL_ROUTE_53 for another endpoint",
  follow: async (name, host): Promise<Route53Set | undefined> => {
    const { aliasZoneOf } = await import("./load-balancers.ts");
    const zone = aliasZoneOf(host);
    return zone === undefined ? undefined : { name, type: "A", values: [], alias: { zone, target: normalName(host) } };
  },
  answerOf: ({ alias }: Route53Set) => alias && `alias ${alias.target}`,
  solver: async (env, zoneId) => (await import("./solver.ts")).solver(env, zoneId),
  zoneNames: async (options) => (await import("./zone-names.ts")).zoneNames(options),
  open: async (options) => (await import("./open.ts")).openRoute53(options),
};
