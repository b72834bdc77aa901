import { createAcmeIssuer, zoneRecords } from "../../src/certificates/acme/index.ts";
import type { AcmeIssuer, AcmeIssuerOptions, AcmeTools } from "../../src/certificates/acme/types.ts";
import type { CertificateChange } from "../../src/changes/index.ts";
import { amended } from "../../src/dns/route53/multivalue.ts";
import type { Route53Set } from "../../src/dns/route53/record-sets.ts";
import { withdrawing } from "../../src/dns/withdraw.ts";
import { HOME } from "../../src/kube/inventory.ts";
import type { Authority } from "../../src/ports/authority.ts";
import type { ClusterRead } from "../../src/ports/cluster.ts";
import { dataOf, type KubeObject, keyOf, type ObjectRef, refOf } from "../../src/ports/object.ts";
import { absolute, type RecordSet, sameSet, type Zone, ZoneMoved, type ZonesWrite } from "../../src/ports/zones.ts";
import { patient } from "../patience.ts";

export const TARGET: ObjectRef = { apiVersion: "v1", kind: "Secret", namespace: HOME, name: "wildcard-tls" };
export const NAMES = ["*.example.com", "example.com"];

export const wish = (
  names: readonly string[] = NAMES,
  why: string | Pick<CertificateChange, "reason" | "resumes"> = "missing",
): CertificateChange => ({
  kind: "certificate",
  action: "create",
  names,
  secret: TARGET,
  ...(typeof why === "string" ? { reason: why } : why),
  issuer: "a test CA",
});

/** What the plan says after a run that was killed. */
export const UNFINISHED = { reason: "an unfinished order", resumes: true } as const;

export const ZONE: Zone = { id: "Z1", name: "example.com", isPrivate: false, nameServers: ["ns1.example.net"] };

/** Record sets of one zone in memory; `txt` follows them for whoever validates. */
export interface MemoryZones extends ZonesWrite {
  readonly sets: RecordSet[];
  readonly batches: { readonly from?: RecordSet; readonly to?: RecordSet }[][];
  readonly txt: Map<string, readonly string[]>;
  /** Called around each batch; may throw. */
  before: () => void;
  after: () => void;
}

export const memoryZones = (txt = new Map<string, readonly string[]>()): MemoryZones => {
  const sets: RecordSet[] = [];
  const batches: MemoryZones["batches"] = [];
  const publish = (): void => {
    txt.clear();
    for (const [name, same] of Map.groupBy(
      sets.filter(({ type }) => type === "TXT"),
      ({ name }) => absolute(ZONE, name),
    )) {
      txt.set(
        name,
        same.flatMap(({ values }) => values),
      );
    }
  };
  const self: MemoryZones = {
    sets,
    batches,
    txt,
    before: () => {},
    after: () => {},
    find: async () => [ZONE],
    get: async (_zone, name, type) => sets.filter((set) => set.name === name && set.type === type),
    list: async () => sets,
    amended,
    rehearse: async () => undefined,
    withdraw: (zone, gone, signal) => withdrawing(self)(zone, gone, signal),
    change: async (_zone, changes, signal) => {
      signal?.throwIfAborted();
      self.before();
      const isSame = (a: Route53Set, b: Route53Set): boolean =>
        a.name === b.name && a.type === b.type && a.routing?.id === b.routing?.id;
      for (const { from, to } of changes) {
        const live = sets.find((set) => isSame(set, from ?? (to as RecordSet)));
        if (!sameSet(live, from)) throw new ZoneMoved("the values do not match the current values");
      }
      for (const { from, to } of changes) {
        if (from)
          sets.splice(
            sets.findIndex((set) => isSame(set, from)),
            1,
          );
        if (to) sets.push(to);
      }
      batches.push([...changes]);
      publish();
      self.after();
    },
  };
  return self;
};

/** Objects of a cluster in memory. */
export interface MemoryCluster {
  readonly objects: Map<string, KubeObject>;
  readonly read: ClusterRead;
  readonly store: AcmeTools["store"];
  readonly forget: AcmeTools["forget"];
  /** Called after each write; may throw. */
  after: (what: string) => void;
}

export const memoryCluster = (): MemoryCluster => {
  const objects = new Map<string, KubeObject>();
  const unused = (): never => {
    throw new Error("not asked for");
  };
  const self: MemoryCluster = {
    objects,
    after: () => {},
    read: {
      identity: { context: "test", server: "https://127.0.0.1" },
      account: async () => ({ name: "test", isKnown: true }),
      version: unused,
      resource: unused,
      resources: unused,
      can: unused,
      canEach: unused,
      askPod: unused,
      logs: unused,
      watch: unused,
      get: async (ref) => objects.get(keyOf(ref)),
      list: async ({ kind, labelSelector }) => {
        const [key = "", value] = (labelSelector ?? "").split("=");
        return [...objects.values()].filter(
          (object) => object.kind === kind && object.metadata.labels?.[key] === value,
        );
      },
    },
    store: async (object) => {
      objects.set(keyOf(object), structuredClone(object));
      self.after(`store ${refOf(object).name}`);
    },
    forget: async (ref) => {
      objects.delete(keyOf(ref));
      self.after(`forget ${ref.name}`);
    },
  };
  return self;
};

export interface Scene {
  readonly cluster: MemoryCluster;
  readonly zones: MemoryZones;
  readonly issuer: AcmeIssuer;
  readonly tools: (more?: Partial<AcmeTools>) => AcmeTools;
  readonly said: string[];
  /** A value of the certificate's Secret, decoded. */
  readonly secret: (key: string) => string;
  /** Names of the Secrets that begin so. */
  readonly kept: (prefix: string) => readonly string[];
}

export const scene = (
  authority: Authority,
  zones: MemoryZones,
  options: {
    readonly settings?: Partial<AcmeIssuerOptions["settings"]>;
    readonly records?: AcmeIssuerOptions["records"];
    readonly awaitTxt?: AcmeIssuerOptions["awaitTxt"];
    readonly now?: () => Date;
    readonly orderPausesMs?: readonly number[];
    readonly clusterUid?: string;
    readonly cluster?: MemoryCluster;
  } = {},
): Scene => {
  const cluster = options.cluster ?? memoryCluster();
  const said: string[] = [];
  const issuer = createAcmeIssuer({
    authority,
    clusterUid: options.clusterUid ?? "0000-1111",
    settings: { keyType: "ecdsa", ...options.settings },
    records: options.records ?? zoneRecords({ access: zones }),
    ...(options.orderPausesMs ? { orderPausesMs: options.orderPausesMs } : {}),
    placeOf: async (name) => ({ zone: ZONE, name: `_acme-challenge.${name}` }),
    awaitTxt:
      options.awaitTxt ??
      (async (expected) => {
        for (const { name, values } of expected) {
          if (!values.every((value) => zones.txt.get(name)?.includes(value))) throw new Error(`${name} lacks a value`);
        }
      }),
  });
  return {
    cluster,
    zones,
    issuer,
    said,
    tools: (more = {}) => ({
      cluster: cluster.read,
      store: cluster.store,
      forget: cluster.forget,
      now: options.now ?? (() => new Date()),
      signal: AbortSignal.timeout(patient(20_000)),
      onWaiting: (reason) => said.push(reason),
      ...more,
    }),
    secret: (key) => Buffer.from(dataOf(cluster.objects.get(keyOf(TARGET)))[key] ?? "", "base64").toString(),
    kept: (prefix) =>
      [...cluster.objects.values()].map(({ metadata }) => metadata.name).filter((name) => name.startsWith(prefix)),
  };
};
