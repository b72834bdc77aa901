import type { Remedy } from "../ports/error.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { webhooksNamed } from "./webhook-failure.ts";

/** Why a quota or an admission policy refuses an object. Waiting does not help (rule 7). */
export interface Denial {
  /** The server's message from the telling words on, without the name of the object. */
  readonly message: string;
  readonly remedy: Remedy;
  /** The level of Pod Security that refuses. */
  readonly podSecurity?: string;
}

interface Rule {
  /** How the API server says it. */
  readonly words: RegExp;
  readonly remedy: (match: readonly string[], namespace: string | undefined) => Remedy;
  /** Its first group is the level of Pod Security. */
  readonly isPodSecurity?: true;
}

const LESS_STRICT: Readonly<Record<string, string>> = { restricted: "baseline", baseline: "privileged" };
/** The requests and limits that we suggest for a container that has none. They are small, because a quota counts every container of a pod. */
const USUAL: Readonly<Record<string, readonly [field: string, resource: string, amount: string]>> = {
  "limits.cpu": ["default", "cpu", "500m"],
  "limits.memory": ["default", "memory", "256Mi"],
  "requests.cpu": ["defaultRequest", "cpu", "50m"],
  "requests.memory": ["defaultRequest", "memory", "64Mi"],
  cpu: ["defaultRequest", "cpu", "50m"],
  memory: ["defaultRequest", "memory", "64Mi"],
};

/** What OpenShift says of pods that want something of their node. */
const OF_THE_NODE = /"hostPath"|Privileged containers|Host (?:network|PID|IPC|ports) /;

const RULES: readonly Rule[] = [
  {
    words: /exceeded quota: ([^,\s]+).*/s,
    remedy: ([, name = ""], namespace) => ({
      text: `Raise ResourceQuota ${name}, or free what it counts.`,
      command: sh`kubectl describe resourcequota ${name} ${inNamespace(namespace)}`,
    }),
  },
  {
    words: /failed quota: (\S+): must specify (.*)/s,
    remedy: ([, name, unsaid = ""], namespace) => ({
      text: `ResourceQuota ${name} wants every container to say that; a LimitRange says it for those that do not.`,
      command: sh`echo ${limitRange(unsaid, namespace)} | kubectl apply -f -`,
    }),
  },
  {
    words: /violates PodSecurity "(\w+)[^"]*".*/s,
    isPodSecurity: true,
    remedy: ([, level = ""], namespace) => ({
      text: `Namespace ${namespace} enforces Pod Security "${level}": let it enforce less.`,
      command: sh`kubectl label namespace ${namespace ?? "NAMESPACE"} pod-security.kubernetes.io/enforce=${LESS_STRICT[level] ?? "privileged"} --overwrite`,
    }),
  },
  {
    words:
      /(?:maximum|minimum) [\w./-]+ usage per (?:Container|Pod|PersistentVolumeClaim) is .*|[\w./-]+ max limit to request ratio per (?:Container|Pod) is .*/s,
    remedy: (_match, namespace) => ({
      text: "Change the LimitRange of the namespace.",
      command: sh`kubectl describe limitrange ${inNamespace(namespace)}`,
    }),
  },
  {
    // OpenShift, which has a ClusterRole for the use of each of its constraints.
    words: /unable to validate against any security context constraint.*/s,
    remedy: ([said = ""], namespace = "NAMESPACE") => {
      const needed = OF_THE_NODE.test(said) ? "privileged" : "nonroot-v2";
      return {
        text: `OpenShift does not let these pods run as they ask to. Let those of namespace ${namespace} use its constraints ${needed}:`,
        command: sh`kubectl create rolebinding kn-bootstrap-${needed} ${inNamespace(namespace)} --clusterrole=system:openshift:scc:${needed} --group=system:serviceaccounts:${namespace}`,
      };
    },
  },
  {
    words: /admission webhook "([^"]*)" denied the request.*/s,
    remedy: ([, webhook = ""]) => ({
      text: "An admission policy of this cluster denies it. Change the policy, or what it denies.",
      command: webhooksNamed(webhook),
    }),
  },
  {
    words: /ValidatingAdmissionPolicy '([^']*)' .*denied request.*/s,
    remedy: ([, policy = ""]) => ({
      text: "An admission policy of this cluster denies it. Change the policy, or what it denies.",
      command: sh`kubectl get validatingadmissionpolicy ${policy} -o yaml`,
    }),
  },
];

/** Reads the message of a refusal, wherever it stands: in an answer, a condition or an event. Undefined: it is none of these. */
export const denialOf = (message: string, namespace: string | undefined): Denial | undefined => {
  for (const { words, remedy, isPodSecurity } of RULES) {
    const match = words.exec(message);
    if (!match) continue;
    const [said, level] = match;
    return {
      message: said,
      remedy: remedy(match, namespace),
      ...(isPodSecurity && level ? { podSecurity: level } : {}),
    };
  }
  return undefined;
};

/** `unsaid`: `limits.cpu for: a,b; requests.memory for: b` */
const limitRange = (unsaid: string, namespace: string | undefined): string => {
  const limit: Record<string, unknown> = { type: "Container" };
  for (const [, measure = ""] of unsaid.matchAll(/(?<![\w.-])([\w.-]+) for: /g)) {
    const [field, resource, amount] = USUAL[measure] ?? [];
    if (field && resource) limit[field] = { ...(limit[field] as object | undefined), [resource]: amount };
  }
  const metadata = { name: "defaults", ...(namespace ? { namespace } : {}) };
  return JSON.stringify({ apiVersion: "v1", kind: "LimitRange", metadata, spec: { limits: [limit] } });
};
