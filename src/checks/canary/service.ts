import { fail, ok, skipped } from "../../core/check.ts";
import { describe, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { verdictOf } from "./answer.ts";
import { hop, seconds, timeText } from "./context.ts";
import { RIGHTS, unseen } from "./gateway.ts";
import { plainPort, publishedBy } from "./way.ts";

export const canaryService = hop({
  id: "canary.service",
  title: "The gateway's Service leads to its pods",
  needs: ["canary.gateway"],
  reads: ["Service.serving.knative.dev", "Ingress.networking.internal.knative.dev", "Service", "probe"],
  meaning:
    "Each pod of the gateway knows the way, and its Service does not lead to them: selector, ports or endpoints do not fit.",
  todo: "Compare the Service's selector and target ports with the pods' labels and ports.",
  walk: async (at) => {
    const { ctx, host } = at;
    const { service: ref } = await publishedBy(at);
    const service = ref && (await ctx.cluster.get(ref));
    const port = plainPort(service);
    if (!ref || !service || port === undefined) return skipped("the ingress names no Service with a port for http");
    const { namespace = "", name } = ref;
    const asking = ctx.canary.through({ kind: "Service", namespace, name, port, host });
    const verdict = await verdictOf(asking, ctx.canary.greeting, ctx.signal);
    const address = textAt(service, "spec", "clusterIP");
    switch (verdict.is) {
      case "good":
        return ok(`${describe(ref)} (${address}) ${verdict.how} within ${timeText(verdict.ms)}`, {
          facts: { seconds: seconds(verdict.ms) },
        });
      case "unseen":
        return unseen(`the API server was to ask the gateway's Service: ${verdict.why}`, RIGHTS);
      case "bad":
        return fail(
          `${describe(ref)} ${verdict.what} for ${host}, although each of the gateway's pods is right`,
          {
            text: "Compare its selector and ports with its endpoints.",
            command: sh`kubectl get endpointslices ${inNamespace(namespace)} -l ${`kubernetes.io/service-name=${name}`} -o wide`,
          },
          { evidence: [{ object: ref, field: `answer at port ${port}`, observed: verdict.what, expected: 200 }] },
        );
    }
  },
});
