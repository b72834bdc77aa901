import type { Obj } from "../../src/sandbox/types.ts";

/** Policies of a namespace under which the proof's pods may not be made, and what is said of each. */

export const SERVICE = "Knative Service kn-bootstrap/hello";

export interface Policy {
  readonly title: string;
  /** What is in namespace kn-bootstrap before. */
  readonly labels?: Record<string, string>;
  readonly objects?: readonly Obj[];
  readonly what: string;
  readonly remedy?: { readonly text: RegExp; readonly command: RegExp };
}

const inHome = (kind: string, spec: object): Obj => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "q", namespace: "kn-bootstrap" },
  spec,
});

export const POLICIES: readonly Policy[] = [
  {
    title: "Pod Security restricted",
    labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    what: `${SERVICE} may not make pods: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "user-container" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "user-container" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "user-container" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "user-container" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
    remedy: {
      text: /kubectl label namespace kn-bootstrap pod-security\.kubernetes\.io\/enforce=baseline --overwrite/,
      command: /kubectl patch configmap config-features .*secure-pod-defaults/,
    },
  },
  {
    title: "a ResourceQuota without room for pods",
    objects: [inHome("ResourceQuota", { hard: { pods: "0" } })],
    what: `${SERVICE} may not make pods: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0`,
    remedy: { text: /Raise ResourceQuota q/, command: /kubectl describe resourcequota q -n kn-bootstrap/ },
  },
  {
    title: "a ResourceQuota that wants limits.cpu",
    objects: [inHome("ResourceQuota", { hard: { "limits.cpu": "1" } })],
    what: `${SERVICE} may not make pods: failed quota: q: must specify limits.cpu for: queue-proxy,user-container`,
    remedy: {
      text: /wants every container to say that; a LimitRange/,
      command: /^echo '\{.*"kind":"LimitRange".*"default":\{"cpu":"500m"\}.*\}' \| kubectl apply -f -$/,
    },
  },
  {
    title: "a LimitRange that wants more",
    objects: [inHome("LimitRange", { limits: [{ type: "Container", min: { memory: "64Mi" } }] })],
    what: `${SERVICE} may not make pods: minimum memory usage per Container is 64Mi, but request is 32Mi`,
    remedy: { text: /Change the LimitRange/, command: /kubectl describe limitrange -n kn-bootstrap/ },
  },
];
