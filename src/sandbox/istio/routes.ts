import type { Obj } from "../types.ts";
import { keyOfServer, matches, mostSpecific, type Server } from "./servers.ts";

/** What the routes of a gateway's listener say to a request (istio pilot/pkg/networking/core/gateway.go). */

/** Where a request goes. */
export interface Destination {
  readonly namespace: string;
  readonly service: string;
  readonly weight: number;
}

export type Decision =
  | { readonly toHttps: true }
  /** `set`: headers of the request that are set on the way. */
  | { readonly destinations: readonly Destination[]; readonly set: Readonly<Record<string, string>> };

export interface Asked {
  /** In lower case, with its port where it was sent. */
  readonly authority: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface VirtualHost {
  readonly routes: readonly { readonly gateway: string; readonly service: Obj; readonly route: Obj["spec"] }[];
  readonly redirects: boolean;
}

/** Undefined: nothing is routed there, 404. */
export const decide = (
  servers: readonly Server[],
  virtualServices: readonly Obj[],
  asked: Asked,
): Decision | undefined => {
  const hosts = virtualHosts(servers, virtualServices);
  const name = mostSpecific([...hosts.keys()], asked.authority.replace(/:\d+$/, ""));
  const host = name === undefined ? undefined : hosts.get(name);
  if (host?.redirects) return { toHttps: true };
  const found = host?.routes.find(({ gateway, service, route }) => isMatch(route, gateway, service, asked));
  if (!found) return undefined;
  const targets = (found.route.route ?? []) as Obj[];
  return {
    destinations: targets.map(({ destination, weight }) => ({
      ...serviceAt(destination.host, found.service),
      weight: Number(weight ?? (targets.length === 1 ? 100 : 0)),
    })),
    set: found.route.headers?.request?.set ?? {},
  };
};

const virtualHosts = (
  servers: readonly Server[],
  virtualServices: readonly Obj[],
): ReadonlyMap<string, VirtualHost> => {
  const found = new Map<string, VirtualHost>();
  for (const server of servers) {
    const redirects = !server.isTls && server.tls.httpsRedirect === true;
    const gateway = keyOfServer(server);
    for (const service of virtualServices.filter((one) => gatewaysOf(one).includes(gateway)))
      for (const host of sharedHosts(server, service)) {
        const known = found.get(host);
        const routes = ((service.spec.http ?? []) as Obj[]).map((route) => ({ gateway, service, route }));
        found.set(host, {
          routes: [...(known?.routes ?? []), ...routes],
          redirects: redirects || (known?.redirects ?? false),
        });
      }
    if (redirects)
      for (const { host } of server.hosts) found.set(host, { routes: [], ...found.get(host), redirects: true });
  }
  return found;
};

/** `namespace/name` */
const gatewaysOf = ({ spec, metadata }: Obj): readonly string[] =>
  ((spec.gateways ?? ["mesh"]) as string[]).map((name) =>
    name.includes("/") ? name : `${metadata.namespace}/${name}`,
  );

/** The names of a VirtualService that the server lets through; where the server's are narrower, those. */
const sharedHosts = (server: Server, service: Obj): readonly string[] =>
  ((service.spec.hosts ?? []) as string[]).flatMap((name) =>
    server.hosts
      .filter(({ namespace }) => namespace === undefined || namespace === service.metadata.namespace)
      .flatMap(({ host }) => (matches(host, name) ? [name] : matches(name, host) ? [host] : [])),
  );

const isMatch = ({ match }: Obj["spec"], gateway: string, service: Obj, asked: Asked): boolean =>
  match === undefined ||
  (match as Obj[]).some(({ gateways, authority, uri, headers = {} }) => {
    const own = gateways ? gatewaysOf({ ...service, spec: { gateways } }) : [gateway];
    return (
      own.includes(gateway) &&
      isText(authority, asked.authority) &&
      isText(uri, asked.path) &&
      Object.entries(headers as Record<string, Obj>).every(([name, wanted]) =>
        isText(wanted, String(asked.headers[name.toLowerCase()] ?? "")),
      )
    );
  });

const isText = (wanted: Obj["spec"], text: string): boolean =>
  wanted === undefined || (wanted.exact === undefined ? text.startsWith(wanted.prefix ?? "") : wanted.exact === text);

/** Of a host like `hello-00001.default.svc.cluster.local`; short names are of the VirtualService's namespace. */
const serviceAt = (host: string, { metadata }: Obj): { namespace: string; service: string } => {
  const [service = "", namespace = metadata.namespace ?? ""] = host.split(".");
  return { namespace, service };
};
