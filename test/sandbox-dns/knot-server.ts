import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ask } from "../../src/sandbox/dns/ask.ts";
import type { RecordSet } from "../../src/sandbox/dns/index.ts";
import type { Response } from "../../src/sandbox/dns/wire.ts";

/** Whether a program can be started; says so when not. */
export const isInstalled = (program: string, flag = "-V"): boolean => {
  try {
    execFileSync(program, [flag], { stdio: "ignore", env: { PATH: `${process.env.PATH}:/usr/sbin` } });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") return true;
    process.stderr.write(`skipped: ${program} is not on PATH\n`);
    return false;
  }
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });

const absolute = (type: string, value: string): string =>
  ["CNAME", "NS", "MX", "SRV"].includes(type)
    ? `${value}.`
    : value.replace(/^(\S+) (\S+) (\d+ \d+ \d+ \d+ \d+)$/, "$1. $2. $3");

const zoneFile = (sets: readonly RecordSet[]): string =>
  sets
    .flatMap(({ name, type, ttl, values }) =>
      values.map(
        (value) =>
          `${name}. ${ttl} IN ${type} ${type === "SOA" ? absolute(type, value) : type === "TXT" || type === "CAA" ? value : absolute(type, value)}\n`,
      ),
    )
    .join("");

/** A real Knot with these zones. */
export const startKnot = async (
  zones: Readonly<Record<string, readonly RecordSet[]>>,
): Promise<{ readonly endpoint: string; readonly close: () => Promise<void> }> => {
  const directory = mkdtempSync(join(tmpdir(), "kn-knot-"));
  const port = await freePort();
  mkdirSync(join(directory, "run"));
  for (const [name, sets] of Object.entries(zones)) writeFileSync(join(directory, `${name}.zone`), zoneFile(sets));
  const config = [
    "server:",
    `    rundir: "${join(directory, "run")}"`,
    `    listen: 127.0.0.1@${port}`,
    "    udp-workers: 1",
    "    tcp-workers: 1",
    "    background-workers: 1",
    "log:",
    "  - target: stderr",
    "    any: error",
    "database:",
    `    storage: "${directory}"`,
    "template:",
    "  - id: default",
    `    storage: "${directory}"`,
    "    file: %s.zone",
    "    zonefile-sync: -1",
    "zone:",
    ...Object.keys(zones).map((name) => `  - domain: ${name}`),
    "",
  ].join("\n");
  writeFileSync(join(directory, "knot.conf"), config);
  const child: ChildProcess = spawn("knotd", ["-c", join(directory, "knot.conf")], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const endpoint = `127.0.0.1:${port}`;
  const isUp = async (): Promise<boolean> => {
    const answers = await Promise.all(Object.keys(zones).map((name) => ask(endpoint, 1, name, "SOA")));
    return answers.every((answer: Response | undefined) => answer?.rcode === "NOERROR");
  };
  for (let tries = 200; !(await isUp()); tries -= 1) {
    if (tries === 0 || child.exitCode !== null) throw new Error("knotd did not come up");
    await pause(25);
  }
  return {
    endpoint,
    close: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
