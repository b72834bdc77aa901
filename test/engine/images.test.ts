import { afterEach, describe, expect, it } from "vitest";
import { kn, stage } from "./cli.ts";

describe("images from a registry that has none of them", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  afterEach(() => world.close());

  it("end the run that asked for them, and not the next one, which asks elsewhere", async () => {
    // The other one limits pulls for a while, in which the old pods are refused again and again.
    let limited = 25;
    world = await stage({
      pull: (image) =>
        image.includes("/nothing/")
          ? `failed to resolve reference "${image}": ${image}: not found`
          : image.includes("/mirror/") && limited-- > 0
            ? "unexpected status from HEAD request to https://registry.example.com/v2/: 429 Too Many Requests"
            : undefined,
    });
    const install = (registry: string) =>
      kn({ ...world, standIns: true }, ["install", "--yes", "--image-registry", registry, "-o", "json"]);
    const wrong = await install("registry.example.com/nothing");
    expect(wrong.code, wrong.stderr).toBe(1);
    expect(wrong.events.find(({ type }) => type === "error")).toMatchObject({
      what: expect.stringContaining("404 from registry.example.com"),
      // It was noted before the first pull.
      remedy: {
        text: expect.stringContaining("correct --image-registry, or take it back: --reset-choice image-registry"),
      },
    });
    const right = await install("registry.example.com/mirror");
    expect(right.code, right.stderr).toBe(0);
  });
});
