/**
 * `kn-bootstrap/rehearsal`: a Kubernetes cluster, and an internet around it, on this machine's loopback, to test against. Kubernetes' API is
 * served over https; Knative Serving, Kourier, Istio and cert-manager behave in it as the real ones do once their released manifests are applied. The
 * internet is a DNS from its root down, the Route 53 API over it, and an ACME CA that looks at it. Nothing else of the machine is touched,
 * and nothing keeps the process alive.
 */

import type { Door } from "./cert-manager/door.ts";
import { FAULTS } from "./faults/index.ts";
import { startInternet as openInternet } from "./internet.ts";
import { startWorld as openWorld } from "./world.ts";

/** Something that can go wrong in a world. */
export interface Fault {
  /** What is given to {@link WorldOptions.faults}, alone or with a parameter: `api-503`, `api-503:3`. */
  readonly name: string;
  /** What goes wrong, as a sentence without its end. */
  readonly summary: string;
  /** What may follow behind a colon, and what counts when nothing does. `SECONDS` begin when the fault is first felt. */
  readonly parameter: { readonly value: "SECONDS" | "IMAGE" | "KIND" | "AHEAD"; readonly default: string };
}

/** Everything that can go wrong. */
export const faults: readonly Fault[] = FAULTS.map(({ name, summary, parameter }) => ({
  name,
  summary,
  parameter: { value: parameter.value, default: parameter.default },
}));

export interface NodeSpec {
  readonly name: string;
  /** Kubernetes quantities: `8`, `16Gi`. */
  readonly cpu: string;
  readonly memory: string;
  readonly internalIP?: string;
  readonly externalIP?: string;
}

export interface WorldOptions {
  /** The version of Kubernetes, `1.33` or `1.33.4`; 1.36.2 when absent. */
  readonly kubernetes?: string;
  /** Milliseconds that one second of the cluster's time lasts, 20 when absent: image pulls, back-offs and idle windows shrink by it. */
  readonly pace?: number;
  /** What is wrong from the beginning, by names of {@link faults}. */
  readonly faults?: readonly string[];
  /** One with 8 CPU, 16 Gi and the addresses 127.0.0.1 when absent. */
  readonly nodes?: readonly NodeSpec[];
  /** What LoadBalancer Services get: an address of loopback each, from 127.0.0.1 on (when absent), a host name, or no address ever. */
  readonly loadBalancer?: "ip" | "hostname" | "none";
  /** How cert-manager in this world reaches a CA and the DNS; nobody answers there when absent. It has to outlive the world. */
  readonly internet?: Internet;
}

/** A cluster with its nodes joined and nothing installed. */
export interface World {
  /** YAML with one context, `rehearsal`, which may do everything. */
  readonly kubeconfig: string;
  /** What the kubeconfig says: `https://127.0.0.1:PORT`, the CA of its certificate as PEM, and a bearer token. */
  readonly api: { readonly url: string; readonly ca: string; readonly token: string };
  /** From the port as the cluster says (80, 443, 31080, 31443) to the port of that address where it is. Closed until a gateway listens. */
  readonly connectTo: ReadonlyMap<number, number>;
  /** Lets more go wrong from now on. Rejects with RangeError for what {@link faults} does not know. */
  readonly startFaults: (...names: readonly string[]) => Promise<void>;
  /** All is well again. */
  readonly endFaults: () => Promise<void>;
  /** Ends its servers and connections; resolves when they are closed. */
  readonly stop: () => Promise<void>;
}

export interface InternetOptions {
  /** Zones that can be written, e.g. `example.com`; each is delegated from the root down. */
  readonly zones: readonly string[];
  /** Other names that resolve, to these addresses. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
}

/** All records of one name and type. */
export interface RecordSet {
  /** Absolute, with or without the dot at its end. */
  readonly name: string;
  /** `A`, `TXT`, … */
  readonly type: string;
  /** Seconds; 60 when absent. */
  readonly ttl?: number;
  /** As zone files write them: a TXT in quotes. None: the set is removed. */
  readonly values: readonly string[];
}

export interface Internet {
  /** `127.0.0.1:PORT` of a recursive resolver, over UDP and TCP. It caches nothing. */
  readonly resolver: string;
  /** From the address of a name server, as glue says it, to `127.0.0.1:PORT`, for whoever asks those himself. */
  readonly connectTo: ReadonlyMap<string, string>;
  /**
   * What a program needs in its environment to write the zones: through the Route 53 API (`AWS_ENDPOINT_URL_ROUTE_53`, `AWS_ACCESS_KEY_ID`, …)
   * and by RFC 2136 (`RFC2136_NAMESERVER`, `RFC2136_TSIG_KEY`, `RFC2136_TSIG_SECRET`, base64 for HMAC-SHA256).
   */
  readonly env: Readonly<Record<string, string>>;
  /** RFC 8555, DNS-01 only, with the limits and profiles of Let's Encrypt. */
  readonly acme: {
    /** URL of its directory. */
    readonly directory: string;
    /** PEM: what to trust to talk to it. */
    readonly tlsCa: string;
    /** PEM: what the issued chains lead to. */
    readonly root: string;
  };
  /** Writes as the owner of a zone would. Throws TypeError for a name in no zone, and for a value that does not fit its type. */
  readonly publish: (set: RecordSet) => void;
  /** The values that stand in the zone; empty where there are none. */
  readonly published: (name: string, type: string) => readonly string[];
  /** Ends its servers; resolves when they are closed. */
  readonly stop: () => Promise<void>;
}

const doors = new WeakMap<Internet, Door>();

/** Throws RangeError for a version that is none and for faults that there are not. */
export const startWorld = async (options: WorldOptions = {}): Promise<World> => {
  const { kubernetes, internet, ...rest } = options;
  const door = internet && doors.get(internet);
  const { api, kubeconfig, connectTo, faults, close } = await openWorld({
    ...rest,
    ...(kubernetes === undefined ? {} : { version: versionOf(kubernetes) }),
    ...(door ? { certManager: door } : {}),
  });
  return {
    kubeconfig,
    api: { url: api.url, ca: api.ca, token: api.token },
    connectTo,
    startFaults: faults.start,
    endFaults: faults.end,
    stop: close,
  };
};

const versionOf = (text: string): string => {
  const [, minor, patch = ".0"] = /^v?(1\.\d+)(\.\d+)?$/.exec(text) ?? [];
  if (minor === undefined) throw new RangeError(`${JSON.stringify(text)} is no version of Kubernetes, like 1.33`);
  return `v${minor}${patch}`;
};

const TTL = 60;

/** Throws TypeError for names of zones that cannot be. */
export const startInternet = async (options: InternetOptions): Promise<Internet> => {
  const { zones: names, hosts = {} } = options;
  const { dns, acme, zones, door, env, close } = await openInternet({
    zones: names,
    hosts: new Map(Object.entries(hosts)),
  });
  const recordsOf = (name: string) => {
    const holders = zones.filter((zone) => `.${bare(name)}`.endsWith(`.${zone.name}`));
    const [zone] = holders.toSorted((a, b) => b.name.length - a.name.length);
    if (!zone) throw new TypeError(`${name} is in none of ${names.join(", ")}`);
    return zone.records;
  };
  const internet: Internet = {
    resolver: dns.resolver,
    connectTo: dns.connectTo,
    env,
    acme: { directory: acme.directory, tlsCa: acme.tlsCa, root: acme.root },
    publish: ({ name, type, ttl = TTL, values }) => {
      const records = recordsOf(name);
      if (values.length > 0) records.set({ name: bare(name), type, ttl, values });
      else records.delete(bare(name), type);
    },
    published: (name, type) => recordsOf(name).get(bare(name), type)?.values ?? [],
    stop: close,
  };
  doors.set(internet, door);
  return internet;
};

const bare = (name: string): string => name.toLowerCase().replace(/\.$/, "");
