import { describe, expect, it } from "vitest";
import type { ApiRequest } from "../../src/sandbox/types.ts";
import { kn, stage } from "./cli.ts";

interface Sent {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly uid?: string };
  readonly preconditions?: { readonly uid?: string };
}

/** A Lease cannot stop a request of a paused process that is on its way already; what it says about its object can. */
describe("what is written to an object that is there already", () => {
  it("says which object it is meant for, in every run", async () => {
    const without: string[] = [];
    let isThere = (_sent: Sent, _path: string): boolean => false;
    const onRequest = ({ method, path, query, body }: ApiRequest): undefined => {
      if (!["PUT", "PATCH", "DELETE"].includes(method) || query?.dryRun) return;
      const sent: Sent = typeof body === "string" ? JSON.parse(body || "{}") : (body ?? {});
      const isMeant = method === "DELETE" ? sent.preconditions?.uid : sent.metadata?.uid;
      if (!isMeant && (method === "DELETE" || isThere(sent, path))) without.push(`${method} ${path}`);
    };
    const world = await stage({ onRequest });
    isThere = ({ apiVersion = "", kind = "", metadata = {} }) => {
      const { name = "", namespace = "" } = metadata;
      return world.api.get({ apiVersion, kind, name, namespace }) !== undefined;
    };
    try {
      for (const args of [
        ["install", "--yes"],
        ["install", "--yes", "--domain", "apps.example.com", "--dns", "none", "--logging", "request-logs"],
        ["uninstall", "--yes", "--purge"],
      ]) {
        const { code, stderr } = await kn({ ...world, standIns: true }, args);
        expect(code, stderr).toBe(0);
      }
      expect(without).toEqual([]);
    } finally {
      await world.close();
    }
  });
});
