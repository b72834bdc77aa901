import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/args.ts";
import { commands } from "../../src/cli/commands/index.ts";
import { type Machine, thisMachine } from "../../src/cli/holder.ts";
import { runCli } from "../../src/cli/index.ts";
import { announce, type KeptWorld, keptRehearsals, makeKept } from "../../src/cli/rehearsal/kept.ts";
import { waysFor } from "../../src/cli/rehearsal/led.ts";
import { fakeHost } from "../cli/host.ts";

let before: string | undefined;
let folder: string;
beforeEach(() => {
  before = process.env.TMPDIR;
  folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-kept-"));
  process.env.TMPDIR = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(folder, { recursive: true });
});

/** Processes by id, and when they began. */
const machine = (pid: number, running: Readonly<Record<number, string>>): Machine => ({
  host: "test",
  pid,
  place: () => undefined,
  processAt: (id) => (id in running ? { began: running[id] } : undefined),
});

const CA = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const WORLD: KeptWorld = {
  server: "https://127.0.0.1:6443",
  ca: CA,
  connectTo: new Map([[443, 23456]]),
  surroundings: {
    resolver: "127.0.0.1:53",
    connectTo: new Map([["192.0.2.1", "127.0.0.1:54"]]),
    directory: "https://127.0.0.1:55/directory",
    tlsCa: "a",
    root: "b",
    env: { AWS_REGION: "us-east-1" },
  },
  isStandIn: false,
};

it("several have names of their own, and what they say is read as it was written", () => {
  const here = machine(7, { 7: "100" });
  const [one, two] = [makeKept(here), makeKept(here)];
  announce(two, WORLD);
  expect([one, two].map(({ name }) => name)).toEqual(["rehearsal-1", "rehearsal-2"]);
  expect(keptRehearsals(here)).toEqual([one, { ...two, process: { pid: 7, began: "100" }, world: WORLD }]);
  for (const path of [dirname(one.folder), one.folder]) expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(readdirSync(two.folder)).toEqual(["rehearsal.json"]);
  expect(statSync(join(two.folder, "rehearsal.json")).mode & 0o777).toBe(0o600);
});

it("what a process left that was killed is removed, also where its id is another's by now", () => {
  const [one, two] = [makeKept(machine(7, { 7: "100" })), makeKept(machine(8, { 7: "100", 8: "200" }))];
  expect(keptRehearsals(machine(9, { 7: "100", 8: "201" })).map(({ name }) => name)).toEqual(["rehearsal-1"]);
  expect([one, two].map(({ folder }) => existsSync(folder))).toEqual([true, false]);
  expect(makeKept(machine(9, { 9: "300" })).name).toBe("rehearsal-1");
});

it("a folder in which others may write is neither used nor believed", () => {
  const here = machine(7, { 7: "100" });
  announce(makeKept(here), WORLD);
  chmodSync(dirname(makeKept(here).folder), 0o777);
  expect(keptRehearsals(here)).toEqual([]);
  expect(() => makeKept(here)).toThrow(expect.objectContaining({ id: "rehearse.folder", kind: "input" }));
});

it.each([
  ["this very cluster", WORLD.server, CA, true],
  ["its certificate as another tool writes it", WORLD.server, CA.trim(), true],
  ["another CA at its address", WORLD.server, CA.replace("AAAA", "BBBB"), false],
  ["its CA at another address", "https://127.0.0.1:6444", CA, false],
  ["another machine", "https://192.0.2.1:6443", CA, false],
  ["no CA", WORLD.server, undefined, false],
])("%s", async (_which, server, trusted, isLed) => {
  announce(makeKept(), WORLD);
  const { adapters, env } = fakeHost([]);
  const { ways, env: given } = await waysFor(
    { adapters, env, emit: () => {} },
    { identity: { context: "any", server }, ...(trusted === undefined ? {} : { trusted }) },
  );
  expect(ways === adapters).toBe(!isLed);
  expect(given.AWS_REGION).toBe(isLed ? "us-east-1" : undefined);
});

it.each(["--context", "--kubeconfig"])("%s is refused: a rehearsal brings its own cluster", async (flag) => {
  const host = fakeHost(["rehearse", flag, "prod"]);
  expect(await runCli(host)).toBe(2);
  expect(host.err().replaceAll(/\s+/g, " ")).toContain(
    `${flag} is no option of rehearse. A rehearsal brings its own cluster.`,
  );
});

it.each([
  [["--keep"], 0],
  [["--keep=2h"], 7200],
])("%s", (args, seconds) => {
  const invocation = parseArguments(["rehearse", ...args, "--tls", "none"], { commands, version: "1", columns: 80 });
  expect(invocation).toMatchObject({ flags: { keep: seconds }, written: { tls: "none" } });
});

it.each([
  ["--nodes", "3x", "It says no nodes. Write it like 3x2cpu or 3x2cpu4gi"],
  ["--nodes", "0x2cpu", "A rehearsal has 1 to 100 nodes."],
  ["--nodes", "3x2cpu0gi", "A node has 1 to 1024 GiB here."],
  ["--cloud", "digitalocean", "It takes eks, gke, aks, kind, k3s or openshift."],
  ["--load-balancer", "yes", "It takes none, ip or hostname."],
])("%s %s is refused in a sentence that says what it takes", async (flag, value, said) => {
  const host = fakeHost(["rehearse", flag, value]);
  expect(await runCli(host)).toBe(2);
  expect(host.err().replaceAll(/\s+/g, " ")).toContain(said);
});

it.each([
  [["--certificate-age", "61"], "--certificate-age does nothing without --keep"],
  [["--keep", "--certificate-age", "61", "--tls", "none"], "--certificate-age does nothing with --tls none"],
  [["--keep", "--certificate-age", "0"], "It is no number of days from 1 to 3650."],
])("%j is refused: nobody would renew", async (args, said) => {
  const host = fakeHost(["rehearse", ...args]);
  expect(await runCli(host)).toBe(2);
  expect(host.err().replaceAll(/\s+/g, " ")).toContain(said);
});

it("two wishes at once are refused", async () => {
  const host = fakeHost(["rehearse", "--keep", "--stop"]);
  expect(await runCli(host)).toBe(2);
  expect(host.err()).toContain("--keep does not go with --stop.");
});

it.runIf(process.platform === "linux")(
  "--stop ends the process of that name and no other, and says which there are",
  async () => {
    const sleepers = [1, 2].map(() => spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]));
    try {
      const [one, two] = sleepers.map(({ pid = 0 }) => makeKept({ ...thisMachine(), pid }));
      const wrong = fakeHost(["rehearse", "--stop=rehearsal-9"]);
      expect(await runCli(wrong)).toBe(2);
      expect(wrong.err()).toContain("There are rehearsal-1, rehearsal-2:");
      const host = fakeHost(["rehearse", "--stop=rehearsal-1"]);
      expect(await runCli(host), host.err()).toBe(0);
      expect(host.err()).toContain("rehearsal-1 has ended.");
      expect([one, two].map((kept) => existsSync(kept?.folder ?? ""))).toEqual([false, true]);
      expect(keptRehearsals().map(({ name }) => name)).toEqual(["rehearsal-2"]);
    } finally {
      for (const sleeper of sleepers) sleeper.kill("SIGKILL");
    }
  },
);
