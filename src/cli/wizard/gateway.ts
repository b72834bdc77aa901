import type { Written } from "../../config/complete.ts";
import { ids, ingressProvider } from "../../ingress/index.ts";
import type { Choice, Question } from "./question.ts";
import type { Sight } from "./sight.ts";

interface Way extends Choice {
  readonly written: Written;
}

/** What can be the gateway here. Beside an Istio of somebody else's no other one is installed: one of its gateways serves. */
export const gatewaysFor = ({ gateways }: Pick<Sight, "gateways">): readonly Way[] =>
  ids.flatMap((ingress): readonly Way[] => {
    const { title, hint = "", adoption } = ingressProvider(ingress);
    if (!adoption || gateways.length === 0) return [{ id: ingress, title, hint, written: { ingress } }];
    return gateways.map((istioGateway) => ({
      id: `${ingress} ${istioGateway}`,
      title: `${title} that is here, at its gateway ${istioGateway}`,
      hint: "Only Knative's own objects are written; that Istio stays as it is.",
      written: { ingress, istioGateway },
    }));
  });

export const gateway: Question = {
  id: "ingress",
  title: "Gateway",
  owns: ["ingress", "istioGateway"],
  isAsked: ({ before }) => before.ingress === undefined,
  ask: async ({ sight }, asker) => {
    const ways = gatewaysFor(sight);
    const { id } = await asker.choice({
      message: "Which gateway?",
      help: "It takes the requests from outside and leads them to your Services.",
      initial: ways[0]?.id ?? "",
      forms: 1,
      choices: ways,
    });
    return ways.find((way) => way.id === id)?.written ?? {};
  },
};
