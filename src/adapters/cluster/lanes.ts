import http from "node:http";
import https from "node:https";
import { connect } from "./connect.ts";
import type { ClusterTarget } from "./target.ts";

/** Watches and the Lease never share the pool of ordinary requests (rule 6): eight watches would block a renewal. */
export type LaneName = "ordinary" | "watch" | "lease";

export interface Lane {
  readonly agent: http.Agent;
  /** Waits for one of the lane's connections to be free; call what it gives when the answer has been read. */
  readonly enter: () => Promise<() => void>;
  /** From the request's first byte to the answer's last, in milliseconds. */
  readonly timeoutMs: number;
  /** How long to keep trying a server that has answered before, in milliseconds. */
  readonly patienceMs: number;
}

export interface LaneOptions {
  /** Default 30 000. */
  readonly timeoutMs: number;
  readonly patienceMs: number;
  /** All of TCP, proxy and TLS. */
  readonly connectTimeoutMs: number;
  readonly onConnection: () => void;
}

/** A Lease that was not renewed in time is lost anyway: its requests give up sooner. */
const LEASE_LIMIT_MS = 5_000;
/** Below the idle limit of load balancers (60 s and more): a connection they dropped is not tried with what cannot be repeated. */
const IDLE_MS = 30_000;

export const createLanes = (target: ClusterTarget, options: LaneOptions): Readonly<Record<LaneName, Lane>> => ({
  ordinary: { ...options, ...createPool(target, options, 16) },
  watch: { ...options, ...createPool(target, options, Number.POSITIVE_INFINITY) },
  lease: {
    ...createPool(target, options, 2),
    timeoutMs: Math.min(options.timeoutMs, LEASE_LIMIT_MS),
    patienceMs: Math.min(options.patienceMs, LEASE_LIMIT_MS),
  },
});

const createPool = (target: ClusterTarget, options: LaneOptions, size: number): Pick<Lane, "agent" | "enter"> => ({
  agent: createAgent(target, options),
  enter: createGate(size),
});

/**
 * The agent's own `maxSockets` does not count connections that are still being made, so that a burst would open one for each request; and a
 * request that waits in its queue waits for ever when the connection that is made for the one before it fails.
 */
const createGate = (size: number): Lane["enter"] => {
  const waiting: (() => void)[] = [];
  let inside = 0;
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else inside--;
  };
  return async () => {
    if (inside < size) inside++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    // The agent gets a connection back one turn of the event loop after the answer has ended.
    return () => void setImmediate(leave);
  };
};

const createAgent = (target: ClusterTarget, options: LaneOptions): http.Agent => {
  const secure = target.server.startsWith("https:");
  const { Agent } = secure ? https : http;
  const agent = new Agent({ keepAlive: true, scheduling: "lifo", timeout: IDLE_MS });
  const { hostname, port } = new URL(target.server);
  const proxy = target.proxy ? new URL(target.proxy) : undefined;
  // The agent keeps a connection under a name that contains the client certificate, which is handed over here.
  agent.createConnection = ({ cert, key }: https.RequestOptions, done) => {
    options.onConnection();
    const pem = { ...(cert ? { cert: String(cert) } : {}), ...(key ? { key: String(key) } : {}) };
    connect(
      {
        host: hostname.replace(/^\[|\]$/g, ""),
        port: Number(port) || (secure ? 443 : 80),
        ...(proxy ? { proxy } : {}),
        ...(secure ? { tls: { ...target.tls, ...pem } } : {}),
      },
      options.connectTimeoutMs,
    ).then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, undefined as never),
    );
    return undefined;
  };
  return agent;
};
