import { accountIn, rollAccountKey } from "../certificates/acme/account.ts";
import { directoryOf, strategyOf } from "../certificates/index.ts";
import { MADE_BY } from "../certificates/secret.ts";
import type { Issue, OrderTools } from "../changes/certificate.ts";
import type { ApplyTools } from "../changes/index.ts";
import { AuthorityError } from "../ports/authority.ts";
import type { KubeObject, ObjectRef } from "../ports/object.ts";
import type { Installation } from "../steps/installation.ts";
import { externalAccount } from "./external-account.ts";
import type { Tools } from "./tools.ts";

/** Makes the certificates of this installation. What that needs is loaded with the first one. */
export const issueFor =
  (install: Installation, tools: Tools): Issue =>
  async (change, issueTools) => {
    const { tls } = install.config;
    const directory = directoryOf(install.config);
    if (directory) {
      const reason = `the CA at ${new URL(directory).host} has not answered yet`;
      issueTools.onWaiting(reason, { text: "It goes on by itself." });
      return (await acmeIssuer(install, directory, issueTools.zones, tools)).issue(change, issueTools);
    }
    const { issue } = strategyOf(tls);
    if (!issue) throw new Error(`${tls} makes no certificate of ours`);
    return issue(change, { ...issueTools, store: (object) => issueTools.store(marked(object, change.secret, tls)) });
  };

/** The certificate says who made it, so that another way to TLS makes another one; no issuer has to think of that. */
const marked = (object: KubeObject, secret: ObjectRef, maker: string): KubeObject => {
  const { metadata } = object;
  if (object.kind !== secret.kind || metadata.name !== secret.name || metadata.namespace !== secret.namespace)
    return object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, [MADE_BY]: maker } } };
};

const acmeIssuer = async (
  { config, dns, acmeCa }: Installation,
  directory: string,
  zones: OrderTools["zones"],
  tools: Tools,
) => {
  if (!dns || !zones) throw new Error("an ACME CA without a way to write its challenges");
  const { publication, resolver } = dns;
  const [{ createAcmeIssuer, zoneRecords }, { awaitEverywhere }, { copiesFor }] = await Promise.all([
    import("../certificates/acme/index.ts"),
    import("../dns/await-everywhere.ts"),
    import("../dns/shadows.ts"),
  ]);
  const authority = await tools.createAuthority({ directory, ...(acmeCa ? { ca: acmeCa } : {}) });
  const kubeSystem = await tools.cluster.get({ apiVersion: "v1", kind: "Namespace", name: "kube-system" });
  const external = await externalAccount(tools.env, tools.learn);
  return createAcmeIssuer({
    authority,
    clusterUid: kubeSystem?.metadata.uid ?? "",
    settings: {
      keyType: config.keyType,
      ...(config.acmeEmail ? { email: config.acmeEmail } : {}),
      ...(config.acmeProfile ? { profile: config.acmeProfile } : {}),
      ...(external ? { external } : {}),
      ...(acmeCa ? { root: acmeCa } : {}),
    },
    records: zoneRecords({
      access: zones,
      companions: (zone, names) => copiesFor(zone, names, zones),
    }),
    placeOf: publication.places.challenge,
    awaitTxt: async (expected, signal, onWaiting) => {
      const published = expected.map(({ zone, name, values }) => ({
        zone: zone.name,
        expectations: [{ name, type: "TXT" as const, values }],
      }));
      await awaitEverywhere(resolver, published, { signal, onReason: onWaiting });
    },
  });
};

/** Gives an account up at its CA (rule 11), or gives it a new key (rule 24). */
export const settleAccount =
  ({ acmeCa }: Installation, tools: Tools): ApplyTools["settleAccount"] =>
  async ({ action, directory, secret }, issueTools) => {
    const authority = await tools.createAuthority({ directory, ...(acmeCa ? { ca: acmeCa } : {}) });
    if (action === "update") {
      await rollAccountKey(authority, issueTools);
      return;
    }
    const account = accountIn(await issueTools.cluster.get(secret));
    if (!account) return;
    await authority
      .account(account.key, account.url)
      .deactivate(issueTools.signal)
      .catch((error: unknown) => {
        // It is closed already: RFC 8555 §7.3.6 has the CA refuse everything else.
        if (!(error instanceof AuthorityError && /^(unauthorized|accountDoesNotExist)$/.test(error.problem.type)))
          throw error;
      });
  };
