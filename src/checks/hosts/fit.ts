import { fail, ok } from "../../core/check.ts";
import type { Evidence } from "../../ports/facts.ts";
import { few } from "../../ports/few.ts";
import { conditionOf, describe, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { healthCheck } from "../health-check.ts";
import { knativeServices } from "../services.ts";
import { type GivenHost, hostOfMapping, hostsOfService, MAPPINGS, whose } from "./given.ts";

/** RFC 1035 section 2.3.4 */
const MOST_OF_A_LABEL = 63;
const MOST_OF_A_NAME = 253;

const isTooLong = ({ host }: Pick<GivenHost, "host">): boolean =>
  host.length > MOST_OF_A_NAME || host.split(".").some((label) => label.length > MOST_OF_A_LABEL);

/** Knative gives no URL out that the DNS cannot hold, its own or a tag's: the Route says which, and the Service after it. */
const REFUSED = /invalid domain name "([^"]+)"/;

const refusedOf = (service: KubeObject): readonly string[] =>
  ["RoutesReady", "Ready"].flatMap((type) => REFUSED.exec(textAt(conditionOf(service, type), "message"))?.[1] ?? []);

interface Long {
  readonly words: string;
  readonly evidence: Evidence;
}

const told = (one: GivenHost): Long => ({
  words: whose(one),
  evidence: { object: refOf(one.object), field: one.field, observed: one.host },
});

const longOf = (service: KubeObject): readonly Long[] => {
  const [refused] = refusedOf(service);
  const there = hostsOfService(service).filter(isTooLong).map(told);
  if (there.length > 0 || refused === undefined) return there;
  const evidence = { object: refOf(service), field: "condition RoutesReady", observed: refused };
  return [{ words: describe(service), evidence }];
};

export const hostsFit = healthCheck({
  id: "services.hosts",
  title: "Every host is one that the DNS can hold",
  needs: ["knative.installed"],
  reads: ["Service.serving.knative.dev", MAPPINGS],
  meaning:
    "A label of a host is longer than 63 letters, or the host longer than 253: no name server answers for it, no CA signs it, and Knative gives it out to nobody. A tag makes a longer one: `TAG-NAME`.",
  todo: "Give the Service, its tag or its namespace a shorter name; with the flat template all of them make one label.",
  threads: ["knative/serving#5152", "knative/serving#14250"],
  run: async (ctx) => {
    const [services, mappings] = await Promise.all([
      knativeServices(ctx),
      ctx.cluster.list({ apiVersion: "serving.knative.dev/v1beta1", kind: "DomainMapping" }),
    ]);
    const long = [...services.flatMap(longOf), ...mappings.map(hostOfMapping).filter(isTooLong).map(told)];
    if (long.length === 0) return ok(`${services.length + mappings.length} hosts`);
    return fail(
      `the host of ${few(long.map(({ words }) => words))} is longer than the DNS allows`,
      { text: "Give it a shorter name: a label has at most 63 letters, a host 253; a tag counts, too." },
      { evidence: long.map(({ evidence }) => evidence) },
    );
  },
});
