import { type Finding, fail, skipped, warn } from "../../core/check.ts";
import { dig } from "../../ports/dig.ts";
import type { RecordType, Resolver } from "../../ports/dns.ts";
import { addressInName } from "../outside/domains.ts";
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
  todo: "Publish the wildcard record of the domain, or look at what its name leads to instead. For a name of magic DNS that the resolver keeps back, ask another resolver.",
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

/** Resolvers keep back private addresses that a public name has (protection against DNS rebinding, RFC 1918). */
const keptBack = (name: string, inName: string, { server }: Resolver): Finding =>
  warn(
    `the resolver ${server} has no address for ${name}, which magic DNS answers with ${inName}`,
    {
      text: "Many resolvers keep back addresses of private networks and of the machine itself. Ask without it; where that has the address, let the resolver answer, or use another.",
      command: dig(["+trace"], name),
    },
    { evidence: [{ field: `${name} at ${server}`, expected: inName }] },
  );

const nowhere = (name: string, resolver: Resolver, { address }: Target): Finding => {
  const inName = addressInName(name);
  if (inName !== undefined) return keptBack(name, inName, resolver);
  return fail(
    `${name} has no address in the DNS`,
    {
      text: address
        ? `Publish a wildcard record for its domain that leads to ${address.hosts.join(", ")}, and ask again.`
        : "Publish a wildcard record for its domain, and ask again.",
      command: dig([], name, resolver.server),
    },
    { evidence: [{ field: name, expected: address?.hosts.join(", ") }] },
  );
};
