import { hasLabels, keyOf } from "../objects.ts";
import type { Api, Obj } from "../types.ts";
import { expanded, isLocal, rulesOf } from "./kingress.ts";
import { ISTIO } from "./names.ts";
import type { Target } from "./prober.ts";
import { gatewaysFor, nameOf, type Settings } from "./settings.ts";

/** Where the status prober asks about a kingress (net-istio pkg/reconciler/ingress/lister.go). */

/** Throws an Error with the controller's words where a Gateway, or the Endpoints of its Service, are missing. */
export const targetsOf = (
  api: Api,
  kingress: Obj,
  settings: Settings,
  log: (message: string) => void,
): readonly Target[] => {
  const { external, local } = gatewaysFor(settings, kingress.metadata.labels);
  const hosts = new Map<string, string[]>();
  for (const rule of rulesOf(kingress))
    for (const gateway of isLocal(rule) ? local : external)
      hosts.set(nameOf(gateway), [...(hosts.get(nameOf(gateway)) ?? []), ...expanded(rule.hosts)]);
  return [...hosts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, names]) => {
      const [namespace = "", name = ""] = key.split("/");
      const gateway = api.get({ apiVersion: ISTIO, kind: "Gateway", namespace, name });
      if (!gateway) throw new Error(`failed to get Gateway "${key}": gateway.networking.istio.io "${name}" not found`);
      // One of them stands for all: they become known to a gateway together.
      const [host = ""] = names.toSorted();
      return doorsOf(api, gateway, log).map((door): Target => ({ ...door, host }));
    });
};

const SCHEMES: Readonly<Record<string, Target["scheme"]>> = { HTTP: "http", HTTP2: "http", HTTPS: "https" };

const doorsOf = (api: Api, gateway: Obj, log: (message: string) => void): readonly Omit<Target, "host">[] => {
  const key = keyOf(gateway);
  const selector: Record<string, string> = gateway.spec.selector ?? {};
  // Of several, any is taken: a list in Go's memory has no order.
  const [service] = api
    .list("v1", "Service")
    .filter((one) => Object.keys(selector).length === 0 || hasLabels(one, selector))
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  if (!service) {
    log(`Skipping Gateway ${key} because it has no corresponding Service`);
    return [];
  }
  const { name, namespace = "" } = service.metadata;
  const endpoints = api.get({ apiVersion: "v1", kind: "Endpoints", namespace, name });
  if (!endpoints)
    throw new Error(
      `failed to list the probing URLs of Gateway "${key}": failed to get Endpoints: endpoints "${name}" not found`,
    );
  const seen = new Set<string>();
  return ((gateway.spec.servers ?? []) as Obj[]).flatMap((server) => {
    const { name: serverName, number, protocol } = server.port;
    const skip = (why: string): [] => {
      log(`Skipping Server "${serverName}" because ${why}`);
      return [];
    };
    const scheme = SCHEMES[protocol];
    if (!scheme) return skip(`protocol "${protocol}" is not supported`);
    if (scheme === "http" && server.tls?.httpsRedirect) return [];
    if (scheme === "https" && server.tls?.mode === "MUTUAL") return skip("HTTPS with TLS mode MUTUAL is not supported");
    const entry = (service.spec.ports as Obj[]).find(({ port }) => port === number);
    if (!entry) return skip(`Service ${keyOf(service)} doesn't contain a port ${number}`);
    if (seen.has(`${protocol}/${number}`)) return [];
    seen.add(`${protocol}/${number}`);
    return ((endpoints.subsets ?? []) as Obj[]).flatMap(({ addresses = [], ports = [] }) => {
      const found = (ports as Obj[]).find((port) => port.name === entry.name);
      const ips = (addresses as Obj[]).map(({ ip }): string => ip);
      return found ? [{ ips, podPort: Number(found.port), scheme, port: Number(number) }] : [];
    });
  });
};
