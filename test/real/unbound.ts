import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemon, startDaemon } from "./daemon.ts";
import { freePort } from "./ports.ts";
import { isInstalled } from "./programs.ts";

/** Whether a real unbound is here; says so when it is not. */
export const hasUnbound = (): boolean => isInstalled(["unbound"], "Debian: unbound");

export interface Unbound extends Daemon {
  /** `127.0.0.1:5353`. */
  readonly server: string;
}

/** A real unbound on loopback, which asks these servers (`127.0.0.1:5353`) for these zones and nobody else. It caches. */
export const startUnbound = async (
  zones: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): Promise<Unbound> => {
  const directory = mkdtempSync(join(tmpdir(), "unbound-"));
  const port = await freePort();
  const lines = [
    "server:",
    "  interface: 127.0.0.1",
    `  port: ${port}`,
    '  username: ""',
    '  chroot: ""',
    `  directory: "${directory}"`,
    `  pidfile: "${directory}/pid"`,
    "  do-daemonize: no",
    "  use-syslog: no",
    '  logfile: ""',
    "  do-not-query-localhost: no",
    '  module-config: "iterator"',
    "  do-ip6: no",
    "  num-threads: 1",
    ...more.map((line) => `  ${line}`),
    "remote-control:",
    "  control-enable: no",
    ...Object.entries(zones).flatMap(([name, server]) => [
      "stub-zone:",
      `  name: "${name}"`,
      `  stub-addr: ${server.replace(":", "@")}`,
    ]),
    "",
  ];
  const file = join(directory, "unbound.conf");
  writeFileSync(file, lines.join("\n"));
  return { server: `127.0.0.1:${port}`, ...(await startDaemon(directory, port, "unbound", ["-d", "-c", file])) };
};
