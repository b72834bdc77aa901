import { skipped } from "../core/check.ts";
import { type Expectation, everywhere, rememberServers } from "../dns/propagation.ts";
import { PUBLISHED, recordSetsIn } from "../dns/published.ts";
import { parsed } from "../kube/choices.ts";
import { STATE } from "../kube/prior.ts";
import { at, dataOf, textAt } from "../ports/object.ts";
import { absolute, type Zone } from "../ports/zones.ts";
import { healthCheck } from "./health-check.ts";
import { silenceOf } from "./outside/view.ts";

export const recordsPropagated = healthCheck({
  id: "dns.propagated",
  title: "Every name server answers with the gateway's address",
  pollMs: 500,
  needs: ["ingress.address"],
  reads: ["ConfigMap", "dns"],
  meaning: "Names of Services lead nowhere, or elsewhere: for some people, or for all of them.",
  todo: "Wait for a change that was just made. If it stays, look at what the named server answers, at who else writes the records, and whether the zone is delegated to these servers.",
  run: async ({ cluster, resolver, signal, onSlow }, memory) => {
    if (!resolver) return skipped("the DNS is not looked at");
    const kept = parsed(dataOf(await cluster.get(STATE))[PUBLISHED]);
    const name = textAt(kept, "zone", "name");
    const sets = recordSetsIn(at(kept, "sets"));
    if (name === "" || sets.length === 0) return skipped("no record was published from here");
    if (resolver.inOrder && (await silenceOf(resolver, signal))) return skipped("the resolver does not answer");
    const expectations = sets.map(
      (set): Expectation => ({
        name: absolute({ name } as Zone, set.name),
        type: set.type,
        values: set.values,
        match: set.values.length === 0 ? "any" : "exact",
      }),
    );
    return everywhere(resolver, name, expectations, { signal, onSlow, serversOf: rememberServers(resolver, memory) });
  },
});
