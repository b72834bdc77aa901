import { cronJobCommand } from "../app/cronjob.ts";
import { readRenewal, renewalText } from "../app/renewal-status.ts";
import { recordFor } from "../app/status.ts";
import type { Tools } from "../app/tools.ts";
import { directoryOf, provesByDns, strategyOf } from "../certificates/index.ts";
import { inspect } from "../certificates/secret.ts";
import { dnsProvider } from "../dns/index.ts";
import { findAddress, urlAt } from "../ingress/address.ts";
import { lookAt } from "../kube/look.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { escapedName } from "../ports/dns-name.ts";
import type { Remedy } from "../ports/error.ts";
import { readerOf } from "../ports/reader.ts";
import { lines, sh } from "../ports/shell.ts";
import { findNaming } from "../steps/domain/index.ts";
import { servedSecret, WILDCARD } from "../steps/gateway-certificate/index.ts";
import type { Installation } from "../steps/installation.ts";

/** What to do when the installation answers: records to publish, a root to trust, a first Service, the way back. */
export const nextSteps = async (install: Installation, tools: Tools): Promise<readonly Remedy[]> => {
  const { cluster } = lookAt(tools.cluster);
  const { config } = install;
  const reader = readerOf(cluster);
  const [naming, address, secret] = await Promise.all([
    findNaming(reader, install),
    findAddress(reader, config, install.ingress),
    cluster.get(WILDCARD),
  ]);
  const url = naming && urlAt(naming.url({ name: "hello", namespace: "default" }), address);
  const records = config.dns === "none" && address && naming ? [recordFor(naming.everything, address.host)] : [];
  const { root } = strategyOf(config.tls);
  const ca = root && inspect(secret)?.ca;
  return [
    ...records.map(({ name, type, value }) => ({
      text: "Publish this record where the domain's DNS is kept:",
      command: lines(`${escapedName(name)}. ${type} ${type === "CNAME" ? `${escapedName(value)}.` : value}`),
    })),
    ...(ca
      ? [
          {
            text: `Trust ${root.title} where your browsers and clients keep theirs (once; it is kept over reinstalls):`,
            // One line: a here-document would not end where it is copied with its margin.
            command: sh`echo ${Buffer.from(ca).toString("base64")} | base64 -d > kn-bootstrap-root.crt`,
          },
        ]
      : []),
    {
      text: `Deploy a first Service; it will answer at ${url ?? "the URL that status shows"}:`,
      command: sh`kn service create hello --image ${install.manifests.hello}`,
    },
    ...(await whoRenews(install, cluster)),
    ...(await onlyThisAccount(install, tools)),
    { text: "See how it is:", command: sh`kn-bootstrap status` },
    { text: "Take it all away again:", command: sh`kn-bootstrap uninstall` },
  ];
};

/** Offered, never written: a CAA record binds others who use the domain too (rule 24). */
const onlyThisAccount = async ({ config, acmeCa }: Installation, tools: Tools): Promise<readonly Remedy[]> => {
  const directory = directoryOf(config);
  if (!directory || !config.domain) return [];
  const { accountUrl, caaRecord } = await import("../certificates/acme/index.ts");
  const url = await accountUrl(tools.cluster, directory);
  const authority = await tools.createAuthority({ directory, ...(acmeCa ? { ca: acmeCa } : {}) });
  // The installation is done; a CA that is silent now costs no more than this offer.
  const info = await authority.directory(tools.signal).catch(() => undefined);
  if (!url || !info?.caaIdentities[0]) return [];
  const wildcard = `*.${config.domain}`;
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
  return [{ text: `${text} Let a CronJob do it:`, command: cronJobCommand(config) }];
};
