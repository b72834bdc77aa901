import { make } from "../../certificates/provided-pki.ts";
import type { DnsStage } from "./stage.ts";

const DAY = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY);

/** All PEM. */
export interface Brought {
  readonly chain: string;
  readonly key: string;
  readonly root: string;
}

/** A certificate that its owner got elsewhere, below a root of their own. `days`: until it ends. */
export const bring = async (names: readonly string[], days = 60): Promise<Brought> => {
  const root = await make({ subject: "CN=Root", from: inDays(-900), to: inDays(900) });
  const leaf = await make({ subject: "CN=leaf", issuer: root, names, from: inDays(-90), to: inDays(days) });
  return { chain: leaf.pem, key: leaf.key, root: root.pem };
};

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** For `--tls-secret`; what is there under that name goes. */
export const putBrought = async (
  { api }: Pick<DnsStage, "api">,
  name: string,
  { chain, key, root }: Brought,
  namespace = "web",
): Promise<void> => {
  if (!api.get({ apiVersion: "v1", kind: "Namespace", name: namespace }))
    await api.create("kubectl", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const ref = { apiVersion: "v1", kind: "Secret", namespace, name };
  if (api.get(ref)) await api.remove(ref);
  await api.create("kubectl", {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { namespace, name },
    data: { "tls.crt": base64(chain), "tls.key": base64(key), "ca.crt": base64(root) },
  });
};
