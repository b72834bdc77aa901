/**
 * A cluster, DNS and Route 53 on loopback in a process of their own, for a program that runs in a terminal. Lives as long as its
 * parent; answers `writes` with what was written so far.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { startInternet } from "../../src/sandbox/internet.ts";
import { startWorld, type WorldOptions } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";

const { options, folder } = JSON.parse(process.argv[2] ?? "{}") as { options: WorldOptions; folder: string };
const writes: string[] = [];
/** What a question to the API may be sent by: access reviews are POSTs that change nothing. */
const isWrite = (method: string, path: string): boolean => method !== "GET" && !path.includes("accessreviews");

process.on("disconnect", () => process.exit(0));
const [world, internet] = await Promise.all([
  startWorld({
    pace: patient(5),
    ...options,
    onRequest: async ({ method, path }) => {
      if (isWrite(method, path)) writes.push(`${method} ${path}`);
      return undefined;
    },
  }),
  startInternet({ zones: ["example.com"] }),
]);
writes.length = 0;
const kubeconfig = join(folder, "kubeconfig");
writeFileSync(kubeconfig, world.kubeconfig, { mode: 0o600 });
process.on("message", () => process.send?.({ writes }));
const { dns, acme } = internet;
process.send?.({
  kubeconfig,
  env: internet.env,
  outside: {
    gateway: [...world.connectTo],
    resolver: dns.resolver,
    servers: [...dns.connectTo],
    directory: acme.directory,
    ca: acme.tlsCa,
    root: acme.root,
  },
});
