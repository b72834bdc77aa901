import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeLeaf, makeRoot } from "../../src/certificates/x509.ts";
import { freePort } from "./ports.ts";

export interface Pebble {
  /** URL of its directory. */
  readonly directory: string;
  /** PEM: trusts the API. */
  readonly tlsCa: string;
  /** PEM of the root that issues; a new one with each start. */
  readonly root: string;
  /** Whether this version has ARI and profiles. */
  readonly isModern: boolean;
  readonly close: () => Promise<void>;
}

export interface PebbleOptions {
  /** `127.0.0.1:PORT`: where it asks for TXT records. */
  readonly dns: string;
  /** Per cent. Default 50. */
  readonly rejectedNonces?: number;
  /** kid → base64url key; then an external account is required. */
  readonly externalAccounts?: Readonly<Record<string, string>>;
  /** Default true. */
  readonly authorizationsReused?: boolean;
}

const version = (): string | undefined => {
  try {
    return execFileSync("pebble", ["-version"], { stdio: ["ignore", "pipe", "pipe"] }).toString();
  } catch (error) {
    // A Pebble without that flag prints its usage and fails.
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : "";
  }
};

/** Why tests with a real Pebble are skipped, printed once; undefined: it is there. */
export const pebbleMissing = (): string | undefined => {
  if (version() !== undefined) return undefined;
  const reason = "skipped: pebble is not on PATH (Debian package pebble)";
  process.stderr.write(`${reason}\n`);
  return reason;
};

const get = (url: string, ca: string): Promise<string> =>
  new Promise((resolve, reject) => {
    https
      .get(url, { ca, agent: false, headers: { "user-agent": "kn-bootstrap-test" } }, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve(text));
      })
      .on("error", reject);
  });

const answering = async (url: string, ca: string, child: ChildProcess, output: () => string): Promise<string> => {
  for (let tries = 0; tries < 200; tries += 1) {
    const text = await get(url, ca).catch(() => undefined);
    if (text !== undefined) return text;
    if (child.exitCode !== null) break;
    await sleep(25);
  }
  throw new Error(`pebble did not start: ${output()}`);
};

/** A real Pebble on loopback: strict, without its pauses before validation, rejecting nonces. */
export const startPebble = async (options: PebbleOptions): Promise<Pebble> => {
  const folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-pebble-"));
  const ca = await makeRoot("pebble api", new Date(), 2);
  const leaf = await makeLeaf(ca, ["localhost"], new Date(), 1);
  const [port, management] = [await freePort(), await freePort()];
  writeFileSync(join(folder, "cert.pem"), leaf.certificate);
  writeFileSync(join(folder, "key.pem"), leaf.key);
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: join(folder, "cert.pem"),
      privateKey: join(folder, "key.pem"),
      httpPort: 1,
      tlsPort: 1,
      ocspResponderURL: "",
      externalAccountBindingRequired: options.externalAccounts !== undefined,
      ...(options.externalAccounts ? { externalAccountMACKeys: options.externalAccounts } : {}),
      domainBlocklist: ["blocked.example"],
      retryAfter: { authz: 1, order: 1 },
      profiles: {
        default: { description: "90 days", validityPeriod: 7_776_000 },
        shortlived: { description: "6 days", validityPeriod: 518_400 },
      },
    },
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const child = spawn("pebble", ["-strict", "-config", join(folder, "config.json"), "-dnsserver", options.dns], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      PEBBLE_VA_NOSLEEP: "1",
      PEBBLE_WFE_NONCEREJECT: String(options.rejectedNonces ?? 50),
      PEBBLE_AUTHZREUSE: options.authorizationsReused === false ? "0" : "50",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const orphaned = (): void => void child.kill("SIGKILL");
  process.once("exit", orphaned);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output = (output + chunk).slice(-4000);
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.on("exit", () => resolve());
    child.on("error", () => resolve());
  });
  const close = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    process.off("exit", orphaned);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const directory = `https://localhost:${port}/dir`;
    const described = await answering(directory, ca.certificate, child, () => output);
    const root = await get(`https://localhost:${management}/roots/0`, ca.certificate);
    return { directory, tlsCa: ca.certificate, root, isModern: described.includes("renewalInfo"), close };
  } catch (error) {
    await close();
    throw error;
  }
};
