import { directoryOf, provesByDns } from "../../certificates/index.ts";
import { inspect } from "../../certificates/secret.ts";
import { servedSecret } from "../../certificates/served.ts";
import { ownNaming } from "../../config/naming.ts";
import { dnsProvider } from "../../dns/index.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import type { Remedy } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import type { Installation } from "../installation.ts";
import type { NextTools, Part } from "../part.ts";
import { cronJobCommand } from "./credentials.ts";
import { readRenewal, renewalText } from "./status.ts";

/** Who gets certificates from now on, and who else may. */
export const next: NonNullable<Part["next"]> = async (install, tools) => [
  ...(await whoRenews(install, tools.cluster)),
  ...(await onlyThisAccount(install, tools)),
];

/** Offered, never written: a CAA record binds others who use the domain too (rule 24). */
const onlyThisAccount = async ({ config, acmeCa }: Installation, tools: NextTools): Promise<readonly Remedy[]> => {
  const directory = directoryOf(config);
  const naming = ownNaming(config);
  if (!directory || !naming) return [];
  const { accountUrl, caaRecord } = await import("../../certificates/acme/index.ts");
  const url = await accountUrl(tools.cluster, directory);
  const authority = await tools.createAuthority({ directory, ...(acmeCa ? { ca: acmeCa } : {}) });
  // The installation is done; a CA that is silent now costs no more than this offer.
  const info = await authority.directory(tools.signal).catch(() => undefined);
  if (!url || !info?.caaIdentities[0]) return [];
  const { everything: wildcard } = naming;
  return [
    {
      text: "If you like, let nobody else get a certificate below the domain (CAA, RFC 8659 and 8657):",
      command: caaRecord(wildcard, { directory, info, names: [wildcard], accountUrl: url }),
    },
  ];
};

/** Who replaces the certificate, and what to do about it where nobody would (rule 26). */
const whoRenews = async ({ config, choices }: Installation, cluster: ClusterRead): Promise<readonly Remedy[]> => {
  const certificate = inspect(await cluster.get(servedSecret({ config })));
  const renewal = await readRenewal(choices, certificate, { cluster });
  if (!renewal) return [];
  if (renewal.by !== "nobody") return [{ text: `The certificate is renewed by ${renewalText(renewal)}.` }];
  const end = certificate?.notAfter.toISOString().slice(0, 10);
  const due = renewal.due?.slice(0, 10);
  const text = `Nobody renews the certificate: it is due on ${due} and ends on ${end}.`;
  if (provesByDns(config) && dnsProvider(config.dns)?.byHand)
    return [{ text: `${text} As you publish the records, do it then:`, command: sh`kn-bootstrap renew` }];
  return [
    {
      text: `${text} Let a CronJob do it (IMAGE: this program in a registry, by its Dockerfile; docs/renewal.md):`,
      command: cronJobCommand(config),
    },
  ];
};
