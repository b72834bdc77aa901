import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RecordSetChange } from "../../src/ports/zones.ts";
import { absolute } from "../../src/ports/zones.ts";
import { type Daemon, inZoneFile, serving, startDaemon } from "./daemon.ts";
import { freePort } from "./ports.ts";
import { isInstalled, WITH_SERVERS } from "./programs.ts";

/** Whether a real BIND is here; says so when it is not. */
export const hasBind = (): boolean => isInstalled(["named", "nsupdate"], "Debian: bind9 and bind9-dnsutils");

export interface BindKey {
  readonly name: string;
  readonly algorithm: string;
  /** Base64. */
  readonly secret: string;
}

export interface BindZone {
  readonly name: string;
  /** Of a zone file. With `primary` the zone is fetched from there, `127.0.0.1:5353`. */
  readonly text?: string;
  readonly primary?: string;
  /** Lines of `update-policy`, after the word: `grant KEY zonesub ANY;` */
  readonly policy?: string;
  /** More statements of the zone. */
  readonly more?: string;
}

export interface BindOptions {
  readonly keys?: readonly BindKey[];
  /** More statements in `options`. */
  readonly options?: string;
  /** More statements. */
  readonly more?: string;
}

export interface Bind extends Daemon {
  /** `127.0.0.1:5353`. */
  readonly server: string;
  /** DNS UPDATE by a key of the server's own, which may do everything. */
  readonly write: (zone: string, change: RecordSetChange) => Promise<void>;
}

const ADMIN: BindKey = { name: "admin", algorithm: "hmac-sha256", secret: Buffer.from("admin").toString("base64") };

/** As `masters` and `forwarders` have it. */
export const placeOf = (server: string): string => server.replace(/:(\d+)$/, " port $1");

/** A real named on loopback, which answers for all zones when this resolves. Everything lies in a temporary folder. */
export const startBind = async (
  zones: readonly BindZone[],
  { keys = [], options = "", more = "" }: BindOptions = {},
): Promise<Bind> => {
  const directory = mkdtempSync(join(tmpdir(), "bind-"));
  const port = await freePort();
  const server = `127.0.0.1:${port}`;
  const all = [ADMIN, ...keys];
  const zoneText = ({ name, text, primary, policy = "", more: extra = "" }: BindZone): string => {
    if (text !== undefined) writeFileSync(join(directory, `${name}.zone`), text);
    const transfer = `allow-transfer { ${all.map((key) => `key "${key.name}";`).join(" ")} 127.0.0.1; };`;
    const rest =
      primary === undefined
        ? `type primary; update-policy { grant "${ADMIN.name}" zonesub ANY; ${policy} };`
        : `type secondary; masterfile-format text; primaries { ${placeOf(primary)}; };`;
    return `zone "${name}" { ${rest} file "${name}.zone"; ${transfer} ${extra} };`;
  };
  writeFileSync(
    join(directory, "named.conf"),
    [
      ...all.map(({ name, algorithm, secret }) => `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };`),
      "controls { };",
      "options {",
      `directory "${directory}"; pid-file "${directory}/pid"; session-keyfile "${directory}/session.key";`,
      `managed-keys-directory "${directory}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };`,
      `dnssec-validation no; notify ${/also-notify/.test(zones.map((zone) => zone.more).join()) ? "explicit" : "no"};`,
      /recursion/.test(options) ? "" : "recursion no;",
      `${options} };`,
      ...zones.map(zoneText),
      more,
      "",
    ].join("\n"),
  );
  const daemon = await startDaemon(directory, port, "named", ["-g", "-n", "1", "-c", join(directory, "named.conf")]);
  await serving(
    server,
    zones.map(({ name }) => name),
    daemon,
  );
  const write: Bind["write"] = async (zone, { from, to }) => {
    const file = join(directory, "update");
    const name = (set: { readonly name: string }): string => `${absolute({ name: zone }, set.name)}.`;
    writeFileSync(
      file,
      [
        `server 127.0.0.1 ${port}`,
        `zone ${zone}`,
        `key ${ADMIN.algorithm}:${ADMIN.name} ${ADMIN.secret}`,
        ...(from ? [`update delete ${name(from)} ${from.type}`] : []),
        ...(to ? inZoneFile(to).map((value) => `update add ${name(to)} ${to.ttl} ${to.type} ${value}`) : []),
        "send",
        "",
      ].join("\n"),
    );
    await promisify(execFile)("nsupdate", [file], { env: WITH_SERVERS });
  };
  return { server, write, ...daemon };
};
