import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { RecordSet } from "../../src/ports/zones.ts";
import { ask } from "../../src/sandbox/dns/ask.ts";
import { patient } from "../patience.ts";
import { listening } from "./ports.ts";
import { WITH_SERVERS } from "./programs.ts";

/** A server in the foreground. */
export interface Daemon {
  /** What it has said so far. */
  readonly log: () => string;
  /** Ends it, and removes its folder. */
  readonly close: () => Promise<void>;
}

/** Starts a server whose files lie in `directory`; resolves when it listens on the port of 127.0.0.1. */
export const startDaemon = async (
  directory: string,
  port: number,
  program: string,
  args: readonly string[],
): Promise<Daemon> => {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: WITH_SERVERS, cwd: directory });
  const gone = once(child, "exit");
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      log += chunk;
    });
  const close = async (): Promise<void> => {
    if (child.exitCode === null) child.kill();
    await gone;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await listening(port, () => (child.exitCode === null ? undefined : log));
  } catch (error) {
    await close();
    throw error;
  }
  return { log: () => log, close };
};

/** Until the server answers for these zones itself; else the daemon is ended and the error has its log. */
export const serving = async (server: string, zones: readonly string[], { log, close }: Daemon): Promise<void> => {
  const deadline = Date.now() + patient(30_000);
  for (const zone of zones)
    for (;;) {
      const { rcode, authoritative } = (await ask(server, 1, zone, "SOA")) ?? {};
      if (rcode === "NOERROR" && authoritative) break;
      if (Date.now() > deadline) {
        await close();
        throw new Error(`${server} answers ${rcode} for ${zone}: ${log()}`);
      }
      await pause(30);
    }
};

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
