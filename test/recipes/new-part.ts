import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kn, type Stage, stage } from "../engine/cli.ts";

// Run only where the recipes of CONTRIBUTING.md were followed: elsewhere there are no such part, option and flag.

describe("a part that nothing but its own folder knows", () => {
  let world: Stage & Awaited<ReturnType<typeof stage>>;
  const configMap = (name: string) =>
    world.api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name });

  beforeAll(async () => {
    world = { ...(await stage()), standIns: true };
  });
  afterAll(() => world.close());

  it("is chosen, planned, applied, verified, and says what comes next", async () => {
    const { code, stdout, stderr } = await kn(world, [
      "install",
      "--yes",
      "--tls",
      "none",
      "--contact",
      "platform@example.com",
      "--progress-deadline",
      "300s",
    ]);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    const text = `${stdout}${stderr}`;
    expect(text).toContain("Say whom to ask");
    expect(text).toContain("platform@example.com");
    expect(text).toContain("Questions are answered by platform@example.com.");
    expect(configMap("contact")?.data).toEqual({ contact: "platform@example.com" });
    // The option of the other recipe.
    expect(configMap("config-deployment")?.data["progress-deadline"]).toBe("300s");
  });

  it("has its section in status", async () => {
    expect((await kn(world, ["status"])).stdout).toMatch(/^ +Contact +platform@example\.com$/m);
    const { events } = await kn(world, ["status", "-o", "json"]);
    expect(events.find(({ type }) => type === "status")).toMatchObject({ contact: "platform@example.com" });
    // The flag of the other recipe.
    expect((await kn(world, ["status", "--url-only"])).stdout).toMatch(/^http:\/\/<service>\.<namespace>\.\S+\n$/);
  });

  it("is kept as a choice, says what another one means, and goes when it is chosen no more", async () => {
    const { stdout, stderr } = await kn(world, ["plan"]);
    expect(`${stdout}${stderr}`).toContain("Nothing");
    const taken = await kn(world, ["install", "--yes", "--reset-choice", "contact"]);
    expect(taken.code, taken.stderr).toBe(0);
    expect(`${taken.stdout}${taken.stderr}`).toContain("Nobody is named any more.");
    expect(configMap("contact")).toBeUndefined();
    expect((await kn(world, ["status"])).stdout).not.toContain("Contact");
  });

  it("goes with an uninstall", async () => {
    const options = ["install", "--yes", "--contact", "somebody"];
    expect((await kn(world, options)).code).toBe(0);
    expect(configMap("contact")).toBeDefined();
    expect((await kn(world, ["uninstall", "--yes"])).code).toBe(0);
    expect(configMap("contact")).toBeUndefined();
  });
});
