import type { HealthContext } from "../../checks/health-check.ts";
import type { Resolver } from "../../ports/dns.ts";
import type { Ask, Asked, Questions } from "./questions.ts";
import { shortened, shortLines, withoutSecrets } from "./redacted.ts";

type Answering = {
  readonly [A in Asked]: (of: Questions[A]["of"], signal?: AbortSignal) => Promise<Questions[A]["answer"]>;
};

/** Asks the world itself. What nobody needs to see goes before anybody has looked: a recording gives the same findings. */
export const askWorld = (ctx: HealthContext & { readonly resolver: Resolver }): Ask => {
  const { cluster, resolver, probe } = ctx;
  const answering: Answering = {
    version: cluster.version,
    account: cluster.account,
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
      server === undefined ? resolver.ask(name, type, signal) : resolver.askServer(server, name, type, signal),
    probe: async (request, signal) => shortened(await probe({ ...request, ...(signal ? { signal } : {}) })),
  };
  return (asked, of, signal) => answering[asked](of, signal);
};
