/**
 * Loaded before the measured program (`node --import`): counts its requests to the API, leads it to the sandbox's gateway, whose
 * ports 80 and 443 are others on this machine, and writes down what it needed when it ends. The program itself is as it ships.
 */
import { subscribe } from "node:diagnostics_channel";
import { readFileSync, writeFileSync } from "node:fs";
import type { ClientRequest } from "node:http";
import { type NetConnectOpts, Socket } from "node:net";
import process from "node:process";
import { count, type Request, requestOf } from "./verbs.ts";

const { BENCH_FIGURES = "", BENCH_GATEWAY = "[]" } = process.env;

const requests: Request[] = [];
subscribe("http.client.request.start", (message) => {
  const { request } = message as { request: ClientRequest };
  // The proof's requests go through the gateway, to `/`.
  if (request.path !== "/") requests.push(requestOf(request.method, request.path));
});

const ports = new Map(JSON.parse(BENCH_GATEWAY) as [number, number][]);
const connect = Socket.prototype.connect;
Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  // Node's own callers pass their arguments as one array.
  const options = (Array.isArray(args[0]) ? args[0][0] : args[0]) as NetConnectOpts;
  const port = "port" in options ? ports.get(options.port) : undefined;
  if (port !== undefined) Object.assign(options, { port });
  return Reflect.apply(connect, this, args) as Socket;
};

process.on("exit", () => {
  writeFileSync(BENCH_FIGURES, JSON.stringify({ counted: count(requests), peakBytes: peakBytes() }));
});

/** Of this program alone. What the system counts for the process begins with what its parent had when it was forked. */
function peakBytes(): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    if (kilobytes) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
