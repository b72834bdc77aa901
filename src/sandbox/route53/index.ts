/**
 * The Route 53 API (2013-04-01) of the rehearsal world: hosted zones are zones of its DNS, and what is written here is what the
 * name servers answer, each when the change has reached it.
 *
 * Signatures are not verified; a request must bear one, for the one region of its partition.
 */

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Dns, Propagation, Zone } from "../dns/index.ts";
import { headersOf, readBody } from "../incoming.ts";
import { actionOf, createApi, type Route53Request, resourceOf } from "./api.ts";
import { accessDenied, priorRequestNotComplete, Refusal, refusalXml, throttled } from "./refusal.ts";

export type { Route53Request } from "./api.ts";
export { batchIn } from "./api.ts";

export interface Route53Response {
  readonly status: number;
  readonly body: string;
}

export interface Route53Options {
  readonly dns: Pick<Dns, "hosts" | "zones">;
  /** Which zones the account has; those that were made on purpose when absent. */
  readonly owns?: (zone: Zone) => boolean;
  /** Milliseconds from a change to INSYNC (0); a function is asked for each change. */
  readonly delay?: number | (() => number);
  /** Milliseconds until each server has a change; when absent they get it one after the other, the last at INSYNC. */
  readonly propagation?: Propagation;
  /** The hosted zone of a load balancer's name (AWS's own): an alias that names another is refused. Any will do when absent. */
  readonly aliasZoneOf?: (target: string) => string | undefined;
  /** Zones or record sets on a page, at most; as many as the real one when absent. */
  readonly pageLimit?: number;
  /**
   * Sees every request before it is handled; may answer in its place. When it rejects, the connection is dropped as if the
   * server had died before it did anything.
   */
  readonly onRequest?: (request: Route53Request) => Route53Response | undefined | Promise<Route53Response | undefined>;
  /** Sees every request after it was handled. When it rejects, the answer is lost. */
  readonly onHandled?: (request: Route53Request, response: Route53Response) => void | Promise<void>;
  readonly now?: () => number;
  /** What AWS takes for the time, milliseconds since 1970: a request signed five minutes off is refused. Absent: any time will do. */
  readonly clock?: () => number;
  /** The AWS partition of the account: `aws` when absent. Each has its own Route 53, which takes signatures for one region of it. */
  readonly partition?: keyof typeof REGIONS;
}

/** Where the Route 53 of a partition is, and another region of it ("Route 53 endpoints and quotas", AWS General Reference). */
const REGIONS = {
  aws: { signing: "us-east-1", other: "us-east-1" },
  "aws-cn": { signing: "cn-northwest-1", other: "cn-north-1" },
  "aws-us-gov": { signing: "us-gov-west-1", other: "us-gov-east-1" },
} as const;

export interface Route53 {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** What a client of this API needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Every request so far. */
  readonly requests: readonly Route53Request[];
  /** How often an action was asked for. */
  readonly calls: (action: string) => number;
  /** Refuses an action, by its name without `route53:`, as a policy that lacks it does. Returns what allows it again. */
  readonly deny: (action: string, when?: (request: Route53Request) => boolean) => () => void;
  /** Refuses the next requests, of one action or of any. */
  readonly refuseNext: (times: number, why: "Throttling" | "PriorRequestNotComplete", action?: string) => void;
  readonly close: () => Promise<void>;
}

const PAGE_LIMIT = 300;
const BODY_LIMIT = 1024 * 1024;

export const startRoute53 = async (options: Route53Options): Promise<Route53> => {
  const { dns, now = Date.now, delay = 0, pageLimit = PAGE_LIMIT, owns = (zone) => !zone.isAutomatic } = options;
  const requests: Route53Request[] = [];
  const denied = new Set<(request: Route53Request) => boolean>();
  const refusals: { readonly action: string | undefined; left: number; readonly refusal: Refusal }[] = [];
  const handle = createApi({
    aliasTargets: { hosts: dns.hosts, zoneOf: options.aliasZoneOf ?? (() => undefined) },
    zones: () => dns.zones().filter(owns),
    pageLimit,
    delay: typeof delay === "number" ? () => delay : delay,
    propagation: (zone, needed) => options.propagation ?? oneAfterTheOther(zone, needed),
    now,
  });
  const { partition = "aws" } = options;
  const region = REGIONS[partition];
  const user = `arn:${partition}:iam::123456789012:user/rehearsal`;
  const check = (request: Route53Request): void => {
    requireSignature(request, region.signing);
    if (options.clock) requireTime(request, options.clock());
    const refused = refusals.find(({ action, left }) => left > 0 && (action ?? request.action) === request.action);
    if (refused) {
      refused.left -= 1;
      throw refused.refusal;
    }
    if ([...denied].some((applies) => applies(request)))
      throw accessDenied(user, request.action, resourceOf(request, partition));
  };
  const answer = async (request: Route53Request): Promise<Route53Response> => {
    const instead = await options.onRequest?.(request);
    if (instead) return instead;
    try {
      check(request);
      return { status: 200, body: handle(request) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, body: refusalXml(error, requestIdOf(requests.length)) };
    }
  };
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing, async (request) => {
      requests.push(request);
      const response = await answer(request);
      outgoing.setHeader("x-amzn-requestid", requestIdOf(requests.length));
      if (options.clock) outgoing.setHeader("date", new Date(options.clock()).toUTCString());
      await options.onHandled?.(request, response);
      return response;
    }).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  server.unref();
  server.on("connection", (socket) => socket.unref());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    env: {
      AWS_ENDPOINT_URL_ROUTE_53: endpoint,
      AWS_ACCESS_KEY_ID: "AKIAREHEARSAL0000000",
      // As random as a real one: it is masked wherever it stands.
      AWS_SECRET_ACCESS_KEY: randomBytes(30).toString("base64"),
      AWS_REGION: region.other,
      AWS_EC2_METADATA_DISABLED: "true",
    },
    requests,
    calls: (action) => requests.filter((request) => request.action === action).length,
    deny: (action, when = () => true) => {
      const applies = (request: Route53Request): boolean => request.action === action && when(request);
      denied.add(applies);
      return () => void denied.delete(applies);
    },
    refuseNext: (times, why, action) => {
      const refusal = why === "Throttling" ? throttled() : priorRequestNotComplete();
      refusals.push({ action, left: times, refusal });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const oneAfterTheOther = ({ nameServers }: Zone, delay: number): Propagation => {
  return (server) => (delay * (nameServers.indexOf(server) + 1)) / Math.max(1, nameServers.length);
};

const requestIdOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

/** The API is a global one of its partition: it takes signatures for one region alone. */
const requireSignature = ({ headers }: Route53Request, region: string): void => {
  const [, signed] = /Credential=[^/]+\/\d{8}\/([^/]+)\/route53\/aws4_request/.exec(headers.authorization ?? "") ?? [];
  if (headers.authorization === undefined)
    throw new Refusal(403, "MissingAuthenticationToken", "Missing Authentication Token");
  if (signed !== region)
    throw new Refusal(
      403,
      "SignatureDoesNotMatch",
      `Credential should be scoped to a valid region, not '${signed ?? ""}'. `,
    );
};

const TOLERANCE_MS = 300_000;
const basic = (time: number): string => new Date(time).toISOString().replace(/[-:]|\.\d+/g, "");

/** "Troubleshooting AWS Signature Version 4", IAM User Guide. */
const requireTime = ({ headers }: Route53Request, now: number): void => {
  const said = headers["x-amz-date"] ?? "";
  const time = Date.parse(said.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  const words =
    time < now - TOLERANCE_MS
      ? `Signature expired: ${said} is now earlier than ${basic(now - TOLERANCE_MS)} (${basic(now)} - 5 min.)`
      : time > now + TOLERANCE_MS
        ? `Signature not yet current: ${said} is still later than ${basic(now + TOLERANCE_MS)} (${basic(now)} + 5 min.)`
        : undefined;
  if (words !== undefined) throw new Refusal(403, "SignatureDoesNotMatch", words);
};

const serve = async (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: (request: Route53Request) => Promise<Route53Response>,
): Promise<void> => {
  const url = new URL(incoming.url ?? "/", "http://loopback");
  const { method = "GET" } = incoming;
  const { status, body } = await answer({
    method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: headersOf(incoming),
    body: String(await readBody(incoming, BODY_LIMIT)),
    ...actionOf(method, url.pathname),
  });
  outgoing.writeHead(status, { "content-type": "text/xml" }).end(body);
};
