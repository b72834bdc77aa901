import {
  conditionOf,
  contentHash,
  isOwnedBy,
  keysOfKind,
  keysOfOwner,
  ownerReference,
  refAt,
  refOf,
  type Stage,
  timestamp,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { API, CERTIFICATE_NAME, manager, NEXT_KEY, REVISION } from "./names.ts";
import { type Verdict, whileUp, withConditions } from "./process.ts";
import { decode, encode, namesOfRequest, newKey, newRequest, type Pair, readPair } from "./signing.ts";

/** Certificates: whether their Secret is as it should be, and if not, one request at a time (pkg/controller/certificates). */

const KIND = "Certificate";
const MANAGER = manager("certificates");
const HOUR = 3_600;
/** Timers do not reach further. */
const LONGEST_PAUSE_MS = 86_400_000;

const same = (a: readonly string[], b: readonly string[]): boolean => [...a].sort().join() === [...b].sort().join();

const wantedNames = ({ spec }: Obj): readonly string[] => spec.dnsNames ?? [];

/** A third of its life before the end. */
const renewalOf = ({ notBefore, notAfter }: Pair): Date =>
  new Date(notAfter.getTime() - (notAfter.getTime() - notBefore.getTime()) / 3);

const text = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

const retryAfter = (failures: number): number => Math.min(2 ** (failures - 1), 32) * HOUR;

interface Look {
  readonly pair: Pair | undefined;
  /** Undefined: nothing is to be done. */
  readonly trigger: { readonly reason: string; readonly message: string } | undefined;
  readonly ready: Verdict;
}

export const certificates = (stage: Stage): Reconciler => {
  const { api, second } = stage;
  /** Not before this is a failed one tried again: milliseconds of performance.now by uid and count of failures. */
  const pauses = new Map<string, number>();

  const secretOf = ({ spec, metadata }: Obj) => ({
    apiVersion: "v1",
    kind: "Secret",
    namespace: metadata.namespace ?? "",
    name: spec.secretName as string,
  });

  const look = (certificate: Obj): Look => {
    const secret = api.get(secretOf(certificate));
    const pair = secret && readPair(decode(secret.data?.["tls.crt"]), decode(secret.data?.["tls.key"]));
    const because = (reason: string, message: string): Look => ({
      pair,
      trigger: { reason, message },
      ready: { type: "Ready", status: "False", reason, message },
    });
    if (!secret) return because("DoesNotExist", "Issuing certificate as Secret does not exist");
    if (!pair) return because("InvalidKeyPair", "Issuing certificate as Secret contains an invalid key-pair");
    const { kind = "Issuer", name } = certificate.spec.issuerRef;
    const { "cert-manager.io/issuer-kind": byKind, "cert-manager.io/issuer-name": byName } =
      secret.metadata.annotations ?? {};
    if (byKind !== kind || byName !== name)
      return because("IncorrectIssuer", "Issuing certificate as Secret was previously issued by another issuer");
    if (!same(pair.names, wantedNames(certificate)))
      return because(
        "RequestChanged",
        "Fields on existing CertificateRequest resource not up to date: [spec.dnsNames]",
      );
    const now = new Date();
    if (now >= pair.notAfter) return because("Expired", `Certificate expired on ${text(pair.notAfter)}`);
    const ready: Verdict = {
      type: "Ready",
      status: "True",
      reason: "Ready",
      message: "Certificate is up to date and has not expired",
    };
    const renewal = renewalOf(pair);
    const isDue = now >= renewal;
    const message = `Renewing certificate as renewal was scheduled at ${text(renewal)}`;
    return { pair, ready, trigger: isDue ? { reason: "Renewing", message } : undefined };
  };

  const store = async (certificate: Obj, request: Obj, key: string): Promise<void> => {
    const { name, kind = "Issuer", group = "cert-manager.io" } = certificate.spec.issuerRef;
    const ref = secretOf(certificate);
    const annotations = {
      ...certificate.spec.secretTemplate?.annotations,
      "cert-manager.io/alt-names": wantedNames(certificate).join(","),
      [CERTIFICATE_NAME]: certificate.metadata.name,
      "cert-manager.io/common-name": certificate.spec.commonName ?? "",
      "cert-manager.io/issuer-group": group,
      "cert-manager.io/issuer-kind": kind,
      "cert-manager.io/issuer-name": name,
    };
    const labels = { ...certificate.spec.secretTemplate?.labels, "controller.cert-manager.io/fao": "true" };
    const data = {
      "tls.crt": request.status.certificate as string,
      "tls.key": key,
      ...(request.status.ca ? { "ca.crt": request.status.ca as string } : {}),
    };
    if (!api.get(ref)) {
      const metadata = { name: ref.name, namespace: ref.namespace, labels, annotations };
      await api.create(MANAGER, { apiVersion: "v1", kind: "Secret", metadata, type: "kubernetes.io/tls", data });
      return;
    }
    await api.update(MANAGER, ref, (draft) => {
      draft.metadata.labels = { ...draft.metadata.labels, ...labels };
      draft.metadata.annotations = { ...draft.metadata.annotations, ...annotations };
      draft.data = { ...draft.data, ...data };
    });
  };

  const nextKeyRef = (certificate: Obj, revision: number) => ({
    apiVersion: "v1",
    kind: "Secret",
    namespace: certificate.metadata.namespace ?? "",
    name: `${certificate.metadata.name.slice(0, 57)}-${contentHash([certificate.metadata.uid, revision], 5)}`,
  });

  const nextKey = async (certificate: Obj, revision: number): Promise<string> => {
    const ref = nextKeyRef(certificate, revision);
    const found = api.get(ref)?.data?.["tls.key"];
    if (found) return found;
    const key = encode(await newKey());
    const metadata = {
      name: ref.name,
      namespace: ref.namespace,
      labels: { "cert-manager.io/next-private-key": "true" },
      ownerReferences: [ownerReference(certificate)],
    };
    await api.create(manager("key-manager"), {
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      type: "Opaque",
      data: { "tls.key": key },
    });
    return key;
  };

  const requestsOf = (certificate: Obj): readonly Obj[] =>
    api.list(API, "CertificateRequest", certificate.metadata.namespace).filter((one) => isOwnedBy(one, certificate));

  const isStale = (certificate: Obj, request: Obj): boolean =>
    !same(namesOfRequest(decode(request.spec.request)), wantedNames(certificate)) ||
    request.spec.issuerRef.name !== certificate.spec.issuerRef.name;

  const ask = async (certificate: Obj, revision: number, key: string): Promise<void> => {
    const { namespace = "", name, labels = {} } = certificate.metadata;
    const csr = await newRequest(decode(key), certificate.spec.commonName, wantedNames(certificate));
    await api.create(manager("request-manager"), {
      apiVersion: API,
      kind: "CertificateRequest",
      metadata: {
        name: `${name.slice(0, 55)}-${revision}`,
        namespace,
        labels,
        annotations: {
          [CERTIFICATE_NAME]: name,
          [REVISION]: String(revision),
          [NEXT_KEY]: nextKeyRef(certificate, revision).name,
        },
        ownerReferences: [ownerReference(certificate)],
      },
      spec: {
        request: encode(csr),
        issuerRef: certificate.spec.issuerRef,
        usages: ["digital signature", "key encipherment"],
      },
    });
  };

  const write = (certificate: Obj, change: (status: Obj, draft: Obj) => void): Promise<unknown> =>
    api.update(
      MANAGER,
      refOf(certificate),
      (draft) => {
        draft.status ??= {};
        change(draft.status, draft);
      },
      { subresource: "status" },
    );

  const finish = async (certificate: Obj, request: Obj, revision: number): Promise<void> => {
    await store(certificate, request, await nextKey(certificate, revision));
    const { pair, ready } = look(certificate);
    await write(certificate, (status, draft) => {
      Object.assign(status, { revision });
      if (pair)
        Object.assign(status, {
          notBefore: text(pair.notBefore),
          notAfter: text(pair.notAfter),
          renewalTime: text(renewalOf(pair)),
        });
      delete status.failedIssuanceAttempts;
      delete status.lastFailureTime;
      delete status.nextPrivateKeySecretName;
      draft.status.conditions = (draft.status.conditions ?? []).filter(
        ({ type }: { type: string }) => type !== "Issuing",
      );
      withConditions(draft, certificate.metadata.generation, ready);
    });
    await api.remove(nextKeyRef(certificate, revision));
  };

  const fail = async (certificate: Obj, request: Obj): Promise<number> => {
    const message = `The certificate request has failed to complete and will be retried: ${conditionOf(request, "Ready")?.message ?? ""}`;
    const failures = (certificate.status?.failedIssuanceAttempts ?? 0) + 1;
    const pause = retryAfter(failures) * second;
    pauses.set(certificate.metadata.uid ?? "", performance.now() + pause);
    await write(certificate, (status, draft) => {
      Object.assign(status, { failedIssuanceAttempts: failures, lastFailureTime: timestamp() });
      withConditions(draft, certificate.metadata.generation, {
        type: "Issuing",
        status: "False",
        reason: "Failed",
        message,
      });
    });
    return pause;
  };

  const issue = async (
    certificate: Obj,
    { trigger, ready }: Look & { trigger: NonNullable<Look["trigger"]> },
  ): Promise<number | undefined> => {
    const uid = certificate.metadata.uid ?? "";
    const pause = (pauses.get(uid) ?? 0) - performance.now();
    const revision = (certificate.status?.revision ?? 0) + 1;
    const current = requestsOf(certificate).find(
      ({ metadata }) => metadata.annotations?.[REVISION] === String(revision),
    );
    const isFailed = conditionOf(current, "Ready")?.reason === "Failed";
    if (pause > 0 && isFailed) return pause;
    if (current && (isStale(certificate, current) || (isFailed && pauses.delete(uid)))) {
      await api.remove(refOf(current));
      return 0;
    }
    if (isFailed && current) return await fail(certificate, current);
    if (current && conditionOf(current, "Ready")?.status === "True") {
      await finish(certificate, current, revision);
      return 0;
    }
    await write(certificate, (status, draft) => {
      status.nextPrivateKeySecretName = nextKeyRef(certificate, revision).name;
      withConditions(draft, certificate.metadata.generation, ready, { type: "Issuing", status: "True", ...trigger });
    });
    if (!current) await ask(certificate, revision, await nextKey(certificate, revision));
    return undefined;
  };

  return whileUp(stage, [[API, KIND]], {
    name: "cert-manager-certificates",
    keys: (event) => {
      const { object } = event;
      const name = object.kind === "Secret" ? object.metadata.annotations?.[CERTIFICATE_NAME] : undefined;
      if (name) return [`${object.metadata.namespace}/${name}`];
      return [...keysOfKind(event, API, KIND), ...keysOfOwner(event, KIND)];
    },
    reconcile: async (key) => {
      const certificate = api.get(refAt(API, KIND, key));
      if (!certificate || certificate.metadata.deletionTimestamp) return undefined;
      const { pair, trigger, ready } = look(certificate);
      if (trigger) return await issue(certificate, { pair, trigger, ready });
      await write(certificate, (status, draft) => {
        if (pair)
          Object.assign(status, {
            notBefore: text(pair.notBefore),
            notAfter: text(pair.notAfter),
            renewalTime: text(renewalOf(pair)),
          });
        withConditions(draft, certificate.metadata.generation, ready);
      });
      const until = pair ? renewalOf(pair).getTime() - Date.now() : LONGEST_PAUSE_MS;
      return Math.min(Math.max(until, 0) + 1, LONGEST_PAUSE_MS);
    },
  });
};
