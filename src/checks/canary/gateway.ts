import { type Finding, fail, ok } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import { conditionOf, describe, isRecord, type KubeObject, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { verdictOf } from "./answer.ts";
import { hop, type Standing, seconds, timeText } from "./context.ts";
import { plainPort, publishedBy, targetPort } from "./way.ts";

/** Of a large gateway these tell enough. */
const MOST_PODS = 20;

export const canaryGateway = hop({
  id: "canary.gateway",
  title: "Each pod of the gateway knows the way to it",
  needs: ["canary.ready"],
  symptomOf: ["ingress.deployments", "network.class"],
  reads: ["Service.serving.knative.dev", "Ingress.networking.internal.knative.dev", "Service", "Pod", "probe"],
  meaning:
    "A pod of the gateway was not programmed, or does not run: requests fail always, or as often as they come to that pod.",
  todo: "Look at the ingress controller's log and at the pod that the finding names; deleting that pod makes it anew.",
  threads: ["knative/serving#6793", "knative/serving#12371"],
  walk: async (at) => {
    const { ctx } = at;
    const { kingress, service: ref } = await publishedBy(at);
    const look = { text: "See what the ingress says of it.", command: lookAt(kingress) };
    if (!ref) return unseen(`${describe(kingress)} names no Service of a gateway`, look);
    const service = await ctx.cluster.get(ref);
    if (!service)
      return fail(`${describe(ref)}, where ${describe(kingress)} says that it is answered, does not exist`, look);
    const selector = isRecord(service.spec) ? service.spec.selector : undefined;
    const port = plainPort(service);
    if (!isRecord(selector) || port === undefined)
      return unseen(`${describe(ref)} has no selector, or no port for http: its pods cannot be told`, look);
    const pods = (await podsBehind(at, ref.namespace ?? "", selector)).slice(0, MOST_PODS);
    if (pods.length === 0)
      return fail(
        `no pod behind ${describe(ref)} is ready`,
        { text: "See why.", command: sh`kubectl get pods ${inNamespace(ref.namespace)} -o wide` },
        { evidence: [{ object: ref, field: ".spec.selector", observed: selector }] },
      );
    return judge(at, await Promise.all(pods.map((pod) => ask(at, pod, targetPort(service, port, pod) ?? port))));
  },
});

type Asked = Awaited<ReturnType<typeof ask>>;

const podsBehind = async ({ ctx }: Standing, namespace: string, selector: object): Promise<readonly KubeObject[]> => {
  const labelSelector = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const pods = await ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector });
  return pods
    .filter((pod) => !pod.metadata.deletionTimestamp && conditionOf(pod, "Ready")?.status === "True")
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
};

const ask = async ({ ctx, host }: Standing, pod: KubeObject, port: number) => {
  const { namespace = "", name } = pod.metadata;
  const asking = ctx.canary.through({ kind: "Pod", namespace, name, port, host });
  return { pod, port, verdict: await verdictOf(asking, ctx.canary.greeting, ctx.signal) };
};

const judge = ({ host }: Standing, asked: readonly Asked[]): Finding => {
  const bad = asked.flatMap(({ pod, port, verdict }) => (verdict.is === "bad" ? [{ pod, port, verdict }] : []));
  const [first] = bad;
  if (first) {
    const { namespace, name } = first.pod.metadata;
    const others = asked.length - bad.length;
    return fail(
      `pod ${namespace}/${name} ${first.verdict.what} for ${host}${others > 0 ? `; ${others} of ${asked.length} pods of the gateway do not` : ""}`,
      {
        text: "See what it says, and whether the ingress controller has told it of the Service.",
        command: sh`kubectl logs ${name} ${inNamespace(namespace)} --tail=20`,
      },
      {
        ...(first.verdict.status === undefined ? {} : { facts: { status: first.verdict.status } }),
        evidence: bad.map(({ pod, port, verdict }) => ({
          object: refOf(pod),
          field: `answer at port ${port}`,
          observed: verdict.status ?? verdict.what,
          expected: 200,
        })),
      },
    );
  }
  const dark = asked.find(({ verdict }) => verdict.is === "unseen")?.verdict;
  if (dark?.is === "unseen") return unseen(`the API server was to ask the gateway's pods: ${dark.why}`, RIGHTS);
  const good = asked.flatMap(({ pod, verdict }) => (verdict.is === "good" ? [{ pod, verdict }] : []));
  const ms = Math.max(...good.map(({ verdict }) => verdict.ms));
  const names = few(good.map(({ pod }) => pod.metadata.name));
  return ok(`${names} ${good[0]?.verdict.how} within ${timeText(ms)}`, { facts: { seconds: seconds(ms) } });
};

export const RIGHTS = {
  text: "It takes the right to get pods/proxy and services/proxy, and a server that reaches pods.",
  command: sh`kubectl auth can-i get pods/proxy -A`,
};

export const unseen = (summary: string, remedy: Remedy): Finding => ({
  status: "unknown",
  summary,
  remedy,
});

export const lookAt = ({ namespace, name }: { readonly namespace?: string; readonly name: string }) =>
  sh`kubectl get kingress ${name} ${inNamespace(namespace)} -o yaml`;
