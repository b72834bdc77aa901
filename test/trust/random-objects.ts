import fc from "fast-check";
import type { KubeObject } from "../../src/ports/object.ts";

/** One kind under test. Few names and few values, so that random objects agree and disagree often. */
export interface RandomKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Everything besides apiVersion, kind and metadata. */
  readonly body: fc.Arbitrary<Record<string, unknown>>;
  /** Paths of the lists that merge item by item → the keys of an item; none: a set. All other lists are values. */
  readonly listKeys: Readonly<Record<string, readonly string[]>>;
}

/** Objects of the kind that all have the same name. */
export const objectsOf = ({ apiVersion, kind, namespaced, body }: RandomKind, name: string): fc.Arbitrary<KubeObject> =>
  fc.record({ extra: some({ labels: map, annotations: map }), body }).map(({ extra, body: rest }) => ({
    apiVersion,
    kind,
    metadata: { name, ...(namespaced ? { namespace: "default" } : {}), ...extra },
    ...rest,
  }));

/** All fields of the first, any of the second. */
const some = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
const withSome = <T extends object, U extends object>(
  needed: { [K in keyof T]: fc.Arbitrary<T[K]> },
  model: { [K in keyof U]: fc.Arbitrary<U[K]> },
): fc.Arbitrary<T & Partial<U>> =>
  fc.tuple(fc.record(needed), some<U>(model)).map(([a, b]) => ({ ...a, ...b }) as T & Partial<U>);
const listOf = <T>(items: fc.Arbitrary<T>, keyOf: (item: T) => unknown, minLength = 0): fc.Arbitrary<T[]> =>
  fc.uniqueArray(items, { selector: (item) => JSON.stringify(keyOf(item)), minLength, maxLength: 3 });

const text = fc.constantFrom("1", "2", "");
const filled = fc.constantFrom("1", "2");
/** Never empty, as are the other maps below: whoever applies an empty one owns a field that is not stored. */
const map = fc.dictionary(fc.constantFrom("a", "b", "c.example.com/d"), text, { minKeys: 1, maxKeys: 3 });

const configMap: RandomKind = {
  apiVersion: "v1",
  kind: "ConfigMap",
  namespaced: true,
  listKeys: {},
  body: some({ data: fc.dictionary(fc.constantFrom("a", "b", "c.d"), text, { maxKeys: 3 }) }),
};

const port = fc.constantFrom(80, 443, 8080);
const service: RandomKind = {
  apiVersion: "v1",
  kind: "Service",
  namespaced: true,
  listKeys: { ".spec.ports": ["port", "protocol"] },
  body: fc.record({
    spec: withSome(
      {
        ports: listOf(
          withSome(
            { port },
            {
              targetPort: fc.constantFrom<string | number>(80, "http", 9090),
              protocol: fc.constant("TCP"),
              appProtocol: filled,
            },
          ).map((item) => ({ ...item, name: `p${item.port}` })),
          (item) => item.port,
          1,
        ),
      },
      {
        selector: fc.dictionary(fc.constantFrom("app", "role"), filled, { maxKeys: 2 }),
        internalTrafficPolicy: fc.constantFrom("Cluster", "Local"),
        publishNotReadyAddresses: fc.boolean(),
      },
    ),
  }),
};

const container = withSome(
  { name: fc.constantFrom("main", "side", "third"), image: fc.constantFrom("image:1", "image:2") },
  {
    command: fc.array(filled, { maxLength: 2 }),
    env: listOf(withSome({ name: fc.constantFrom("A", "B", "C") }, { value: text }), (item) => item.name),
    ports: listOf(withSome({ containerPort: port }, { protocol: fc.constant("TCP") }), (item) => item.containerPort),
    resources: some({
      limits: withSome(
        { cpu: fc.constantFrom("100m", "0.1", "1", "1000m") },
        { memory: fc.constantFrom("1Gi", "1024Mi", "2Gi") },
      ),
    }),
    // Never empty: emptied by an apply, it is absent after that one and `{}` after the next (structured-merge-diff, typed/remove.go).
    securityContext: withSome({ runAsNonRoot: fc.boolean() }, { runAsUser: fc.constantFrom(0, 1000) }),
  },
);
const deployment: RandomKind = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespaced: true,
  listKeys: {
    ".spec.template.spec.containers": ["name"],
    ".spec.template.spec.containers.env": ["name"],
    ".spec.template.spec.containers.ports": ["containerPort", "protocol"],
  },
  body: fc.record({
    spec: withSome(
      {
        selector: fc.constant({ matchLabels: { app: "random" } }),
        template: fc.record({
          metadata: some({ annotations: map }).map((extra) => ({ ...extra, labels: { app: "random" } })),
          spec: withSome(
            { containers: listOf(container, (item) => item.name, 1) },
            { nodeSelector: map, terminationGracePeriodSeconds: fc.constantFrom(30, 300) },
          ),
        }),
      },
      { replicas: fc.constantFrom(0, 1, 3), minReadySeconds: fc.constantFrom(0, 5) },
    ),
  }),
};

const words = fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 });
const clusterRole: RandomKind = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  namespaced: false,
  listKeys: {},
  body: fc.record({
    rules: fc.array(fc.record({ apiGroups: fc.constant([""]), resources: words, verbs: words }), { maxLength: 2 }),
  }),
};

const garden: RandomKind = {
  apiVersion: "example.com/v1",
  kind: "Garden",
  namespaced: true,
  listKeys: { ".spec.beds": ["name", "zone"], ".spec.tags": [] },
  body: fc.record({
    spec: some({
      mode: fc.constantFrom("auto", "manual"),
      settings: map,
      beds: listOf(
        withSome(
          { name: fc.constantFrom("rose", "herb") },
          {
            zone: fc.constantFrom("north", "south"),
            depth: fc.constantFrom(0, 1, 2),
            notes: fc.dictionary(fc.constantFrom("x", "y"), fc.constantFrom<unknown>(1, "one", [1, 2], {}), {
              maxKeys: 2,
            }),
          },
        ),
        (item) => [item.name, item.zone ?? "north"],
        1,
      ),
      tags: fc.uniqueArray(fc.constantFrom("red", "green", "blue"), { minLength: 1, maxLength: 3 }),
      steps: fc.array(filled, { maxLength: 2 }),
      place: some({ x: fc.constantFrom(0, 1), y: fc.constantFrom(0, 1) }),
    }),
  }),
};

const gardenSchema = (): object => {
  const integer = { type: "integer" };
  const string = { type: "string" };
  const bed = {
    type: "object",
    required: ["name"],
    properties: {
      name: string,
      zone: { ...string, default: "north" },
      depth: integer,
      notes: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    },
  };
  const spec = {
    type: "object",
    properties: {
      mode: { ...string, default: "auto" },
      settings: { type: "object", additionalProperties: string },
      beds: {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name", "zone"],
        items: bed,
      },
      tags: { type: "array", "x-kubernetes-list-type": "set", items: string },
      steps: { type: "array", items: string },
      place: { type: "object", "x-kubernetes-map-type": "atomic", properties: { x: integer, y: integer } },
    },
  };
  return { type: "object", properties: { spec } };
};

/** A map, a list that merges by two keys (one with a default), a set, a value with a default, and an object that is one value. */
export const gardenDefinition: KubeObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gardens.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { kind: "Garden", listKind: "GardenList", plural: "gardens", singular: "garden" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: gardenSchema() } }],
  },
};

export const randomKinds: readonly RandomKind[] = [configMap, service, deployment, clusterRole, garden];
