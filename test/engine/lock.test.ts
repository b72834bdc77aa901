import { describe, expect, it } from "vitest";
import { LEASE } from "../../src/kube/lease.ts";
import type { ApiRequest } from "../../src/sandbox/types.ts";
import { kn, stage } from "./cli.ts";

type World = Awaited<ReturnType<typeof stage>>;
const INSTALL = ["install", "--yes", "--knative-version", "1.23"];
const LEASE_PATH = "/apis/coordination.k8s.io/v1/namespaces/kn-bootstrap/leases/installer";

/** An install that waits, since no pod finds room, until something happens to its lock; what was written after it knew. */
const waiting = async (happens: (world: World) => Promise<unknown>) => {
  let known = false;
  const late: string[] = [];
  let world: World | undefined;
  const onRequest = ({ method, path }: ApiRequest): undefined => {
    if (method === "PUT" && path === LEASE_PATH) known = true;
    else if (known && !["GET", "HEAD"].includes(method) && !/reviews$/.test(path)) late.push(`${method} ${path}`);
    if (method === "POST" && path.endsWith("/leases")) setTimeout(() => world && happens(world), 2_000);
  };
  world = await stage({ onRequest, nodes: [{ name: "small", cpu: "10m", memory: "1Gi", internalIP: "127.0.0.1" }] });
  const outcome = await kn({ ...world, standIns: true }, INSTALL).finally(world.close);
  return { outcome, late };
};

describe("an installer that only waits", () => {
  it.concurrent.each([
    [
      "somebody deletes the lock",
      "Somebody has deleted the lock on this cluster",
      ({ api }: World) => api.remove(LEASE),
    ],
    [
      "another one takes it",
      "Another installer (elsewhere/1/abc) has taken over",
      async ({ api }: World) => {
        await api.remove(LEASE);
        const { name, namespace = "" } = LEASE;
        const spec = { holderIdentity: "elsewhere/1/abc", leaseDurationSeconds: 30 };
        return api.create("other", { ...LEASE, metadata: { name, namespace }, spec });
      },
    ],
  ])("ends with the next renewal when %s", async (_, words, happens) => {
    const { outcome, late } = await waiting(happens);
    const said = outcome.stderr.replace(/\s+/g, " ");
    expect(outcome.code, said).toBe(1);
    expect(said).toContain(words);
    expect(late).toEqual([]);
  });
});
