#!/usr/bin/env node
// This file must load on every Node there is, so that an old one gets a sentence instead of a stack: everything else is
// imported after the check. `process` is the global one: importing it would open stdin, stdout and stderr.
import { beFrugal } from "./cli/frugal.ts";

const OLDEST = [22, 22] as const;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

const main = async (): Promise<void> => {
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    process.stderr.write(`kn-bootstrap needs Node ${OLDEST.join(".")} or newer; this is ${process.versions.node}.\n`);
    process.exitCode = 2;
    return;
  }
  const { runCli, thisProcess, watchForEnd } = await import("./cli/index.ts");
  // Set for another program, it would switch off verification in libraries that are not told otherwise. Ours are.
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === "0") {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.stderr.write("NODE_TLS_REJECT_UNAUTHORIZED=0 is not heeded: every certificate is verified.\n");
  }
  const ending = watchForEnd(process);
  process.exitCode = await runCli({
    argv: process.argv.slice(2),
    env: process.env,
    get stdin() {
      return ending.stdin();
    },
    stdout: process.stdout,
    stderr: process.stderr,
    written: ending.written,
    isUnread: ending.isUnread,
    signal: ending.signal,
    // Not for help and version, which are over before it helps.
    beforeCommand: () => beFrugal(process.env, major, import.meta.url),
    adapters: {
      holder: thisProcess(),
      openCluster: async ({ kubeconfig, context }, { env, ...options }) => {
        const [{ loadKubeconfig, openCluster }, { seal }] = await Promise.all([
          import("./adapters/cluster/index.ts"),
          import("./ports/sealed.ts"),
        ]);
        const where = { ...(kubeconfig ? { path: kubeconfig } : {}), ...(context ? { context } : {}), env };
        const target = await loadKubeconfig(where);
        const { ca } = target.tls;
        return { ...seal(openCluster(target, options)), ...(ca === undefined ? {} : { trusted: ca }) };
      },
      listContexts: async (kubeconfig, env) => {
        const { readKubeconfig } = await import("./adapters/cluster/kubeconfig-files.ts");
        return (await readKubeconfig(kubeconfig, env))?.contexts.map(({ name }) => name) ?? [];
      },
      system: async () => {
        const [{ systemOf }, { readFile }] = await Promise.all([
          import("./cli/root-file/system.ts"),
          import("node:fs/promises"),
        ]);
        return systemOf(process.platform, await readFile("/etc/os-release", "utf8").catch(() => ""));
      },
      openUrl: async (url) => (await import("./cli/desktop/desktop.ts")).openUrl(url, process.platform, process.env),
      createResolver: async (options) => {
        const { createResolver } = await import("./adapters/resolver/index.ts");
        return createResolver(options);
      },
      createAuthority: async (options) => {
        const { createAuthority } = await import("./adapters/authority/index.ts");
        return createAuthority(options);
      },
      createProbe: async (options) => {
        const { createProbe } = await import("./adapters/probe.ts");
        return createProbe(options);
      },
    },
  });
  ending.close();
};

await main();
