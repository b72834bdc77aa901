import { afterEach, expect, it } from "vitest";
import { kn, stage } from "./cli.ts";

const on = async (cloud: "eks" | "kind") => ({ ...(await stage({ cloud })), standIns: true });

let world: Awaited<ReturnType<typeof on>> | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const NAMED = /Magic DNS needs an IP address, and load balancers of AWS have host names alone/;

it("magic DNS is refused at planning where load balancers have host names alone", async () => {
  world = await on("eks");
  for (const args of [["plan"], ["install", "--yes"]]) {
    const { code, stderr, stats } = await kn(world, args);
    expect({ code, writes: stats.writes }).toEqual({ code: 2, writes: 0 });
    expect(stderr.replaceAll(/\s+/g, " ")).toMatch(NAMED);
  }
});

it.each([
  ["--domain", "apps.example.com", "--dns", "none"],
  ["--address", "203.0.113.7"],
  ["--expose", "nodeport", "--address", "203.0.113.7"],
])("it is no matter with %s %s", async (...args) => {
  world = await on("eks");
  const { code, stderr } = await kn(world, ["plan", ...args]);
  expect(code, stderr).toBe(0);
});

it("a load balancer that nobody gives out is told before it is waited for", async () => {
  world = await on("kind");
  const told = /The gateway waits for a load balancer, and kind makes none: take --expose nodeport/;
  const { code, stdout } = await kn(world, ["plan"]);
  expect([code, stdout.replaceAll(/\s+/g, " ")]).toEqual([0, expect.stringMatching(told)]);
  const other = await kn(world, ["plan", "--expose", "nodeport"]);
  expect([other.code, other.stdout.replaceAll(/\s+/g, " ")]).toEqual([0, expect.not.stringMatching(told)]);
});
