import { HOME } from "../../kube/inventory.ts";
import type { KubeObject, ObjectRef } from "../../ports/object.ts";

/** The temporary Service of the proof. It lives in our own namespace, where nobody else has a Service. */
export const HELLO: ObjectRef = {
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  namespace: HOME,
  name: "hello",
};

/** What its answer must contain. */
export const GREETING = "kn-bootstrap";

/** `labels` and `annotations`: of its pods. `security`: of its container. */
export const hello = (
  image: string,
  {
    at = HELLO,
    security,
    ...pods
  }: {
    readonly at?: ObjectRef;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly security?: Readonly<Record<string, unknown>>;
  } = {},
): KubeObject => ({
  apiVersion: HELLO.apiVersion,
  kind: HELLO.kind,
  metadata: { namespace: at.namespace ?? HOME, name: at.name },
  spec: {
    template: {
      metadata: {
        ...(pods.labels ? { labels: pods.labels } : {}),
        annotations: {
          ...pods.annotations,
          // The shortest window Knative allows, so that the start from zero is seen soon.
          "autoscaling.knative.dev/window": "6s",
        },
      },
      spec: {
        containers: [
          {
            image,
            ports: [{ containerPort: 8080 }],
            env: [{ name: "TARGET", value: GREETING }],
            resources: { requests: { cpu: "25m", memory: "32Mi" } },
            ...(security ? { securityContext: security } : {}),
          },
        ],
      },
    },
  },
});
