import { expect, it } from "vitest";
import type { LockableCluster } from "../../src/ports/cluster.ts";
import { seal, unseal } from "../../src/ports/sealed.ts";

// Where there is no writer at all, the types say: no-writer.ts.

it("a sealed cluster has nothing to write with, but for who can open it", () => {
  const functions = ["apply", "mergePatch", "create", "replace", "remove", "lease", "guarded"];
  const whole = Object.fromEntries(["get", "list", "dryRun", ...functions].map((name) => [name, () => {}]));
  const sealed = seal(whole as unknown as LockableCluster);
  expect(Object.keys(sealed)).toEqual(["get", "list", "dryRun"]);
  expect(unseal({ ...sealed })).toBe(whole);
});
