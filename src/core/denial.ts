import type { Remedy } from "../ports/error.ts";

/** Why the cluster's own rules refuse an object: neither passes by waiting (rule 7). */
export interface Denial {
  /** From the words that matter on, without the name of the object. */
  readonly message: string;
  readonly remedy: Remedy;
}

const QUOTA = /exceeded quota: .*/s;
/** Webhooks, ValidatingAdmissionPolicies, Pod Security and LimitRanges, in the API server's words. */
const POLICY =
  /admission webhook "[^"]*" denied the request.*|ValidatingAdmissionPolicy '[^']*' .*denied request.*|violates PodSecurity .*|(maximum|minimum) [\w.-]+ usage per (Container|Pod|PersistentVolumeClaim) is .*/s;

/** Reads the message of a refusal, wherever it stands: in an answer, a condition or an event. Undefined: it is none of these. */
export const denialOf = (message: string, namespace: string | undefined): Denial | undefined => {
  const [quota] = QUOTA.exec(message) ?? [];
  if (quota) {
    const where = namespace === undefined ? "" : ` -n ${namespace}`;
    const text = "Raise the namespace's ResourceQuota, then run again; what is done is kept.";
    return { message: quota, remedy: { text, command: `kubectl describe resourcequota${where}` } };
  }
  const [policy] = POLICY.exec(message) ?? [];
  const text =
    "An admission policy of this cluster denies it. Change the policy or the options, then run again; what is done is kept.";
  return policy ? { message: policy, remedy: { text } } : undefined;
};
