/** The program as `main.ts` runs it, but releases are stand-ins, and gateway, DNS and CA are the world's. */
import process from "node:process";
import { createAuthority } from "../../src/adapters/authority/index.ts";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { createProbe } from "../../src/adapters/probe.ts";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { thisProcess } from "../../src/cli/holder.ts";
import { runCli } from "../../src/cli/index.ts";
import { Interrupted } from "../../src/ports/error.ts";
import { seal } from "../../src/ports/sealed.ts";
import { standIn } from "../../src/sandbox/stand-ins/index.ts";

/** The world outside the cluster, as wizard-world.ts tells it. */
interface Outside {
  readonly gateway: readonly (readonly [number, number])[];
  readonly resolver: string;
  readonly servers: readonly (readonly [string, string])[];
  readonly directory: string;
  readonly ca: string;
  readonly root: string;
}
const outside = JSON.parse(process.env.WIZARD_OUTSIDE ?? "{}") as Outside;

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    const reason = new Interrupted(signal);
    if (stop.signal.aborted) process.exit(reason.exitCode);
    stop.abort(reason);
  });
}
process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  adapters: {
    holder: thisProcess(),
    openCluster: async ({ kubeconfig, context }, { env, ...options }) => {
      const where = { ...(kubeconfig ? { path: kubeconfig } : {}), ...(context ? { context } : {}), env };
      return seal(openCluster(await loadKubeconfig(where), options));
    },
    createResolver: async (options) =>
      createResolver({ ...options, server: outside.resolver, connectTo: new Map(outside.servers) }),
    // Whatever CA was chosen.
    createAuthority: async (options) => createAuthority({ ...options, directory: outside.directory, ca: outside.ca }),
    createProbe: async (options) =>
      createProbe({ ...options, connectTo: new Map(outside.gateway), root: outside.root }),
    standIns: standIn,
  },
});
