import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asksAcmeCa, provesByDns } from "../certificates/index.ts";
import type { Config } from "../config/config.ts";
import { dnsProvider, providers } from "../dns/index.ts";
import type { DnsProvider } from "../dns/provider.ts";
import type { Resolver } from "../ports/dns.ts";
import { NoAnswer } from "../ports/dns.ts";
import type { RecordsTask } from "../ports/facts.ts";
import { zoneValue } from "../ports/zone-file.ts";
import type { Internet } from "../sandbox/internet.ts";
import type { CommandContext } from "./context.ts";

/** The rehearsal's DNS, DNS providers and CA, as a process finds them; data, so that it can be another one. */
export interface Surroundings {
  /** `127.0.0.1:PORT` of the recursive resolver. */
  readonly resolver: string;
  /** From the address of a name server to `127.0.0.1:PORT`. */
  readonly connectTo: ReadonlyMap<string, string>;
  /** URL of the ACME directory. */
  readonly directory: string;
  /** PEM of the CA that the ACME server's https is verified with. */
  readonly tlsCa: string;
  /** PEM of the root that its certificates lead to. */
  readonly root: string;
  /** Credentials for the DNS providers. */
  readonly env: Readonly<Record<string, string>>;
}

/** The same of an internet in this process. */
export const surroundingsOf = ({ dns, acme, env }: Internet): Surroundings => ({
  resolver: dns.resolver,
  connectTo: dns.connectTo,
  directory: acme.directory,
  tlsCa: acme.tlsCa,
  root: acme.root,
  env,
});

type Ways = Pick<CommandContext["adapters"], "createResolver" | "createAuthority" | "createProbe">;

/** The ways out, each to the rehearsal instead. Whichever CA is asked for, its own answers, under the URL that it was asked for by. */
export const throughInternet = (
  ways: Ways,
  { resolver, connectTo, directory, tlsCa, root }: Omit<Surroundings, "env">,
): Ways => ({
  createResolver: async (options) => rehearsed(await ways.createResolver({ ...options, server: resolver, connectTo })),
  createAuthority: async (options) => ({
    ...(await ways.createAuthority({ ...options, directory, ca: tlsCa })),
    url: options.directory,
  }),
  createProbe: (options) => ways.createProbe({ ...options, root }),
});

/** `AWS_`, `RFC2136_`: how the variables begin that lead to somebody's zones. */
const leading: readonly string[] = providers.flatMap(({ variables = [] }: DnsProvider) =>
  variables.map((name) => name.slice(0, name.indexOf("_") + 1)),
);

/** An environment whose way to DNS providers is this one alone: a profile, a session or an endpoint of somebody's own would lead elsewhere. */
export const envIn = (env: CommandContext["env"], ours: Surroundings["env"]): CommandContext["env"] => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !leading.some((start) => name.startsWith(start)))),
  ...ours,
});

/** The zone that these options write to; undefined: they ask no name server and no CA. */
export const zoneFor = ({ domain, dns }: Config): string | undefined =>
  domain && dnsProvider(dns) ? zoneAbove(domain) : undefined;

/**
 * The same command, but DNS, DNS provider and CA are the rehearsal's. `folder` is for what options name as files; `asPerson` does what the
 * screen asks a person for.
 */
export const inSurroundings = async (
  ctx: CommandContext,
  surroundings: Surroundings,
  folder: string,
  asPerson: (task: RecordsTask) => void,
): Promise<CommandContext> => ({
  ...ctx,
  env: envIn(ctx.env, surroundings.env),
  config: await atOurCa(ctx.config, surroundings, folder),
  // A person who does what the screen asks for.
  stdinIsTTY: true,
  emit: (event) => {
    ctx.emit(event);
    if (event.type === "person") asPerson(event);
  },
  adapters: { ...ctx.adapters, ...throughInternet(ctx.adapters, surroundings) },
});

const rehearsed = (resolver: Resolver): Resolver => ({
  ...resolver,
  isRehearsed: true,
  ask: (...question) =>
    resolver.ask(...question).catch((error: unknown) => {
      throw error instanceof NoAnswer ? new NoAnswer(error.server, error.message, error.cause, true) : error;
    }),
});

/** A controller in the cluster is told which root to trust; we are told by the adapter, as everybody trusts a public CA. */
const atOurCa = async (config: Config, { directory, tlsCa, root }: Surroundings, folder: string): Promise<Config> => {
  if (provesByDns(config)) return { ...config, acmeDirectory: directory };
  if (!asksAcmeCa(config)) return config;
  const acmeCaFile = join(folder, "roots.pem");
  await writeFile(acmeCaFile, `${tlsCa}${root}`);
  return { ...config, acmeDirectory: directory, acmeCaFile };
};

/** `example.com` for `apps.example.com`. */
const zoneAbove = (domain: string): string => {
  const parent = domain.slice(domain.indexOf(".") + 1);
  return parent.includes(".") ? parent : domain;
};

/** With `--dns manual`, this is who keeps the zone. */
export const doAsAsked = ({ zones }: Internet, { action, records }: RecordsTask): void => {
  const [zone] = zones;
  for (const { name, type, ttl, values } of records) {
    const asked = values.map((value) => zoneValue(type, value));
    const others = (zone?.records.get(name, type)?.values ?? []).filter((value) => !asked.includes(value));
    const wanted = action === "publish" ? [...others, ...asked] : others;
    if (wanted.length > 0) zone?.records.set({ name, type, ttl, values: wanted });
    else zone?.records.delete(name, type);
  }
};
