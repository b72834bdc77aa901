import type { Written } from "../../config/complete.ts";
import { problemWith, readAs } from "./naming.ts";
import type { Choice, Known, Question } from "./question.ts";
import { needsNamespaces } from "./settle.ts";
import type { Sight } from "./sight.ts";

interface Way extends Choice {
  readonly written: Written;
}

/** Every way to the gateway that can work here, the likeliest first. */
export const waysTo = ({ addresses, loadBalancers, cloud }: Sight): readonly Way[] => {
  const [external] = addresses.external;
  const balancer: Way = {
    id: "loadbalancer",
    title: "A load balancer",
    hint: `On ports 80 and 443. It needs something that makes one: ${loadBalancers.because}.`,
    written: { expose: "loadbalancer" },
  };
  const nodes: Way = {
    id: "nodeport",
    title: "Ports 31080 and 31443 of the nodes",
    hint:
      cloud?.id === "kind"
        ? "kind-config.yaml leads ports 80 and 443 of this machine there."
        : `At ${external}; URLs have the port where nothing leads to it from 443.`,
    written: { expose: "nodeport" },
  };
  const inside = addresses.internal.slice(0, 1).map((address) => ({
    id: "inside",
    title: `Ports 80 and 443 at ${address}`,
    hint: "The first node's address, where something of yours leads them to ports 31080 and 31443.",
    written: { expose: "nodeport", address } as const,
  }));
  if (loadBalancers.work === "yes") return [balancer];
  const others = cloud?.id === "kind" || external !== undefined ? [nodes] : inside;
  return loadBalancers.isLikely ? [balancer, ...others] : [...others, balancer];
};

export const isClear = ({ loadBalancers, cloud }: Sight): boolean =>
  loadBalancers.work === "yes" || (loadBalancers.work === "no" && cloud?.id === "kind");

/** What needs no question: how it was, or the only way there is. */
export const exposureOf = (known: Pick<Known, "sight" | "before">): Written => {
  const { expose, address } = known.before;
  if (known.sight.installed && expose !== undefined) return { expose, ...(address ? { address } : {}) };
  return waysTo(known.sight)[0]?.written ?? {};
};

export const exposure: Question = {
  id: "expose",
  title: "Way there",
  owns: ["expose", "address"],
  isAsked: ({ sight }) => !isClear(sight) && sight.installed?.expose === undefined,
  ask: async ({ sight }, asker) => {
    const ways = waysTo(sight);
    const { id } = await asker.choice({
      message: "How is the gateway reached?",
      help: `Whether load balancers work here cannot be seen: ${sight.loadBalancers.because}. ${sight.loadBalancers.lookAt ?? ""}`.trim(),
      initial: ways[0]?.id ?? "loadbalancer",
      forms: 1,
      choices: ways,
    });
    return ways.find((way) => way.id === id)?.written ?? {};
  },
};

export const namespaces: Question = {
  id: "namespaces",
  title: "Namespaces",
  owns: ["namespaces"],
  isAsked: ({ written }) => needsNamespaces(written),
  ask: async ({ sight, before, written }, asker) => {
    const initial = before.namespaces?.length ? before.namespaces : sight.served.length ? sight.served : ["default"];
    const text = await asker.text({
      message: "Which namespaces get a certificate?",
      help: `Names with commas between; there ${are(sight.namespaces)}.`,
      initial: initial.join(","),
      problem: (typed) =>
        problemWith("namespaces", typed, (value) => ({ ...written, namespaces: value as readonly string[] })),
    });
    return { namespaces: readAs("namespaces", text) as readonly string[] };
  },
};

const SHOWN = 8;
const are = (names: readonly string[]): string => {
  if (names.length === 0) return "is default";
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  return `${names.length === 1 ? "is" : "are"} ${names.slice(0, SHOWN).join(", ")}${more}`;
};
