import type { HealthContext } from "../../checks/health-check.ts";
import type { ZonesOptions } from "../../dns/provider.ts";
import type { ClusterCarrier } from "../../ports/cluster.ts";
import { NoAnswer, type Resolver } from "../../ports/dns.ts";
import type { Learn } from "../../ports/secrets.ts";
import { askAuthorities } from "./authorities.ts";
import { inTime } from "./in-time.ts";
import type { Ask, Asked, Questions } from "./questions.ts";
import { shortened, shortLines, withoutSecrets } from "./redacted.ts";
import { askZones } from "./zones.ts";

/** What only the maker of a canary can answer. */
export type OfCanary = "canary" | "settled" | "later";

type Answering = {
  readonly [A in Exclude<Asked, OfCanary>]: (
    of: Questions[A]["of"],
    signal?: AbortSignal,
  ) => Promise<Questions[A]["answer"]>;
};

export type World = Omit<HealthContext, "cluster" | "records"> & {
  readonly env: ZonesOptions["env"];
  readonly learn: Learn;
  readonly cluster: HealthContext["cluster"] & ClusterCarrier;
  readonly resolver: Resolver;
};

/** Asks the world itself. What nobody needs to see goes before anybody has looked: a recording gives the same findings. */
export const askWorld = (ctx: World): Ask => {
  const { cluster, resolver, probe } = ctx;
  const authorities = askAuthorities(ctx.createAuthority);
  const answering: Answering = {
    version: cluster.version,
    account: cluster.account,
    skew: async () => cluster.skewMs() ?? null,
    resources: cluster.resources,
    resource: async ({ apiVersion, kind }) => (await cluster.resource(apiVersion, kind)) ?? null,
    list: async (query) => (await cluster.list(query)).map(withoutSecrets),
    get: async (ref) => {
      const found = await cluster.get(ref);
      return found ? withoutSecrets(found) : null;
    },
    can: cluster.can,
    logs: async (query) => shortLines(await cluster.logs(query)),
    dns: ({ name, type, server }, signal) =>
      whenLong(() =>
        inTimeOf(server ?? resolver.server, signal, (until) =>
          server === undefined ? resolver.ask(name, type, until) : resolver.askServer(server, name, type, until),
        ),
      ),
    unchecked: ({ name, type }, signal) =>
      inTimeOf(resolver.server, signal, (until) => resolver.askUnchecked(name, type, until)),
    ...askZones(ctx),
    directory: authorities.directory,
    renewalInfo: authorities.renewalInfo,
    probe: async (request, signal) => shortened(await probe({ ...request, ...(signal ? { signal } : {}) })),
    timed: (request, signal) =>
      timed(async () => shortened(await probe({ ...request, ...(signal ? { signal } : {}) }))),
    through: (request) => timed(async () => shortened(await cluster.askThrough(request))),
  };
  return ((asked, of, signal) => {
    const answer = answering[asked as keyof Answering] as
      | ((of: unknown, signal?: AbortSignal) => Promise<never>)
      | undefined;
    if (!answer) throw new Error(`there is no canary that could be asked for ${asked}`);
    return answer(of, signal);
  }) as Ask;
};

/** With whole milliseconds. */
const timed = async <T extends object>(asking: () => Promise<T>): Promise<T & { readonly ms: number }> => {
  const began = performance.now();
  const answer = await asking();
  return { ...answer, ms: Math.round(performance.now() - began) };
};

/** Shorter times are left out: a look that is repeated is to give the same. */
const LONG_MS = 1_000;

/** With how long it took, where that was long. */
const whenLong = async <T extends object>(asking: () => Promise<T>): Promise<T & { readonly ms?: number }> => {
  const { ms, ...answer } = await timed(asking);
  return { ...(answer as unknown as T), ...(ms >= LONG_MS ? { ms } : {}) };
};

/** How long one question to the DNS may take, in milliseconds: a packet or two may be lost, and then TCP is tried. */
const DNS_MS = 5_000;

const inTimeOf = <T>(server: string, signal: AbortSignal | undefined, ask: (until: AbortSignal) => Promise<T>) => {
  const late = (cause: unknown) => new NoAnswer(server, `${server} has not answered within ${DNS_MS / 1000} s`, cause);
  return inTime(DNS_MS, signal, late, ask);
};
