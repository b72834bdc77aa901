import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { freePort } from "../real/ports.ts";

/** A real Knot DNS with these zones, by name their zone file. */
export interface Knot {
  /** `127.0.0.1:PORT` */
  readonly at: string;
  readonly close: () => Promise<void>;
}

export const knotd = ["/usr/sbin", ...(process.env.PATH ?? "").split(delimiter)]
  .map((folder) => join(folder, "knotd"))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

export const startKnot = async (binary: string, zones: Readonly<Record<string, string>>): Promise<Knot> => {
  const folder = mkdtempSync(join(tmpdir(), "knot-"));
  const port = await freePort();
  const names = Object.keys(zones);
  for (const name of names) writeFileSync(join(folder, `${name}.zone`), `${zones[name]}\n`);
  writeFileSync(
    join(folder, "knot.conf"),
    [
      "server:",
      `    rundir: "${folder}"`,
      `    listen: 127.0.0.1@${port}`,
      "    udp-workers: 1",
      "    tcp-workers: 1",
      "    background-workers: 1",
      "database:",
      `    storage: "${folder}"`,
      "zone:",
      ...names.flatMap((name) => [
        `  - domain: ${name}`,
        `    storage: "${folder}"`,
        `    file: "${name}.zone"`,
        "    zonefile-load: whole",
        "    zonefile-sync: -1",
      ]),
      "",
    ].join("\n"),
  );
  const child = spawn(binary, ["-c", join(folder, "knot.conf")], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const close = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const at = `127.0.0.1:${port}`;
  const resolver = createResolver({ server: at, timeoutMs: 50 });
  for (let tries = 0; ; tries += 1) {
    const ready = await Promise.all(
      names.map((name) =>
        resolver.ask(name, "SOA").then(
          ({ authoritative }) => authoritative,
          () => false,
        ),
      ),
    );
    if (ready.every(Boolean)) return { at, close };
    if (tries < 100 && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    await close();
    throw new Error(`knotd did not start: ${output}`);
  }
};
