import { isIP } from "node:net";
import type { ProbeResponse } from "../../ports/http.ts";
import type { HealthContext } from "../health-check.ts";
import type { Resolved } from "./resolved.ts";
import { type Gateway, NOBODY } from "./view.ts";

/** Whether a name leads to the gateway: to nothing else, to other places too, or elsewhere. Load balancers with a name have changing addresses. */
export const leadsTo = ({ via, addresses }: Resolved, gateway: Gateway): "all" | "some" | "none" => {
  if (via.some((target) => gateway.hosts.includes(target))) return "all";
  const own = addresses.filter((address) => gateway.addresses.includes(address));
  if (own.length === 0) return "none";
  const isNamed = gateway.hosts.some((host) => isIP(host) === 0);
  return own.length === addresses.length || isNamed ? "all" : "some";
};

const TIMEOUT_MS = 3_000;

/** What a gateway says of a host that nobody has, so that no Service is woken. Undefined: there is no answer from here. */
const answerAt = async (ctx: HealthContext, address: string, domain: string): Promise<ProbeResponse | undefined> => {
  const host = `${NOBODY}.${domain}`;
  try {
    return await ctx.probe({ scheme: "http", address, port: 80, host, timeoutMs: TIMEOUT_MS, signal: ctx.signal });
  } catch {
    ctx.signal.throwIfAborted();
    return undefined;
  }
};

/**
 * Whether another address is another way to the same gateway, such as a proxy, a second load balancer or address translation: it answers for
 * a host that nobody has as the gateway itself does.
 * `unknown`: neither of them answers from here.
 */
export const isAnotherWay = async (
  ctx: HealthContext,
  gateway: Gateway,
  address: string,
  domain: string,
): Promise<"yes" | "no" | "unknown"> => {
  const [own] = gateway.addresses;
  const [direct, through] = await Promise.all([
    own === undefined ? undefined : answerAt(ctx, own, domain),
    answerAt(ctx, address, domain),
  ]);
  if (!through) return direct ? "no" : "unknown";
  // Where the gateway is reached from its own network alone, what answers in its name is believed.
  return direct === undefined || direct.status === through.status ? "yes" : "no";
};
