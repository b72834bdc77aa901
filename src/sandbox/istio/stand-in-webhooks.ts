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

/** Whose webhooks they are. */
export interface Place {
  readonly namespace: string;
  /** Of istiod. */
  readonly service: string;
  /** Or a tag of one: by what pods and namespaces ask for it. */
  readonly revision: string;
}

const RELEASED: Place = { namespace: "istio-system", service: "istiod", revision: "default" };

type Injector = readonly [name: string, namespaces: object, pods: object];

const byRevision = (revision: string): readonly Injector[] => [
  ["rev.namespace", selector(`istio.io/rev In ${revision}`, "istio-injection DoesNotExist"), selector(NOT_REFUSED)],
  [
    "rev.object",
    selector("istio.io/rev DoesNotExist", "istio-injection DoesNotExist"),
    selector(NOT_REFUSED, `istio.io/rev In ${revision}`),
  ],
];

/** Of the one that is meant where nobody names one. */
const BY_DEFAULT: readonly Injector[] = [
  ["namespace", selector("istio-injection In enabled"), selector(NOT_REFUSED)],
  [
    "object",
    selector("istio-injection DoesNotExist", "istio.io/rev DoesNotExist"),
    selector(ASKED, "istio.io/rev DoesNotExist"),
  ],
];

const clientOf = ({ service: name, namespace }: Place, path: string): object => ({ name, namespace, path });

/** Until 1.22 they were asked in the older version as well. */
const reviews = (version: string): readonly string[] => (minorOf(version) > 22 ? ["v1"] : ["v1beta1", "v1"]);

export const injector = (
  version: string,
  labels: Labels,
  name = "istio-sidecar-injector",
  place: Place = RELEASED,
): Obj =>
  object("admissionregistration.k8s.io/v1 MutatingWebhookConfiguration", name, labels, {
    webhooks: [...byRevision(place.revision), ...(place.revision === "default" ? BY_DEFAULT : [])].map(
      ([kind, namespaceSelector, objectSelector]) => ({
        name: `${kind}.sidecar-injector.istio.io`,
        admissionReviewVersions: reviews(version),
        clientConfig: { service: { ...clientOf(place, "/inject"), port: 443 } },
        failurePolicy: "Fail",
        reinvocationPolicy: "Never",
        sideEffects: "None",
        namespaceSelector,
        objectSelector,
        rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
      }),
    ),
  });

export const validator = (
  version: string,
  labels: Labels,
  name = "istio-validator-istio-system",
  place: Place = RELEASED,
): Obj => validating(version, labels, name, place, "rev.validation", `istio.io/rev In ${place.revision}`);

/** For objects that name no revision (manifests/charts/base/templates/defaultrevision-validatingwebhookconfiguration.yaml). */
export const defaultValidator = (version: string, labels: Labels, place: Place): Obj =>
  validating(version, labels, "istiod-default-validator", place, "validation", "istio.io/rev DoesNotExist");

const validating = (version: string, labels: Labels, name: string, place: Place, kind: string, objects: string): Obj =>
  object("admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration", name, labels, {
    webhooks: [
      {
        name: `${kind}.istio.io`,
        admissionReviewVersions: reviews(version),
        clientConfig: { service: clientOf(place, "/validate") },
        // Until istiod answers: then it says Fail here itself.
        failurePolicy: "Ignore",
        sideEffects: "None",
        objectSelector: selector(objects),
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
