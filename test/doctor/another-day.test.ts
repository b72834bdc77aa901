import { describe, expect, it } from "vitest";
import { nothingStuck } from "../../src/checks/cluster/terminating.ts";
import { findingOf, object } from "./scene.ts";

const GOING = object("Namespace", "shop", {}, { deletionTimestamp: "2026-11-30T11:59:59Z" });

describe("a look as of another day", () => {
  it.each([
    ["2026-11-30T12:00:00Z", "ok"],
    ["2026-12-01T12:00:00Z", "fail"],
  ])("counts how long something takes until it was read: %s", async (readAt, status) => {
    const finding = await findingOf({ objects: [GOING], readAt, now: "2027-02-01T00:00:00Z" }, nothingStuck);
    expect(finding.status).toBe(status);
  });
});
