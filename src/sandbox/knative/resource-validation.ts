import { isDeepStrictEqual } from "node:util";
import { isImageName } from "../kubernetes/pod-needs.ts";
import type { AdmissionReview, Obj } from "../types.ts";

/**
 * The commoner refusals of `validation.webhook.serving.knative.dev` (serving pkg/apis/serving: *_validation.go), in its words:
 * names, autoscaling annotations in the wrong place, traffic that is not 100 %, containers and ports, reserved environment,
 * creator and modifier, a changed template under the same revision name, a changed Revision.
 */

interface FieldError {
  readonly message: string;
  readonly path: string;
  readonly details?: string;
}

const CREATOR = "serving.knative.dev/creator";
const MODIFIER = "serving.knative.dev/lastModifier";
const RESERVED_ENVIRONMENT = new Set(["PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"]);
const RESERVED_PORTS = new Set([8012, 8013, 8022, 9090, 9091]);
const LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const MAX_TIMEOUT_SECONDS = 600;

/** The refusal's message, or undefined. */
export const resourceRefusal = (review: AdmissionReview): string | undefined => {
  const { object, oldObject, operation, kind, subResource } = review;
  if (operation === "DELETE" || !object || subResource || kind.group !== "serving.knative.dev") return undefined;
  const errors = CHECKS[kind.kind]?.(object, operation === "UPDATE" ? oldObject : undefined) ?? [];
  if (errors.length === 0) return undefined;
  const merged = new Map<string, string[]>();
  for (const { message, path, details } of errors) {
    const text = details ? `${message}\0${details}` : message;
    merged.set(text, [...(merged.get(text) ?? []), path]);
  }
  return [...merged]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([text, paths]) => {
      const [message, details] = text.split("\0");
      return `${message}: ${[...new Set(paths)].sort().join(", ")}${details ? `\n${details}` : ""}`;
    })
    .join("\n");
};

const checkName = (name: string | undefined, path: string): FieldError[] => {
  if (!name) return [];
  const problems = [
    ...(name.length > 63 ? ["must be no more than 63 characters"] : []),
    ...(LABEL.test(name)
      ? []
      : [
          "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
        ]),
  ];
  return problems.length > 0 ? [{ message: `not a DNS 1035 label: [${problems.join(" ")}]`, path }] : [];
};

const checkMetadata = (object: Obj): FieldError[] => [
  ...checkName(object.metadata.name, "metadata.name"),
  ...Object.keys(object.metadata.annotations ?? {})
    .filter((key) => key.startsWith("autoscaling.knative.dev"))
    .map((key) => ({
      message: `invalid key name ${JSON.stringify(key)}`,
      path: "metadata.annotations",
      details: 'autoscaling annotations must be put under "spec.template.metadata.annotations" to work',
    })),
];

const checkSigners = (object: Obj, old: Obj | undefined): FieldError[] => {
  if (!old) return [];
  const now = object.metadata.annotations ?? {};
  const before = old.metadata.annotations ?? {};
  const path = (key: string) => `metadata.annotations.${key}`;
  const isSameSpec = isDeepStrictEqual(object.spec, old.spec);
  return [
    ...(now[CREATOR] === before[CREATOR] ? [] : [{ message: "annotation value is immutable", path: path(CREATOR) }]),
    ...(isSameSpec && now[MODIFIER] !== before[MODIFIER]
      ? [{ message: `invalid value: ${now[MODIFIER] ?? ""}`, path: path(MODIFIER) }]
      : []),
  ];
};

const checkTraffic = (traffic: Obj[] | undefined, hasConfiguration: boolean): FieldError[] => {
  const targets = traffic ?? [];
  const sum = targets.reduce((total, { percent = 0 }) => total + percent, 0);
  const tags = targets.map(({ tag }) => tag);
  return [
    ...targets.flatMap((target, index): FieldError[] => {
      const at = `spec.traffic[${index}]`;
      const { tag, percent, revisionName = "", configurationName, latestRevision } = target;
      return [
        ...(percent !== undefined && (percent < 0 || percent > 100)
          ? [{ message: `expected 0 <= ${percent} <= 100`, path: `${at}.percent` }]
          : []),
        ...(latestRevision !== undefined && latestRevision === (revisionName !== "")
          ? [
              {
                message: `may not set revisionName ${JSON.stringify(revisionName)} when latestRevision is ${latestRevision}`,
                path: `${at}.latestRevision`,
              },
            ]
          : []),
        ...(hasConfiguration && configurationName
          ? [{ message: "must not set the field(s)", path: `${at}.configurationName` }]
          : []),
        ...(!hasConfiguration && !configurationName && !revisionName
          ? [{ message: "expected exactly one, got neither", path: `${at}.configurationName, ${at}.revisionName` }]
          : []),
        ...(target.url ? [{ message: "must not set the field(s)", path: `${at}.url` }] : []),
        ...(tag && !LABEL.test(tag) ? [{ message: "invalid value: not a DNS 1035 label", path: `${at}.tag` }] : []),
        ...(tag && tags.indexOf(tag) !== index
          ? [
              { message: `Multiple definitions for ${JSON.stringify(tag)}`, path: `${at}.tag` },
              {
                message: `Multiple definitions for ${JSON.stringify(tag)}`,
                path: `spec.traffic[${tags.indexOf(tag)}].tag`,
              },
            ]
          : []),
      ];
    }),
    ...(sum === 100 ? [] : [{ message: `Traffic targets sum to ${sum}, want 100`, path: "spec.traffic" }]),
  ];
};

const checkPodSpec = (spec: Obj | undefined, at: string): FieldError[] => {
  const containers: Obj[] = spec?.containers ?? [];
  if (containers.length === 0) return [{ message: "missing field(s)", path: `${at}.containers` }];
  const ports = containers.flatMap((container) => container.ports ?? []);
  const timeoutSeconds = spec?.timeoutSeconds;
  return [
    ...(ports.length > 1
      ? [
          {
            message: "more than one container port is set",
            path: `${at}.containers[*].ports`,
            details: "Only a single port is allowed across all containers",
          },
        ]
      : []),
    ...(ports.length === 0 && containers.length > 1
      ? [{ message: "missing field(s)", path: `${at}.containers[*].ports` }]
      : []),
    ...(timeoutSeconds < 0 || timeoutSeconds > MAX_TIMEOUT_SECONDS
      ? [{ message: `expected 0 <= ${timeoutSeconds} <= ${MAX_TIMEOUT_SECONDS}`, path: `${at}.timeoutSeconds` }]
      : []),
    ...containers.flatMap((container, index) => checkContainer(container, `${at}.containers[${index}]`)),
  ];
};

const checkContainer = (container: Obj, at: string): FieldError[] => [
  ...(container.image ? [] : [{ message: "missing field(s)", path: `${at}.image` }]),
  ...(container.image && !isImageName(container.image)
    ? [
        {
          message: "Failed to parse image reference",
          path: `${at}.image`,
          details: `image: ${JSON.stringify(container.image)}, error: could not parse reference: ${container.image}`,
        },
      ]
    : []),
  ...(container.env ?? []).flatMap((variable: Obj, index: number): FieldError[] => {
    if (!variable.name) return [{ message: "missing field(s)", path: `${at}.env[${index}].name` }];
    const message = `${JSON.stringify(variable.name)} is a reserved environment variable`;
    return RESERVED_ENVIRONMENT.has(String(variable.name)) ? [{ message, path: `${at}.env[${index}].name` }] : [];
  }),
  ...(container.ports ?? []).flatMap(({ containerPort }: Obj): FieldError[] =>
    RESERVED_PORTS.has(containerPort)
      ? [
          {
            message: `${containerPort} is a reserved port`,
            path: `${at}.ports.containerPort`,
            details: `${containerPort} is a reserved port, please use a different value`,
          },
        ]
      : [],
  ),
];

const checkTemplate = (object: Obj, old: Obj | undefined): FieldError[] => {
  const template = object.spec?.template;
  const name: string | undefined = template?.metadata?.name;
  const before = old?.spec?.template;
  const prefix = `${object.metadata.name}-`;
  return [
    ...checkPodSpec(template?.spec, "spec.template.spec"),
    ...checkName(name, "spec.template.metadata.name"),
    ...(name && !name.startsWith(prefix)
      ? [
          {
            message: `invalid value: ${JSON.stringify(name)} must have prefix ${JSON.stringify(prefix)}`,
            path: "spec.template.metadata.name",
          },
        ]
      : []),
    ...(name && before?.metadata?.name === name && !isDeepStrictEqual(template, before)
      ? [
          {
            message: "Saw the following changes without a name change (-old +new)",
            path: "spec.template.metadata.name",
          },
        ]
      : []),
  ];
};

const CHECKS: Record<string, (object: Obj, old: Obj | undefined) => FieldError[]> = {
  Service: (object, old) => [
    ...checkMetadata(object),
    ...checkTemplate(object, old),
    ...checkTraffic(object.spec?.traffic, true),
    ...checkSigners(object, old),
  ],
  Configuration: (object, old) => [...checkMetadata(object), ...checkTemplate(object, old)],
  Route: (object) => [...checkMetadata(object), ...checkTraffic(object.spec?.traffic, false)],
  Revision: (object, old) =>
    old
      ? isDeepStrictEqual(object.spec, old.spec)
        ? []
        : [{ message: "Immutable fields changed (-old +new)", path: "spec" }]
      : [...checkName(object.metadata.name, "metadata.name"), ...checkPodSpec(object.spec, "spec")],
};
