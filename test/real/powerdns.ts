import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import type { RecordSetChange } from "../../src/ports/zones.ts";
import { inZoneFile, startDaemon } from "./daemon.ts";
import type { Knot } from "./knot.ts";
import { freePort } from "./ports.ts";
import { isInstalled, prefixOf, WITH_SERVERS } from "./programs.ts";

/** Beside the program, as in /usr: the tables, and the backends where they do not lie in their usual place. */
const schema = (): string => join(prefixOf("pdns_server"), "share/pdns-backend-sqlite3/schema/schema.sqlite3.sql");
const modules = (): string => join(prefixOf("pdns_server"), "lib/pdns");

/** Whether a real PowerDNS with its SQLite backend is here; says so when it is not. */
export const hasPowerDns = (): boolean => {
  const hint = "Debian: pdns-server and pdns-backend-sqlite3";
  if (!isInstalled(["pdns_server", "pdnsutil"], hint)) return false;
  if (!existsSync(schema())) process.stderr.write(`skipped: no SQLite backend of PowerDNS (${hint})\n`);
  return existsSync(schema());
};

/** A real pdns_server on loopback with these zones, name to zone file; the key may update and transfer them all. */
export const startPowerDns = async (
  zones: Readonly<Record<string, string>>,
  key: { readonly name: string; readonly algorithm: string; readonly secret: string },
): Promise<Omit<Knot, "control">> => {
  const directory = mkdtempSync(join(tmpdir(), "pdns-"));
  const port = await freePort();
  const database = join(directory, "pdns.sqlite3");
  const tables = new DatabaseSync(database);
  tables.exec(readFileSync(schema(), "utf8"));
  tables.close();
  writeFileSync(
    join(directory, "pdns.conf"),
    [
      ...(existsSync(modules()) ? [`module-dir=${modules()}`] : []),
      "launch=gsqlite3",
      `gsqlite3-database=${database}`,
      `socket-dir=${directory}`,
      "local-address=127.0.0.1",
      `local-port=${port}`,
      "dnsupdate=yes",
      "allow-dnsupdate-from=127.0.0.0/8",
      "allow-axfr-ips=",
      "security-poll-suffix=",
      "zone-cache-refresh-interval=0",
      "receiver-threads=1",
      "",
    ].join("\n"),
  );
  const run = async (program: string, ...args: readonly string[]): Promise<void> => {
    await promisify(execFile)(program, [`--config-dir=${directory}`, ...args], { env: WITH_SERVERS });
  };
  await run("pdnsutil", "import-tsig-key", key.name, key.algorithm, key.secret);
  for (const [zone, text] of Object.entries(zones)) {
    const file = join(directory, `${zone}.zone`);
    writeFileSync(file, text);
    await run("pdnsutil", "load-zone", zone, file);
    await run("pdnsutil", "set-meta", zone, "TSIG-ALLOW-DNSUPDATE", key.name);
    await run("pdnsutil", "set-meta", zone, "TSIG-ALLOW-AXFR", key.name);
  }
  const { close } = await startDaemon(directory, port, "pdns_server", [
    `--config-dir=${directory}`,
    "--daemon=no",
    "--guardian=no",
  ]);
  const write = async (zone: string, { from, to }: RecordSetChange): Promise<void> => {
    if (from && !to) await run("pdnsutil", "delete-rrset", zone, from.name, from.type);
    if (to) await run("pdnsutil", "replace-rrset", zone, to.name, to.type, String(to.ttl), ...inZoneFile(to));
    await run("pdns_control", "purge", `${zone}$`);
  };
  return { server: `127.0.0.1:${port}`, write, close };
};
