import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RecordSet, RecordSetChange } from "../../src/ports/zones.ts";
import { freePort, listening } from "./ports.ts";

/** Whether a real Knot DNS is here; says so when it is not. */
export const hasKnot = (): boolean => {
  const present = ["knotd", "knotc"].every((program) => spawnSync(program, ["--version"]).status === 0);
  if (!present) process.stderr.write("skipped: knotd and knotc are not on PATH (Debian: knot)\n");
  return present;
};

export interface KnotKey {
  readonly name: string;
  readonly algorithm: string;
  /** Base64. */
  readonly secret: string;
  readonly may: readonly ("query" | "update" | "transfer")[];
}

export interface Knot {
  readonly port: number;
  /** `127.0.0.1:5353`. */
  readonly server: string;
  /** knotc. It keeps the capitals of a host name, which a zone file and UPDATE lose. */
  readonly control: (...args: readonly string[]) => Promise<string>;
  /** Writes through the control socket, names in small letters as this server keeps them otherwise. */
  readonly write: (zone: string, change: RecordSetChange) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The values as a zone file has them. */
export const inZoneFile = ({ type, values }: Pick<RecordSet, "type" | "values">): readonly string[] =>
  values.map((value) => {
    if (type === "CNAME" || type === "NS") return `${value}.`;
    if (type !== "TXT") return value;
    const parts = value.match(/.{1,255}/gs) ?? [""];
    return parts.map((part) => `"${part.replace(/["\\]/g, "\\$&")}"`).join(" ");
  });

/** SOA and NS, and what is given beside them: lines of a zone file. */
export const zoneFile = (zone: string, lines: readonly string[] = []): string =>
  [
    `$ORIGIN ${zone}.`,
    "$TTL 300",
    `@ SOA ns1.${zone}. hostmaster.${zone}. 1 3600 600 86400 60`,
    "@ NS ns1",
    "@ NS ns2",
    "ns1 A 127.0.0.1",
    "ns2 A 127.0.0.1",
    ...lines,
    "",
  ].join("\n");

/**
 * A real knotd on loopback with these zones, each `[name, lines beside SOA and NS]`. Everything lies in a temporary
 * directory.
 */
export const startKnot = async (
  zones: readonly (readonly [string, readonly string[]])[],
  keys: readonly KnotKey[],
): Promise<Knot> => {
  const directory = mkdtempSync(join(tmpdir(), "knot-"));
  const port = await freePort();
  const socket = join(directory, "s");
  for (const [zone, lines] of zones) writeFileSync(join(directory, `${zone}.zone`), zoneFile(zone, lines));
  const config = [
    `server:\n  rundir: "${directory}"\n  listen: 127.0.0.1@${port}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1`,
    `control:\n  listen: "${socket}"`,
    `database:\n  storage: "${directory}"`,
    "log:\n  - target: stderr\n    any: warning",
    `key:\n${keys.map(({ name, algorithm, secret }) => `  - id: ${name}\n    algorithm: ${algorithm}\n    secret: ${secret}\n`).join("")}`,
    `acl:\n${keys.map(({ name, may }) => `  - id: ${name}\n    key: ${name}\n    action: [${may.join(", ")}]\n`).join("")}`,
    `template:\n  - id: default\n    storage: "${directory}"\n    acl: [${keys.map(({ name }) => name).join(", ")}]`,
    `zone:\n${zones.map(([zone]) => `  - domain: ${zone}\n`).join("")}`,
  ].join("\n");
  writeFileSync(join(directory, "knot.conf"), config);

  const child = spawn("knotd", ["-c", join(directory, "knot.conf")], { stdio: ["ignore", "ignore", "pipe"] });
  const gone = once(child, "exit");
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk;
  });
  const close = async (): Promise<void> => {
    child.kill();
    await gone;
    rmSync(directory, { recursive: true, force: true });
  };
  const control: Knot["control"] = async (...args) =>
    (await promisify(execFile)("knotc", ["-s", socket, ...args])).stdout;
  try {
    await listening(port, () => (child.exitCode === null ? undefined : log));
  } catch (error) {
    await close();
    throw error;
  }
  const write: Knot["write"] = async (zone, { from, to: wanted }) => {
    const hosts = wanted?.type === "CNAME" || wanted?.type === "NS";
    const to = wanted && hosts ? { ...wanted, values: wanted.values.map((value) => value.toLowerCase()) } : wanted;
    await control("zone-begin", zone);
    if (from) await control("zone-unset", zone, from.name, from.type);
    for (const value of to ? inZoneFile(to) : [])
      await control("zone-set", zone, to?.name ?? "", String(to?.ttl), to?.type ?? "", value);
    await control("zone-commit", zone);
  };
  return { port, server: `127.0.0.1:${port}`, control, write, close };
};
