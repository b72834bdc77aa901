import { isIP } from "node:net";
import { strategyOf } from "../certificates/index.ts";
import { inspect, type TlsSecret } from "../certificates/secret.ts";
import { type Finding, fail, type ReadContext } from "../core/check.ts";
import { type Address, findAddress, type Ports, urlAt } from "../ingress/address.ts";
import { messageOf } from "../ports/error.ts";
import type { ProbeResponse } from "../ports/http.ts";
import { readerOf } from "../ports/reader.ts";
import { sh } from "../ports/shell.ts";
import { AGAIN } from "./again.ts";
import type { Proof } from "./proven.ts";

/** Whom a request goes to, and as what. */
export interface Target {
  readonly address: Address;
  readonly host: string;
  /** As a browser asks for it, and what is printed: with the port where it is not the scheme's own. */
  readonly url: string;
  /** PEM up to which the chain must verify; undefined: the public roots. */
  readonly ca: string | undefined;
  /** Of the certificate that should be served. */
  readonly serial: string | undefined;
}

/** A CA whose root nobody has is trusted from its own chain: that it was served, and not that a browser would like it. */
const trustedBy = ({ config, root }: Proof, secret: TlsSecret | undefined): string | undefined =>
  secret?.ca ?? root ?? (strategyOf(config.tls).acme?.isForTrials ? secret?.chain.at(-1) : undefined);

/** Every address that the gateway has, so that none is left with an old certificate. */
export const addressesOf = async (
  { hosts }: Pick<Address, "hosts">,
  { resolver }: Pick<Proof, "resolver">,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const found = await Promise.all(
    hosts.map(async (host) => {
      if (!resolver || isIP(host)) return [host];
      const answers = await Promise.all((["A", "AAAA"] as const).map((type) => resolver.ask(host, type, signal)));
      const addresses = answers.flatMap((answer) =>
        answer.answers.filter(({ type }) => type === "A" || type === "AAAA").map(({ value }) => value),
      );
      return addresses.length > 0 ? addresses : [host];
    }),
  );
  return found.flat();
};

type Judge = (target: Target) => Promise<Finding>;

/** Sends a request by name to the gateway's address, without asking any DNS, at the ports that have answered. */
export const through = (ctx: ReadContext, proof: Proof, judge: Judge): Promise<Finding> =>
  throughWays(ctx, proof, judge, (address) => [proof.reached.ports ?? address]);

/** The same at each pair of ports that can be right; the last one that answers is remembered. */
export const throughEach = (ctx: ReadContext, proof: Proof, judge: Judge): Promise<Finding> =>
  throughWays(ctx, proof, judge, ({ ways }) => ways);

const throughWays = async (
  ctx: ReadContext,
  proof: Proof,
  judge: Judge,
  waysOf: (address: Address) => readonly Ports[],
): Promise<Finding> => {
  const address = await findAddress(readerOf(ctx.cluster), proof.config, proof.ingress);
  const naming = await proof.naming(ctx);
  if (!address || !naming) return fail("the gateway's address is not known", AGAIN);
  const host = naming.host({ namespace: proof.service.namespace ?? "", name: proof.service.name });
  const ref = await proof.secret?.(ctx.cluster);
  const secret = ref && inspect(await ctx.cluster.get(ref));
  const scheme = proof.secret ? "https" : "http";
  const at = async (ports: Ports): Promise<Finding> => {
    const url = urlAt(`${scheme}://${host}`, ports);
    try {
      const target = { address: { ...address, ...ports }, host, url };
      return await judge({ ...target, ca: trustedBy(proof, secret), serial: secret?.serial });
    } catch (error) {
      return fail(`${host} through ${address.host}:${ports[scheme]}: ${messageOf(error)}`, {
        text: "Look at what the gateway says, and that this machine can reach it.",
        command: sh`curl -v --connect-to ::${address.host}:${ports[scheme]} ${url}`,
      });
    }
  };
  let found: Finding | undefined;
  // One after the other: when a later pair is refused although an earlier one answers, it is not because the gateway was not there yet.
  for (const ports of waysOf(address)) {
    const next = await at(ports);
    if (next.status === "ok") proof.reached.ports = ports;
    if (found === undefined || next.status === "ok") found = next;
    else if (found.status === "fail" && next.status === "fail")
      found = { ...found, summary: `${found.summary}; ${next.summary}` };
  }
  return found ?? fail("the gateway has no ports", AGAIN);
};

/** One request for the Service. */
export const answer = (
  proof: Proof,
  ctx: ReadContext,
  { address, url, ca }: Target,
  timeoutMs = 5_000,
  place = address.host,
): Promise<ProbeResponse> =>
  ctx.probe({
    scheme: proof.secret ? "https" : "http",
    address: place,
    port: proof.secret ? address.https : address.http,
    host: authorityOf(url),
    timeoutMs,
    signal: ctx.signal,
    ...(ca ? { ca } : {}),
  });

/** For the Host header: with the port where the URL has one, as browsers send it. */
export const authorityOf = (url: string): string => url.replace(/^https?:\/\//, "");
