import { type Finding, fail, skipped } from "../../core/check.ts";
import { dig } from "../../ports/dig.ts";
import type { RecordType, Resolver } from "../../ports/dns.ts";
import { type Asked, judgePlaces, TARGET_BY, type Target, targetOf } from "./address.ts";
import { hop, type Standing } from "./context.ts";
import { askPlace } from "./place.ts";

/** Names that are answered inside a cluster alone. */
const INSIDE = /\.svc(\.|$)|\.cluster\.local$/;

export const canaryName = hop({
  id: "canary.name",
  title: "It answers by its name",
  needs: ["canary.address"],
  symptomOf: ["dns.signed", "domain.default", "domain.public", "dns.propagated", "dns.resolver"],
  reads: [...TARGET_BY, "probe", "dns"],
  meaning:
    "The gateway's address answers, and the name does not lead to it: the DNS has nothing there, or something else.",
  todo: "Publish the wildcard record of the domain, or look at what its name leads to instead.",
  walk: async (at) => {
    const { resolver, signal } = at.ctx;
    const name = at.host.replace(/:\d+$/, "");
    if (INSIDE.test(name)) return skipped(`${name} is a name inside the cluster`);
    if (!resolver) return skipped("no DNS is asked here");
    const places = await addressesBehind(resolver, name, signal);
    const target = await targetOf(at);
    if (places.length === 0) return nowhere(name, resolver, target);
    return judgePlaces(at, await askEach(at, places, target), `what ${name} leads to in the DNS`);
  },
});

const askEach = (at: Standing, places: readonly string[], { address, certificate, found }: Target) => {
  const { http, https } = address ?? { http: 80, https: 443 };
  return Promise.all(
    places.map(
      async (place): Promise<Asked> => ({
        place,
        port: at.url.startsWith("https:") ? https : http,
        verdict: await askPlace(at, place, { http, https }, certificate, found.root),
      }),
    ),
  );
};

const addressesBehind = async (resolver: Resolver, name: string, signal: AbortSignal): Promise<readonly string[]> => {
  const types: readonly RecordType[] = ["A", "AAAA"];
  const answers = await Promise.all(types.map((type) => resolver.ask(name, type, signal)));
  return answers.flatMap(({ answers: records }) =>
    records.filter(({ type }) => types.some((one) => one === type)).map(({ value }) => value),
  );
};

const nowhere = (name: string, { server }: Resolver, { address }: Target): Finding =>
  fail(
    `${name} has no address in the DNS`,
    {
      text: address
        ? `Publish a wildcard record for its domain that leads to ${address.hosts.join(", ")}, and ask again.`
        : "Publish a wildcard record for its domain, and ask again.",
      command: dig([], name, server),
    },
    { evidence: [{ field: name, expected: address?.hosts.join(", ") }] },
  );
