import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemon, serving, startDaemon } from "./daemon.ts";
import { freePort } from "./ports.ts";
import { isInstalled } from "./programs.ts";

/** Whether a real NSD is here; says so when it is not. */
export const hasNsd = (): boolean => isInstalled(["nsd"], "Debian: nsd");

export interface NsdZone {
  readonly name: string;
  /** Of a zone file; or where the zone comes from, `127.0.0.1:5353`. */
  readonly text?: string;
  readonly primary?: string;
}

export interface Nsd extends Daemon {
  /** `127.0.0.1:5353`. */
  readonly server: string;
}

/** A real nsd on loopback. Everybody on it may notify. `port`: a free one when absent. */
export const startNsd = async (zones: readonly NsdZone[], port?: number): Promise<Nsd> => {
  const directory = mkdtempSync(join(tmpdir(), "nsd-"));
  const at = port ?? (await freePort());
  const zoneLines = ({ name, text, primary }: NsdZone): readonly string[] => {
    if (text !== undefined) writeFileSync(join(directory, `${name}.zone`), text);
    return [
      "zone:",
      `  name: ${name}`,
      `  zonefile: "${name}.zone"`,
      ...(primary === undefined
        ? []
        : [`  request-xfr: AXFR ${primary.replace(":", "@")} NOKEY`, "  allow-notify: 127.0.0.0/8 NOKEY"]),
    ];
  };
  const lines = [
    "server:",
    `  ip-address: 127.0.0.1@${at}`,
    `  port: ${at}`,
    '  username: ""',
    "  server-count: 1",
    ...["zonesdir", "xfrdir"].map((key) => `  ${key}: "${directory}"`),
    `  database: ""`,
    `  pidfile: "${directory}/pid"`,
    `  xfrdfile: "${directory}/xfrd.state"`,
    `  zonelistfile: "${directory}/zone.list"`,
    '  cookie-secret-file: ""',
    "  minimal-responses: no",
    "remote-control:",
    "  control-enable: no",
    ...zones.flatMap(zoneLines),
    "",
  ];
  const file = join(directory, "nsd.conf");
  writeFileSync(file, lines.join("\n"));
  const server = `127.0.0.1:${at}`;
  const daemon = await startDaemon(directory, at, "nsd", ["-d", "-c", file]);
  await serving(
    server,
    zones.map(({ name }) => name),
    daemon,
  );
  return { server, ...daemon };
};
