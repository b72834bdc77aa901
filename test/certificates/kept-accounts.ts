import { accountIn } from "../../src/certificates/acme/account.ts";
import type { ClusterRead } from "../../src/ports/cluster.ts";

/** The accounts at CAs that a namespace keeps. */
export const keptAccounts = async (cluster: ClusterRead, namespace: string) =>
  (await cluster.list({ apiVersion: "v1", kind: "Secret", namespace })).flatMap((secret) => accountIn(secret) ?? []);
