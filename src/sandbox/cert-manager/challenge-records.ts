import type { Dns, Zone } from "../dns/index.ts";
import type { Solver } from "./door.ts";

/** What cert-manager's solvers write at a DNS provider, and what stops them (pkg/issuer/acme/dns). */

/** Who may write where. Whoever makes a world knows it. */
export interface Keys {
  /** Of the account that has the zones. cert-manager's pod has no rights of its own, as none in the rehearsal has. */
  readonly accessKey: { readonly id: string; readonly secret: string };
  readonly tsig: { readonly name: string; readonly secret: string };
}

export interface Publisher {
  /** Rejects with the words that would stand in the Challenge. */
  readonly present: (solver: Solver, name: string, value: string) => Promise<void>;
  readonly cleanUp: (solver: Solver, name: string, value: string) => Promise<void>;
}

const TTL = 60;

/** The longest zone above a name; among twins the last, as it is listed last. */
const zoneAbove = (dns: Dns, name: string): Zone | undefined =>
  dns
    .zones()
    .filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`))
    .sort((a, b) => a.name.length - b.name.length)
    .at(-1);

export const createPublisher = (dns: Dns, keys: Keys): Publisher => {
  const route53Zone = (solver: Solver & { provider: "route53" }, name: string): Zone => {
    if (!solver.accessKey)
      throw new Error("failed to retrieve credentials: no EC2 IMDS role found, and no web identity token for the pod");
    if (solver.accessKey.id !== keys.accessKey.id || solver.accessKey.secret !== keys.accessKey.secret)
      throw new Error("InvalidClientTokenId: The security token included in the request is invalid");
    const zone = solver.hostedZoneID ? dns.zones().find(({ id }) => id === solver.hostedZoneID) : zoneAbove(dns, name);
    if (!zone) throw new Error(`failed to determine Route 53 hosted zone ID: zone not found for ${name}.`);
    return zone;
  };

  const rfc2136Zone = (solver: Solver & { provider: "rfc2136" }, name: string): Zone => {
    const zone = zoneAbove(dns, name);
    const isServer = zone?.nameServers.some((server) => dns.endpoint(server) === solver.nameserver);
    if (!zone || !isServer) throw new Error(`DNS update failed: dial udp ${solver.nameserver}: connection refused`);
    const { key } = solver;
    if (!key) throw new Error("DNS update failed: server replied: REFUSED");
    if (key.name !== keys.tsig.name) throw new Error("DNS update failed: server replied: NOTAUTH (BADKEY)");
    if (key.secret !== keys.tsig.secret) throw new Error("DNS update failed: server replied: NOTAUTH (BADSIG)");
    return zone;
  };

  return {
    present: async (solver, name, value) => {
      const quoted = `"${value}"`;
      if (solver.provider === "rfc2136") {
        const { records } = rfc2136Zone(solver, name);
        const others = records.get(name, "TXT")?.values ?? [];
        records.set({ name, type: "TXT", ttl: TTL, values: [...new Set([...others, quoted])] });
        return;
      }
      const { records } = route53Zone(solver, name);
      const isSimple = records.list().some((set) => set.name === name && set.type === "TXT" && !set.routing);
      if (isSimple)
        throw new Error(
          `InvalidChangeBatch: RRSet of type TXT with DNS name ${name}. and SetIdentifier ${quoted} cannot be created because a non multivalue answer rrset exists`,
        );
      records.set({ name, type: "TXT", ttl: 10, values: [quoted], routing: { id: quoted, multivalue: true } });
    },
    cleanUp: async (solver, name, value) => {
      const quoted = `"${value}"`;
      if (solver.provider === "route53") {
        route53Zone(solver, name).records.delete(name, "TXT", quoted);
        return;
      }
      const { records } = rfc2136Zone(solver, name);
      const values = (records.get(name, "TXT")?.values ?? []).filter((one) => one !== quoted);
      if (values.length > 0) records.set({ name, type: "TXT", ttl: TTL, values });
      else records.delete(name, "TXT");
    },
  };
};
