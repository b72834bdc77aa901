import { type Check, type Finding, fail, ok, type ReadContext, warn } from "../../core/check.ts";
import { ApiError } from "../../ports/cluster.ts";
import { conditionOf, type KubeObject, type ObjectRef, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { hasSidecar } from "./sidecars.ts";

/** Where a sidecar says that it is ready, in plain http whatever the policy. */
const HEALTH = { port: 15021, path: "/healthz/ready" };
/** Where queue-proxy takes requests. */
const REQUESTS = { port: 8012, path: "/" };

/** How a sidecar refuses; a port that is not reached, as behind a firewall, is another matter. */
const HUNG_UP = /\bEOF\b|reset by peer|broken pipe|connection closed/i;

/**
 * Plain http does not get into a pod of the Service. The API server is in no mesh, so what it asks on our behalf is plain; that it reaches
 * pods at all is seen at a port that stays open. `wake`: asks the Service through the gateway, so that it has a pod.
 */
export const plainRefused = (service: ObjectRef, wake: Check["run"]): Check => ({
  id: "mesh.plain",
  title: "Without mutual TLS it is refused",
  run: async (ctx, memory) => {
    const { namespace = "", name } = service;
    const pods = await ctx.cluster.list({
      apiVersion: "v1",
      kind: "Pod",
      namespace,
      labelSelector: `serving.knative.dev/service=${name}`,
    });
    const pod = pods.find((one) => !one.metadata.deletionTimestamp && isReady(one));
    const look = { text: "Look at its pods.", command: sh`kubectl get pods ${inNamespace(namespace)} -o wide` };
    if (!pod) {
      const woken = await wake(ctx, memory);
      return "remedy" in woken ? woken : fail("waiting until one of its pods is ready", look);
    }
    if (!hasSidecar(pod)) return fail(`pod ${namespace}/${pod.metadata.name} has no sidecar`, look);
    const control = await asked(ctx, pod, HEALTH);
    if (control !== "answered") return unknown(control);
    const plain = await asked(ctx, pod, REQUESTS);
    if (plain !== "answered" && !HUNG_UP.test(plain)) return unknown(plain);
    return plain === "answered"
      ? fail(`pod ${namespace}/${pod.metadata.name} takes plain http`, {
          text: "Another PeerAuthentication may say so.",
          command: sh`kubectl get peerauthentications -A`,
        })
      : ok(`plain http at port ${REQUESTS.port} of its pod is refused`);
  },
});

const isReady = (pod: KubeObject): boolean => conditionOf(pod, "Ready")?.status === "True";

/** `answered`, or why not. */
const asked = async (ctx: ReadContext, pod: KubeObject, { port, path }: typeof HEALTH): Promise<string> => {
  try {
    await ctx.cluster.askPod(refOf(pod), port, path);
    return "answered";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // An error of the pod's own is an answer, too.
    const isServers = error.reason !== "" && [403, 503].includes(error.status);
    return isServers ? error.message : "answered";
  }
};

const unknown = (why: string): Finding =>
  warn(`unknown: the API server was to ask a pod, and could not: ${why}`, {
    text: "It takes the right to get pods/proxy, and a server that reaches pods; ask the Service from a pod without a sidecar.",
  });
