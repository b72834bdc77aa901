import { type Finding, fail, ok, skipped } from "../../core/check.ts";
import { choosesPods } from "../../kube/selected.ts";
import { at, describe, isRecord, type KubeObject, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { FOUND_BY, findInstallation } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { standingOf } from "../standing.ts";

export const gatewayHasEndpoints = healthCheck({
  id: "ingress.endpoints",
  title: "The gateway's Service leads to pods that are ready",
  needs: ["ingress.deployments"],
  reads: [
    ...FOUND_BY,
    "Deployment.apps",
    "DaemonSet.apps",
    "Service",
    "Gateway.gateway.networking.k8s.io",
    "Pod",
    "EndpointSlice.discovery.k8s.io",
  ],
  meaning: "The gateway runs, and its Service leads to none of its pods: every connection to its address is refused.",
  todo: "Give the Service the labels of the gateway's pods as its selector: the finding shows both.",
  run: async ({ cluster }) => {
    const found = await findInstallation(cluster);
    const there = await standingOf(cluster, found);
    const service = there?.service?.kind === "Service" ? await cluster.get(there.service) : undefined;
    if (!service) return skipped("the gateway has no Service that we know");
    const selector = at(service, "spec", "selector");
    if (!isRecord(selector) || Object.keys(selector).length === 0)
      return skipped(`${describe(service)} has no selector: somebody else writes where it leads`);
    const { name, namespace = "" } = service.metadata;
    const [slices, pods] = await Promise.all([
      cluster.list({
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        namespace,
        labelSelector: `kubernetes.io/service-name=${name}`,
      }),
      cluster.list({ apiVersion: "v1", kind: "Pod", namespace }),
    ]);
    const ready = slices
      .flatMap(({ endpoints }) => (Array.isArray(endpoints) ? endpoints : []))
      // An absent one counts as ready (EndpointConditions).
      .filter((endpoint) => at(endpoint, "conditions", "ready") !== false).length;
    return ready > 0
      ? ok(`${describe(service)} leads to ${ready} ready ${ready === 1 ? "endpoint" : "endpoints"}`)
      : leadsNowhere(service, pods);
  },
});

const leadsNowhere = (service: KubeObject, pods: readonly KubeObject[]): Finding => {
  const { name, namespace } = service.metadata;
  const evidence = [{ object: refOf(service), field: ".spec.selector", observed: at(service, "spec", "selector") }];
  if (pods.some(({ metadata }) => choosesPods(service, metadata.labels)))
    return fail(
      `${describe(service)} has no ready endpoint, though it selects pods`,
      {
        text: "See which of its pods are ready, and whether they have the ports that it leads to:",
        command: sh`kubectl describe service ${name} ${inNamespace(namespace)}`,
      },
      { evidence },
    );
  return fail(
    `${describe(service)} selects no pod`,
    {
      text: "Compare its selector with the labels of the gateway's pods, and make them agree:",
      command: sh`kubectl get pods ${inNamespace(namespace)} --show-labels`,
    },
    {
      evidence: [
        ...evidence,
        ...pods.map((pod) => ({ object: refOf(pod), field: ".metadata.labels", observed: pod.metadata.labels ?? {} })),
      ],
    },
  );
};
