import { aliasZoneOf } from "../aws-zones.ts";
import type { DnsProvider } from "../provider.ts";
import { normalName } from "./names.ts";

export const route53: DnsProvider = {
  id: "route53",
  title: "Amazon Route 53",
  variables: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
  takesRole: true,
  credentials:
    "the AWS chain: AWS_PROFILE, AWS_ACCESS_KEY_ID, SSO, IRSA, IMDS; AWS_ENDPOINT_URL_ROUTE_53 for another endpoint",
  alias: (host) => {
    const zone = aliasZoneOf(host);
    return zone === undefined ? undefined : { zone, target: normalName(host) };
  },
  solver: async (env, zoneId) => (await import("./solver.ts")).solver(env, zoneId),
  glance: async (options) => (await import("./glance.ts")).glanceAtZones(options),
  open: async (options) => (await import("./open.ts")).openRoute53(options),
};
