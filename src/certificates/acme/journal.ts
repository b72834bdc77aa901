import { HOME } from "../../kube/inventory.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { isRecord, type KubeObject, keyOf, type ObjectRef } from "../../ports/object.ts";
import type { RecordSet, Zone } from "../../ports/zones.ts";
import { opaque, secretRef, shortHash, textOf } from "./secrets.ts";
import type { Copy, KeyType, TxtRecord } from "./types.ts";

/** An order that is not finished, as it is kept in a Secret: what a run that was killed leaves to the next one (rule 23). */
export interface PendingOrder {
  readonly directory: string;
  /** Sorted. */
  readonly names: readonly string[];
  readonly profile?: string;
  readonly keyType: KeyType;
  /** The certificate's private key, PEM. */
  readonly key: string;
  readonly url: string;
  /** The Secret that the certificate is for, as `keyOf` writes it. */
  readonly target: string;
  readonly startedAt: Date;
  /** Whether no limit counts it. */
  readonly isExempt: boolean;
  /** Every value that was, or was about to be, written. */
  readonly records: readonly TxtRecord[];
  /** Every copy that was, or was about to be, written beside them. */
  readonly copies: readonly Copy[];
}

const KEY = "tls.key";
const ORDER = "order.json";
const LABEL = { "kn-bootstrap/acme": "order" };
const SELECTOR = "kn-bootstrap/acme=order";

export const orderRef = (directory: string, names: readonly string[]): ObjectRef =>
  secretRef(`acme-order-${shortHash(directory, ...[...names].sort())}`);

export const orderSecret = ({ key, ...rest }: PendingOrder): KubeObject =>
  opaque(
    orderRef(rest.directory, rest.names).name,
    { [KEY]: key, [ORDER]: JSON.stringify(rest, null, 2) },
    { labels: LABEL },
  );

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

const zoneIn = (value: unknown): Zone | undefined => {
  if (!isRecord(value)) return undefined;
  const { id, name, isPrivate, nameServers } = value;
  return { id: String(id), name: String(name), isPrivate: isPrivate === true, nameServers: texts(nameServers) };
};

/** Releases before copies went with their order kept none. */
const copiesIn = (value: unknown): readonly Copy[] =>
  (Array.isArray(value) ? value : []).flatMap((entry: unknown): readonly Copy[] => {
    const { zone, set } = isRecord(entry) ? entry : {};
    const place = zoneIn(zone);
    if (!place || !isRecord(set) || typeof set.name !== "string" || typeof set.type !== "string") return [];
    return [{ zone: place, set: { ...set, values: texts(set.values) } as RecordSet }];
  });

/** Undefined: there is none, or it cannot be read. */
export const parseOrder = (secret: KubeObject | undefined): PendingOrder | undefined => {
  const key = textOf(secret, KEY);
  try {
    const kept: unknown = JSON.parse(textOf(secret, ORDER) ?? "");
    if (!isRecord(kept) || !key || typeof kept.url !== "string") return undefined;
    return {
      directory: String(kept.directory),
      names: texts(kept.names),
      ...(typeof kept.profile === "string" ? { profile: kept.profile } : {}),
      keyType: kept.keyType === "rsa" ? "rsa" : "ecdsa",
      key,
      url: kept.url,
      target: String(kept.target),
      startedAt: new Date(String(kept.startedAt)),
      isExempt: kept.isExempt === true,
      records: (Array.isArray(kept.records) ? kept.records : []).flatMap((entry: unknown): readonly TxtRecord[] => {
        const { zone, name, value } = isRecord(entry) ? entry : {};
        const place = zoneIn(zone);
        return place ? [{ zone: place, name: String(name), value: String(value) }] : [];
      }),
      copies: copiesIn(kept.copies),
    };
  } catch {
    return undefined;
  }
};

/**
 * Orders for a Secret that no run has finished. Each one is a reason to issue: it may have left TXT values behind, and a certificate that
 * only has to be fetched.
 */
export const unfinishedOrders = async (cluster: ClusterRead, target: ObjectRef): Promise<readonly PendingOrder[]> => {
  const secrets = await cluster.list({ apiVersion: "v1", kind: "Secret", namespace: HOME, labelSelector: SELECTOR });
  return unfinishedIn(secrets, target);
};

/** The same among Secrets that were read already. */
export const unfinishedIn = (secrets: readonly KubeObject[], target: ObjectRef): readonly PendingOrder[] =>
  ordersIn(secrets).flatMap(({ order }) => (order.target === keyOf(target) ? [order] : []));

/** Every unfinished order, whatever it is for, and the uid of its Secret. */
export const ordersIn = (
  secrets: readonly KubeObject[],
): readonly { readonly order: PendingOrder; readonly uid: string | undefined }[] =>
  secrets.flatMap((secret) => {
    const order = parseOrder(secret);
    return order ? [{ order, uid: secret.metadata.uid }] : [];
  });
