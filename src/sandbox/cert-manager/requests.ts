import {
  conditionOf,
  contentHash,
  isOwnedBy,
  isTrue,
  keyOf,
  keysOfKind,
  keysOfOwner,
  ownerReference,
  refAt,
  refOf,
  type Stage,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import { type Obj, StatusError } from "../types.ts";
import { issuerRef, resourcesOf } from "./issuers.ts";
import { ACME, API, manager, NEXT_KEY } from "./names.ts";
import { type Verdict, whileUp, withConditions } from "./process.ts";
import { decode, encode, namesOfRequest, sign } from "./signing.ts";

/** CertificateRequests: approved, then signed by their issuer (pkg/controller/certificaterequests). */

const KIND = "CertificateRequest";
const MANAGER = manager("certificaterequests");

interface Signed {
  readonly verdict: Verdict;
  /** PEM */
  readonly certificate?: string;
  readonly ca?: string;
}

const pending = (message: string): Signed => ({
  verdict: { type: "Ready", status: "False", reason: "Pending", message },
});
const failed = (message: string): Signed => ({
  verdict: { type: "Ready", status: "False", reason: "Failed", message },
});
const issued = (certificate: string, ca?: string): Signed => ({
  verdict: { type: "Ready", status: "True", reason: "Issued", message: "Certificate fetched from issuer successfully" },
  certificate,
  ...(ca ? { ca } : {}),
});

export const requests = (stage: Stage): Reconciler => {
  const { api } = stage;

  const byOrder = async (request: Obj): Promise<Signed> => {
    const { namespace = "", name, labels = {}, annotations = {} } = request.metadata;
    const { request: csr, issuerRef: issuer } = request.spec;
    const dnsNames = namesOfRequest(decode(csr));
    const orderName = `${name.slice(0, 52)}-${contentHash([dnsNames, issuer], 10)}`;
    const ref = { apiVersion: ACME, kind: "Order", namespace, name: orderName };
    const order = api.get(ref);
    if (!order) {
      await api.create(MANAGER, {
        apiVersion: ACME,
        kind: "Order",
        metadata: { name: orderName, namespace, labels, annotations, ownerReferences: [ownerReference(request)] },
        spec: { request: csr, dnsNames, issuerRef: issuer },
      });
      return pending(`Created Order resource ${namespace}/${orderName}`);
    }
    // Of an earlier request of the same name; once it is gone, its end is news.
    if (!isOwnedBy(order, request))
      return pending("found Order resource not owned by this CertificateRequest, retrying");
    const { state = "", reason = "", certificate } = order.status ?? {};
    if (state === "valid") return issued(decode(certificate));
    return ["invalid", "errored", "expired"].includes(state)
      ? failed(
          `Failed to wait for order resource "${orderName}" to become ready: order is in "${state}" state: ${reason}`,
        )
      : pending(`Waiting on certificate issuance from order ${namespace}/${orderName}: "${state}"`);
  };

  const byCa = async (request: Obj, issuer: Obj): Promise<Signed> => {
    const ref = { apiVersion: "v1", kind: "Secret", namespace: resourcesOf(issuer), name: issuer.spec.ca.secretName };
    const data = api.get(ref)?.data ?? {};
    const authority = { certificate: decode(data["tls.crt"]), key: decode(data["tls.key"]) };
    return issued(await sign(decode(request.spec.request), { authority }), authority.certificate);
  };

  const bySelf = async (request: Obj): Promise<Signed> => {
    const name = request.metadata.annotations?.[NEXT_KEY] ?? "";
    const ref = { apiVersion: "v1", kind: "Secret", namespace: request.metadata.namespace ?? "", name };
    const key = api.get(ref)?.data?.["tls.key"];
    if (!key) return pending(`Referenced secret ${ref.namespace}/${name} not found`);
    const certificate = await sign(decode(request.spec.request), { own: decode(key) });
    return issued(certificate, certificate);
  };

  const settle = async (request: Obj): Promise<Signed> => {
    const ref = issuerRef(request);
    const issuer = api.get(ref);
    if (!issuer)
      return pending(
        `Referenced "${ref.kind}" not found: ${ref.kind.toLowerCase()}.cert-manager.io "${ref.name}" not found`,
      );
    if (!isTrue(issuer, "Ready")) return pending("Referenced issuer does not have a Ready status condition");
    if (issuer.spec.acme) return await byOrder(request);
    if (issuer.spec.ca) return await byCa(request, issuer);
    return await bySelf(request);
  };

  return whileUp(stage, [[API, KIND]], {
    name: "cert-manager-requests",
    keys: (event) => {
      const { apiVersion, kind } = event.object;
      // Whoever waits for an issuer looks again when one changes.
      if (apiVersion === API && (kind === "ClusterIssuer" || kind === "Issuer"))
        return api
          .list(API, KIND)
          .filter((one) => !isTrue(one, "Ready"))
          .map(keyOf);
      return [...keysOfKind(event, API, KIND), ...keysOfOwner(event, KIND)];
    },
    reconcile: async (key) => {
      const request = api.get(refAt(API, KIND, key));
      const ready = conditionOf(request, "Ready");
      if (!request || request.metadata.deletionTimestamp) return undefined;
      if (ready?.status === "True" || ready?.reason === "Failed") return undefined;
      const approved: Verdict = {
        type: "Approved",
        status: "True",
        reason: "cert-manager.io",
        message: "Certificate request has been approved by cert-manager.io",
      };
      const { verdict, certificate, ca } = await settle(request).catch((error: unknown) => {
        if (error instanceof StatusError) throw error;
        return failed(error instanceof Error ? error.message : String(error));
      });
      await api.update(
        MANAGER,
        refOf(request),
        (draft) => {
          withConditions(draft, undefined, approved, verdict);
          if (certificate) draft.status.certificate = encode(certificate);
          if (ca) draft.status.ca = encode(ca);
          if (verdict.reason === "Failed") draft.status.failureTime ??= new Date().toISOString();
        },
        { subresource: "status" },
      );
      return undefined;
    },
  });
};
