import { type Labels, minorOf, object } from "../stand-ins/pieces.ts";
import type { Obj } from "../types.ts";

/** istiod's webhooks: which pods it is asked to inject, by namespace and by pod, and which objects to validate. */

const expression = (text: string): object => {
  const [key, operator, value] = text.split(" ");
  return { key, operator, ...(value === undefined ? {} : { values: [value] }) };
};

const selector = (...expressions: readonly string[]): object => ({ matchExpressions: expressions.map(expression) });

const NOT_REFUSED = "sidecar.istio.io/inject NotIn false";
const ASKED = "sidecar.istio.io/inject In true";

/** Name, what namespaces it is for, and what pods. */
const INJECTORS: readonly (readonly [string, object, object])[] = [
  ["rev.namespace", selector("istio.io/rev In default", "istio-injection DoesNotExist"), selector(NOT_REFUSED)],
  [
    "rev.object",
    selector("istio.io/rev DoesNotExist", "istio-injection DoesNotExist"),
    selector(NOT_REFUSED, "istio.io/rev In default"),
  ],
  ["namespace", selector("istio-injection In enabled"), selector(NOT_REFUSED)],
  [
    "object",
    selector("istio-injection DoesNotExist", "istio.io/rev DoesNotExist"),
    selector(ASKED, "istio.io/rev DoesNotExist"),
  ],
];

const service = (path: string): object => ({ name: "istiod", namespace: "istio-system", path });

/** Until 1.22 they were asked in the older version as well. */
const reviews = (version: string): readonly string[] => (minorOf(version) > 22 ? ["v1"] : ["v1beta1", "v1"]);

export const injector = (version: string, labels: Labels): Obj =>
  object("admissionregistration.k8s.io/v1 MutatingWebhookConfiguration", "istio-sidecar-injector", labels, {
    webhooks: INJECTORS.map(([name, namespaceSelector, objectSelector]) => ({
      name: `${name}.sidecar-injector.istio.io`,
      admissionReviewVersions: reviews(version),
      clientConfig: { service: { ...service("/inject"), port: 443 } },
      failurePolicy: "Fail",
      reinvocationPolicy: "Never",
      sideEffects: "None",
      namespaceSelector,
      objectSelector,
      rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
    })),
  });

export const validator = (version: string, labels: Labels): Obj =>
  object("admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration", "istio-validator-istio-system", labels, {
    webhooks: [
      {
        name: "rev.validation.istio.io",
        admissionReviewVersions: reviews(version),
        clientConfig: { service: service("/validate") },
        // Until istiod answers: then it says Fail here itself.
        failurePolicy: "Ignore",
        sideEffects: "None",
        objectSelector: selector("istio.io/rev In default"),
        rules: [
          {
            apiGroups: ["security", "networking", "telemetry", "extensions"].map((area) => `${area}.istio.io`),
            apiVersions: ["*"],
            operations: ["CREATE", "UPDATE"],
            resources: ["*"],
          },
        ],
      },
    ],
  });
