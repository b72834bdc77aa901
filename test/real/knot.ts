import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RecordSetChange } from "../../src/ports/zones.ts";
import { inZoneFile, serving, startDaemon } from "./daemon.ts";
import { freePort } from "./ports.ts";
import { isInstalled, WITH_SERVERS } from "./programs.ts";

/** Whether a real Knot DNS is here; says so when it is not. */
export const hasKnot = (): boolean => isInstalled(["knotd", "knotc"], "Debian: knot");

export interface KnotKey {
  readonly name: string;
  readonly algorithm: string;
  /** Base64. */
  readonly secret: string;
  readonly may: readonly ("query" | "update" | "transfer")[];
}

export interface Knot {
  /** `127.0.0.1:5353`. */
  readonly server: string;
  /** knotc. It keeps the capitals of a host name, which a zone file and UPDATE lose. */
  readonly control: (...args: readonly string[]) => Promise<string>;
  /** Writes through the control socket, names in small letters as this server keeps them otherwise. */
  readonly write: (zone: string, change: RecordSetChange) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * A real knotd on loopback with these zones, name to zone file, and who may change them; nobody without keys. It answers
 * for all of them when this resolves. Everything lies in a temporary directory.
 */
export const startKnot = async (
  zones: Readonly<Record<string, string>>,
  keys: readonly KnotKey[] = [],
): Promise<Knot> => {
  const directory = mkdtempSync(join(tmpdir(), "knot-"));
  const port = await freePort();
  const server = `127.0.0.1:${port}`;
  const socket = join(directory, "s");
  for (const [zone, text] of Object.entries(zones)) writeFileSync(join(directory, `${zone}.zone`), text);
  writeFileSync(join(directory, "knot.conf"), configuration(directory, socket, port, Object.keys(zones), keys));

  const daemon = await startDaemon(directory, port, "knotd", ["-c", join(directory, "knot.conf")]);
  const control: Knot["control"] = async (...args) =>
    (await promisify(execFile)("knotc", ["-s", socket, ...args], { env: WITH_SERVERS })).stdout;
  await serving(server, Object.keys(zones), daemon);
  const write: Knot["write"] = async (zone, { from, to: wanted }) => {
    const hosts = wanted?.type === "CNAME" || wanted?.type === "NS";
    const to = wanted && hosts ? { ...wanted, values: wanted.values.map((value) => value.toLowerCase()) } : wanted;
    await control("zone-begin", zone);
    if (from) await control("zone-unset", zone, from.name, from.type);
    for (const value of to ? inZoneFile(to) : [])
      await control("zone-set", zone, to?.name ?? "", String(to?.ttl), to?.type ?? "", value);
    await control("zone-commit", zone);
  };
  return { server, control, write, close: daemon.close };
};

const configuration = (
  directory: string,
  socket: string,
  port: number,
  zones: readonly string[],
  keys: readonly KnotKey[],
): string => {
  const section = (name: string, items: readonly string[]): readonly string[] =>
    items.length === 0 ? [] : [`${name}:`, ...items];
  return [
    "server:",
    `  rundir: "${directory}"`,
    `  listen: 127.0.0.1@${port}`,
    "  udp-workers: 1",
    "  tcp-workers: 1",
    "  background-workers: 1",
    "control:",
    `  listen: "${socket}"`,
    "database:",
    `  storage: "${directory}"`,
    "log:",
    "  - target: stderr",
    "    any: warning",
    ...section(
      "key",
      keys.map(({ name, algorithm, secret }) => `  - id: ${name}\n    algorithm: ${algorithm}\n    secret: ${secret}`),
    ),
    ...section(
      "acl",
      keys.map(({ name, may }) => `  - id: ${name}\n    key: ${name}\n    action: [${may.join(", ")}]`),
    ),
    "template:",
    "  - id: default",
    `    storage: "${directory}"`,
    "    zonefile-sync: -1",
    ...(keys.length === 0 ? [] : [`    acl: [${keys.map(({ name }) => name).join(", ")}]`]),
    "zone:",
    ...zones.map((zone) => `  - domain: ${zone}`),
    "",
  ].join("\n");
};
