import { fail, ok, type ReadContext, timeOfReading } from "../core/check.ts";
import { STATE } from "../kube/prior.ts";
import { STOPPED, stoppedIn } from "../kube/stopped.ts";
import { webhookFailure, withConfiguration } from "../kube/webhook-failure.ts";
import { few } from "../ports/few.ts";
import { conditionOf, type KubeObject, type ObjectRef, textAt } from "../ports/object.ts";
import { readable } from "../ports/readable.ts";
import { readerOf } from "../ports/reader.ts";
import { type ShellCommand, sh } from "../ports/shell.ts";
import { KNATIVE } from "./found.ts";
import { healthCheck } from "./health-check.ts";

/** Controllers try again within this; what was said before has been mended since. */
const RECENT_MS = 15 * 60_000;
const OURS = /\.knative\.dev$/;
const TIMES_OUT = /deadline exceeded|timeout|timed out|refused|no route to host|EOF/i;

interface Said {
  readonly object: ObjectRef;
  readonly field: string;
  readonly message: string;
}

const timeOf = (event: KubeObject): number =>
  Date.parse(
    textAt(event, "lastTimestamp") || textAt(event, "series", "lastObservedTime") || textAt(event, "eventTime"),
  );

const ofEvents = async (ctx: ReadContext): Promise<readonly Said[]> => {
  const { cluster } = ctx;
  // Who may look at one namespace only is told by its events.
  const all =
    (await readable(cluster.list({ apiVersion: "v1", kind: "Event" }))) ??
    (await cluster.list({ apiVersion: "v1", kind: "Event", namespace: KNATIVE }));
  return all
    .filter((event) => event.type === "Warning" && timeOfReading(ctx) - timeOf(event) < RECENT_MS)
    .map((event) => ({
      object: {
        apiVersion: textAt(event, "involvedObject", "apiVersion"),
        kind: textAt(event, "involvedObject", "kind"),
        ...(event.metadata.namespace ? { namespace: event.metadata.namespace } : {}),
        name: textAt(event, "involvedObject", "name"),
      },
      field: "event",
      message: textAt(event, "message"),
    }));
};

const ofConfigurations = async ({ cluster }: ReadContext): Promise<readonly Said[]> => {
  const all = await readable(cluster.list({ apiVersion: "serving.knative.dev/v1", kind: "Configuration" }));
  return (all ?? []).flatMap((one): readonly Said[] => {
    const { namespace, name } = one.metadata;
    const message = textAt(conditionOf(one, "Ready"), "message");
    const object = { apiVersion: one.apiVersion, kind: one.kind, ...(namespace ? { namespace } : {}), name };
    return [{ object, field: "condition Ready", message }];
  });
};

/** What it answered to an install that has stopped since. */
const ofInstall = async ({ cluster }: ReadContext): Promise<readonly Said[]> => {
  const { answer } = stoppedIn(await readable(cluster.get(STATE))) ?? {};
  return answer === undefined ? [] : [{ object: STATE, field: `.data.${STOPPED}`, message: answer }];
};

/** The rule that lets the API server through, for who runs the control plane elsewhere. */
const RULES: readonly (readonly [RegExp, string, ShellCommand])[] = [
  [
    /^gce:/,
    "A private GKE cluster lets its control plane reach nodes at 443 and 10250 alone: allow 8443 as well, from the range that `masterIpv4CidrBlock` says.",
    sh`gcloud compute firewall-rules create knative-webhook --direction INGRESS --source-ranges MASTER_CIDR --allow tcp:8443 --target-tags NODE_TAG`,
  ],
  [
    /^aws:/,
    "The nodes' security group has to let the cluster's security group in at 8443; with a pod network of its own (Calico, Cilium overlay) EKS reaches no pod, and the webhook needs hostNetwork.",
    sh`aws ec2 authorize-security-group-ingress --group-id NODE_GROUP --source-group CLUSTER_GROUP --protocol tcp --port 8443`,
  ],
];
const ANY_RULE =
  "The API server does not get to TCP port 8443 of the webhook's pods: a firewall in between, a pod network that it is not part of, or a proxy that catches cluster names.";

const remedyFor = async ({ cluster }: ReadContext) => {
  const [node] = (await readable(cluster.list({ apiVersion: "v1", kind: "Node" }))) ?? [];
  const [, text, command] = RULES.find(([provider]) => provider.test(textAt(node, "spec", "providerID"))) ?? [];
  return { text: text ?? ANY_RULE, command: command ?? sh`kubectl get pods -n ${KNATIVE} -l app=webhook -o wide` };
};

export const admissionReached = healthCheck({
  id: "serving.admission",
  title: "The API server reaches Knative's webhooks in time",
  needs: ["serving.webhook"],
  symptomOf: ["cluster.admission", "serving.webhook-certificate"],
  reads: [
    "Event",
    "ConfigMap",
    "Configuration.serving.knative.dev",
    "Node",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
  ],
  meaning:
    "The webhook runs, and writes of Knative's kinds fail all the same, or take as long as its time limit: what is between the API server and its pods lets nothing through.",
  todo: "Let the control plane reach TCP port 8443 of the webhook's pods. `refused` is a pod that does not listen, `deadline exceeded` a firewall, `x509` a certificate.",
  threads: [
    "knative/serving#13045",
    "knative/serving#4868",
    "knative/serving#16033",
    "knative-extensions/net-istio#543",
    "knative/docs#1593",
  ],
  run: async (ctx) => {
    const said = (await Promise.all([ofEvents(ctx), ofConfigurations(ctx), ofInstall(ctx)])).flat();
    const failed = said.flatMap((one) => {
      const failure = webhookFailure(one.message);
      return failure && OURS.test(failure.webhook) ? [{ ...one, failure }] : [];
    });
    const [first] = failed;
    if (!first) return ok("no call of theirs has failed lately");
    const { reason, remedy } = await withConfiguration(first.failure, readerOf(ctx.cluster));
    const names = [...new Set(failed.map(({ failure }) => failure.webhook))];
    const more = names.length > 1 ? `; so with ${few(names.slice(1))}` : "";
    return fail(`${reason}${more}`, TIMES_OUT.test(first.failure.reason) ? await remedyFor(ctx) : remedy, {
      evidence: failed.slice(0, 5).map(({ object, field, message }) => ({ object, field, observed: message })),
    });
  },
});
