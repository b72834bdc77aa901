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

/** `pods`: labels and annotations that they get besides. */
export const hello = (
  image: string,
  pods: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): KubeObject => ({
  apiVersion: HELLO.apiVersion,
  kind: HELLO.kind,
  metadata: { namespace: HOME, name: HELLO.name },
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
          },
        ],
      },
    },
  },
});
