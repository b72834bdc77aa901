import { isTrue, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Api, Obj, Ref } from "../types.ts";
import type { Account, Door, Solver } from "./door.ts";
import { API, manager, NAMESPACE } from "./names.ts";
import { type Verdict, whileUp, withConditions } from "./process.ts";
import { decode, encode, newKey, readPair } from "./signing.ts";

/** Issuers and ClusterIssuers: whether they could sign (cert-manager pkg/issuer). */

const KINDS = [
  [API, "ClusterIssuer"],
  [API, "Issuer"],
] as const;

/** Behind `/name` a ClusterIssuer, behind `namespace/name` an Issuer. */
const refOfKey = (key: string): Ref => {
  const [namespace = "", name = ""] = key.split("/");
  return namespace === ""
    ? { apiVersion: API, kind: "ClusterIssuer", name }
    : { apiVersion: API, kind: "Issuer", namespace, name };
};

/** Where the Secrets of an issuer are: beside it, for a ClusterIssuer where cert-manager runs. */
export const resourcesOf = (issuer: Obj): string => issuer.metadata.namespace ?? NAMESPACE;

/** The issuer that a Certificate or CertificateRequest refers to. */
export const issuerRef = (object: Obj): Ref => {
  const { name = "", kind = "Issuer" } = object.spec.issuerRef ?? {};
  return kind === "ClusterIssuer"
    ? { apiVersion: API, kind, name }
    : { apiVersion: API, kind: "Issuer", namespace: object.metadata.namespace ?? "", name };
};

const value = (
  api: Api,
  namespace: string,
  selector: { name?: string; key?: string } | undefined,
  fallback = "",
): string => {
  const { name = "", key = fallback } = selector ?? {};
  const secret = api.get({ apiVersion: "v1", kind: "Secret", namespace, name });
  if (!secret) throw new Error(`secrets "${name}" not found`);
  const found = secret.data?.[key];
  if (found === undefined) throw new Error(`no data for "${key}" in secret '${namespace}/${name}'`);
  return decode(found);
};

/** What the CA is told about who asks. Throws when a Secret is missing. */
export const accountOf = (api: Api, issuer: Obj): Account => {
  const { server, email, caBundle, privateKeySecretRef, externalAccountBinding: binding } = issuer.spec.acme;
  const namespace = resourcesOf(issuer);
  return {
    directory: server,
    key: value(api, namespace, privateKeySecretRef, "tls.key"),
    ...(email ? { email } : {}),
    ...(caBundle ? { ca: decode(caBundle) } : {}),
    ...(binding ? { external: { kid: binding.keyID, hmacKey: value(api, namespace, binding.keySecretRef) } } : {}),
  };
};

/** The solver whose zones fit a name best; undefined: none does. Throws when a Secret is missing. */
export const solverOf = (api: Api, issuer: Obj, name: string): Solver | undefined => {
  const rank = (solver: Obj): number => {
    const { dnsZones = [], dnsNames = [] } = (solver.selector ?? {}) as { dnsZones?: string[]; dnsNames?: string[] };
    if (dnsNames.includes(name)) return 1000;
    if (dnsZones.length === 0 && dnsNames.length === 0) return 0;
    const zones = dnsZones.filter((zone) => name === zone || name.endsWith(`.${zone}`));
    return zones.length === 0 ? -1 : Math.max(...zones.map((zone) => zone.length));
  };
  const solvers: Obj[] = (issuer.spec.acme.solvers ?? []).filter((solver: Obj) => solver.dns01);
  const [best] = solvers.filter((solver) => rank(solver) >= 0).sort((a, b) => rank(b) - rank(a));
  if (!best) return undefined;
  const namespace = resourcesOf(issuer);
  const { route53, rfc2136 } = best.dns01;
  if (route53) {
    const { region = "", hostedZoneID, role, accessKeyIDSecretRef: id, secretAccessKeySecretRef: secret } = route53;
    return {
      provider: "route53",
      region,
      ...(hostedZoneID ? { hostedZoneID } : {}),
      ...(role ? { role } : {}),
      ...(id ? { accessKey: { id: value(api, namespace, id), secret: value(api, namespace, secret) } } : {}),
    };
  }
  if (!rfc2136) return undefined;
  const { nameserver, tsigKeyName, tsigAlgorithm = "HMACMD5", tsigSecretSecretRef } = rfc2136;
  return {
    provider: "rfc2136",
    nameserver,
    ...(tsigKeyName
      ? {
          key: {
            name: tsigKeyName,
            algorithm: tsigAlgorithm,
            secret: value(api, namespace, tsigSecretSecretRef).trim(),
          },
        }
      : {}),
  };
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const issuers = (stage: Stage, door: Door): Reconciler => {
  const { api, second } = stage;

  const ready = (status: Verdict["status"], reason: string, message: string): Verdict => ({
    type: "Ready",
    status,
    reason,
    message,
  });

  const ensureKey = async (issuer: Obj): Promise<void> => {
    const { name, key = "tls.key" } = issuer.spec.acme.privateKeySecretRef;
    const namespace = resourcesOf(issuer);
    if (api.get({ apiVersion: "v1", kind: "Secret", namespace, name })) return;
    await api.create(manager("issuers"), {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace },
      type: "Opaque",
      data: { [key]: encode(await newKey()) },
    });
  };

  const judgeAcme = async (issuer: Obj): Promise<{ verdict: Verdict; uri?: string }> => {
    try {
      await ensureKey(issuer);
      const uri = await door.register(accountOf(api, issuer));
      return {
        uri,
        verdict: ready("True", "ACMEAccountRegistered", "The ACME account was registered with the ACME server"),
      };
    } catch (error) {
      const message = `Failed to register ACME account: ${messageOf(error)}`;
      return { verdict: ready("False", "ErrRegisterACMEAccount", message) };
    }
  };

  const judge = async (issuer: Obj): Promise<{ verdict: Verdict; uri?: string }> => {
    if (issuer.spec.acme) return await judgeAcme(issuer);
    if (issuer.spec.selfSigned) return { verdict: ready("True", "IsReady", "") };
    const { secretName: name } = issuer.spec.ca ?? {};
    const secret = name && api.get({ apiVersion: "v1", kind: "Secret", namespace: resourcesOf(issuer), name });
    if (!secret)
      return {
        verdict: ready("False", "ErrGetKeyPair", `Error getting keypair for CA issuer: secrets "${name}" not found`),
      };
    return readPair(decode(secret.data?.["tls.crt"]), decode(secret.data?.["tls.key"]))
      ? { verdict: ready("True", "KeyPairVerified", "Signing CA verified") }
      : {
          verdict: ready(
            "False",
            "ErrInvalidKeyPair",
            "Error getting keypair for CA issuer: the key does not belong to the certificate",
          ),
        };
  };

  return whileUp(stage, KINDS, {
    name: "cert-manager-issuers",
    keys: ({ object }) =>
      object.apiVersion === API && (object.kind === "ClusterIssuer" || object.kind === "Issuer")
        ? [`${object.metadata.namespace ?? ""}/${object.metadata.name}`]
        : [],
    reconcile: async (key) => {
      const issuer = api.get(refOfKey(key));
      if (!issuer || issuer.metadata.deletionTimestamp) return undefined;
      const { generation } = issuer.metadata;
      const settled = (issuer.status?.conditions ?? []).find(({ type }: { type: string }) => type === "Ready");
      if (settled?.observedGeneration === generation && isTrue(issuer, "Ready")) return undefined;
      const { verdict, uri } = await judge(issuer);
      await api.update(
        manager("issuers"),
        refOfKey(key),
        (draft) => {
          withConditions(draft, generation, verdict);
          if (uri) draft.status.acme = { uri, lastRegisteredEmail: issuer.spec.acme.email ?? "" };
        },
        { subresource: "status" },
      );
      return verdict.status === "True" ? undefined : 5 * second;
    },
  });
};
