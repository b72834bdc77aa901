import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { bundle } from "../../build.ts";
import { timed } from "../runs.ts";
import type { BenchAuthority, BenchInternet } from "./internet.ts";
import { type Issuance, OURS } from "./report.ts";

/** Somebody who gets a certificate, each time with a new account, in a process of its own. Rejects with what it said when it fails. */
export interface Client {
  readonly title: string;
  readonly isHere: () => boolean;
  readonly issue: (internet: BenchInternet, ca: BenchAuthority) => Promise<Issuance>;
}

/** Bundles what is measured. Resolves to its file. */
const bundleInto = async (folder: string): Promise<string> => {
  const outdir = join(folder, "issuance");
  await bundle(outdir, "scripts/bench/issuance/issue.ts");
  await writeFile(join(outdir, "package.json"), '{ "type": "module" }\n');
  return join(outdir, "issue.js");
};

const ours = (file: string): Client => ({
  title: OURS,
  isHere: () => true,
  issue: async (internet, ca) => {
    const { seconds, stdout } = await timed(process.execPath, [file], {
      BENCH_ISSUANCE: JSON.stringify({ internet, ca }),
    });
    return { seconds, inside: (JSON.parse(stdout) as { readonly seconds: number }).seconds };
  },
});

const says = (command: string, args: readonly string[], words: string): boolean =>
  String(spawnSync(command, args).stdout ?? "").includes(words);

/** Runs a command with a directory for what it keeps, in which `ca.pem` lets it trust the CA. */
const afresh = async (
  folder: string,
  { tlsCa }: BenchAuthority,
  run: (home: string) => Promise<Issuance>,
): Promise<Issuance> => {
  const home = await mkdtemp(join(folder, "client-"));
  try {
    await writeFile(join(home, "ca.pem"), tlsCa);
    return await run(home);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
};

/** Its own look at the propagation, and all waiting that it lets itself be talked out of, turned off. */
const lego = (folder: string): Client => ({
  title: "lego",
  isHere: () => says("lego", ["--version"], "lego"),
  issue: ({ zone, nameServer, key, resolver }, ca) =>
    afresh(folder, ca, async (home) => {
      const { seconds } = await timed(
        "lego",
        [
          ...["--server", ca.directory, "--accept-tos", "--email", `bench@${zone}`, "--path", home],
          ...["--key-type", "ec256", "--dns", "rfc2136", "--dns.resolvers", resolver, "--dns.disable-cp"],
          ...["--domains", `*.${zone}`, "--domains", zone, "run"],
        ],
        {
          LEGO_CA_CERTIFICATES: join(home, "ca.pem"),
          RFC2136_NAMESERVER: nameServer,
          RFC2136_TSIG_KEY: key.name,
          RFC2136_TSIG_SECRET: key.secret,
          RFC2136_TSIG_ALGORITHM: `${key.algorithm}.`,
          RFC2136_POLLING_INTERVAL: "0",
          RFC2136_SEQUENCE_INTERVAL: "0",
          RFC2136_PROPAGATION_TIMEOUT: "5",
        },
      );
      return { seconds };
    }),
});

const certbot = (folder: string): Client => ({
  title: "certbot",
  // The plugin comes separately.
  isHere: () => says("certbot", ["--help", "dns-rfc2136"], "--dns-rfc2136-credentials"),
  issue: ({ zone, nameServer, key }, ca) =>
    afresh(folder, ca, async (home) => {
      const credentials = join(home, "rfc2136.ini");
      const [server, port] = nameServer.split(":");
      const { name, algorithm, secret } = key;
      const settings = { server, port, name, secret, algorithm: algorithm.toUpperCase() };
      const lines = Object.entries(settings).map(([setting, value]) => `dns_rfc2136_${setting} = ${value}\n`);
      await writeFile(credentials, lines.join(""), { mode: 0o600 });
      const { seconds } = await timed(
        "certbot",
        [
          ...["certonly", "--non-interactive", "--agree-tos", "--register-unsafely-without-email"],
          ...["--server", ca.directory, "--key-type", "ecdsa", "-d", `*.${zone}`, "-d", zone],
          ...["--dns-rfc2136", "--dns-rfc2136-credentials", credentials, "--dns-rfc2136-propagation-seconds", "0"],
          ...["--config-dir", home, "--work-dir", home, "--logs-dir", home],
        ],
        { REQUESTS_CA_BUNDLE: join(home, "ca.pem") },
      );
      return { seconds };
    }),
});

/** We first. */
export const clientsIn = async (folder: string): Promise<readonly [Client, ...Client[]]> => [
  ours(await bundleInto(folder)),
  lego(folder),
  certbot(folder),
];
