import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { NoAnswer } from "../../ports/dns.ts";

/** Where packets really go. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

const familyOf = (address: string): 4 | 6 => (isIP(address) === 6 ? 6 : 4);

/** `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353`, `dns.example.net:53`. The port is 53 when absent. */
export const splitServer = (server: string): { readonly host: string; readonly port: number } => {
  if (isIP(server)) return { host: server, port: 53 };
  const [, v6, host = v6 ?? server, port = "53"] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(server) ?? [];
  return { host, port: Number(port) };
};

/** Asks the operating system when the server is given by name. Rejects with NoAnswer when it does not know it. */
export const endpointOf = async (server: string): Promise<Endpoint> => {
  const { host, port } = splitServer(server);
  if (isIP(host)) return { address: host, port, family: familyOf(host) };
  try {
    const { address } = await lookup(host);
    return { address, port, family: familyOf(address) };
  } catch (cause) {
    throw new NoAnswer(server, `${server}: the system does not know the host ${host}`, cause);
  }
};
