import type { Issue } from "../../changes/certificate.ts";
import { withOwner } from "../../kube/inventory.ts";
import { dataOf, type KubeObject } from "../../ports/object.ts";
import { inspect, tlsSecret } from "../secret.ts";
import type { KeyPair } from "../x509.ts";
import { ROOT } from "./root.ts";

const ROOT_DAYS = 3650;
/** Apple's and the CA/Browser Forum's limit for server certificates (398 days) also binds private roots in some clients. */
const LEAF_DAYS = 397;

/** Makes a root if there is none that is valid, then the certificate. The root is stored before it signs (rule 23). */
export const issue: Issue = async (change, { cluster, store, now: clock }) => {
  const { makeLeaf, makeRoot } = await import("../x509.ts");
  const now = clock();
  const kept = await cluster.get(ROOT);
  let root = usable(kept, now);
  if (!root) {
    const uid = (await cluster.get({ apiVersion: "v1", kind: "Namespace", name: "kube-system" }))?.metadata.uid ?? "";
    root = await makeRoot(`kn-bootstrap ${uid.slice(0, 8)}`.trim(), now, ROOT_DAYS);
    await store(withOwner(tlsSecret(ROOT, root, root.certificate), "certificate"));
  }
  const leaf = await makeLeaf(root, change.names, now, LEAF_DAYS);
  await store(withOwner(tlsSecret(change.secret, leaf, root.certificate), "certificate"));
};

const usable = (secret: KubeObject | undefined, now: Date): KeyPair | undefined => {
  const found = inspect(secret);
  if (!found?.keyMatches || found.notAfter <= now) return undefined;
  const data = dataOf(secret);
  const text = (key: string): string => Buffer.from(data[key] ?? "", "base64").toString();
  return { certificate: text("tls.crt"), key: text("tls.key") };
};
