import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPILED } from "../compiled.ts";
import { patient } from "../patience.ts";
import { isThorough } from "../thorough.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;

/** With name servers, a provider and a CA of its own, to which the others are led too. */
const PUBLIC = ["--domain", "apps.example.com", "--dns", "route53", "--tls", "letsencrypt"];

const temporary = mkdtempSync(join(tmpdir(), "kn-bootstrap-keep-"));
const env = {
  PATH: process.env.PATH,
  HOME: temporary,
  TMPDIR: temporary,
  XDG_CACHE_HOME: join(temporary, "no-cache"),
  // Releases can be had from nowhere: the rehearsal has stand-ins, and so have those who come to it.
  KN_BOOTSTRAP_RELEASE_MIRROR: "https://127.0.0.1:9",
  ...COMPILED,
};

interface Program {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
}

const start = (command: string, args: readonly string[], kubeconfig = "none"): Program => {
  const child = spawn(command, args, { env: { ...env, KUBECONFIG: kubeconfig }, stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  return { child, out: () => said.out, err: () => said.err, ended };
};

const program = (args: readonly string[], kubeconfig?: string): Program =>
  start(process.execPath, [MAIN, ...args], kubeconfig);

const run = async (started: Program): Promise<string> => {
  expect(await started.ended, started.out() + started.err()).toBe(0);
  return started.out() + started.err();
};

/** What it prints on stdout. */
const only = async (started: Program): Promise<string> => {
  await run(started);
  return started.out();
};

/** Words that are wrapped stand in one line. */
const flat = (text: string): string => text.replaceAll(/\s+/g, " ");

const stays = async ({ child, out, err }: Program): Promise<string> => {
  const kubeconfig = () => /^export KUBECONFIG=(\S+)\n$/m.exec(out())?.[1];
  while (kubeconfig() === undefined && child.exitCode === null) await new Promise((done) => setTimeout(done, 50));
  return kubeconfig() ?? expect.fail(err());
};

/** What is in the folder of all of them. */
const left = (): readonly string[] =>
  readdirSync(temporary)
    .filter((name) => name.startsWith("kn-bootstrap-rehearsals-"))
    .flatMap((name) => readdirSync(join(temporary, name)));

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("two rehearsals that stay, one in the background", () => {
  let magic: Program;
  let other: Program;
  let kubeconfigs: readonly [string, string];
  beforeAll(async () => {
    // A root of the cluster's own signs for 398 days, and is asked again when two thirds of them are over.
    magic = program(["rehearse", "--keep", "--certificate-age", "300"]);
    other = program(["rehearse", "--keep=1h", ...(isThorough ? PUBLIC : ["--tls", "none"])]);
    kubeconfigs = await Promise.all([stays(magic), stays(other)]);
  }, patient(40_000));
  afterAll(async () => {
    // What a failed test has left in the background.
    await program(["rehearse", "--stop"]).ended;
    for (const { child } of [magic, other]) child.kill("SIGKILL");
    rmSync(temporary, { recursive: true });
  });

  it("are two clusters, each with a kubeconfig for its owner only", () => {
    expect(new Set(kubeconfigs).size).toBe(2);
    for (const path of kubeconfigs) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it(
    "one whose certificate is old is renewed by another process, and has the new one then",
    async () => {
      const [of] = kubeconfigs;
      const daysLeft = async () => {
        const said = await only(program(["status", "-o", "json"], of));
        const status = said.split("\n").find((line) => line.startsWith('{"type":"status"'));
        return JSON.parse(status ?? "{}").certificate.daysLeft;
      };
      expect(await daysLeft()).toBeLessThan(100);
      expect(await run(program(["renew", "--yes"], of))).toContain("Changed 1 certificate");
      expect(await daysLeft()).toBeGreaterThan(390);
    },
    patient(30_000),
  );

  it(
    "answer status, plan and doctor of other processes, through their own gateways, name servers and CA",
    async () => {
      const [of, ofOther] = kubeconfigs;
      const said = await Promise.all([
        run(program(["status"], of)),
        run(program(["status"], ofOther)),
        run(program(["plan"], of)),
        run(program(["doctor"], ofOther)),
      ]);
      // As it opens on this machine.
      expect(said[0]).toMatch(/ https:\/\/<service>-<namespace>\.127\.0\.0\.1\.sslip\.io:\d{4,5}\n/);
      expect(said[1]).toMatch(isThorough ? /apps\.example\.com:\d{4,5}\n/ : /http:\/\/<service>.*:\d{4,5}\n/);
      expect(said[2]).toContain("Nothing to do");
      expect(said[3]).toContain("all is well");
    },
    patient(60_000),
  );

  it("each says first how it is chosen, and that alone at the end", () => {
    for (const [index, { out, err }] of [magic, other].entries()) {
      const choose = `export KUBECONFIG=${kubeconfigs[index]}`;
      expect(flat(out())).toMatch(
        new RegExp(`Next (In another terminal, choose|Choose) its kubeconfig; .*: ${choose}`),
      );
      expect(out().trimEnd().endsWith(choose)).toBe(true);
      expect(flat(err())).toMatch(/Rehearsed with stand-ins: .* stays (until|for) /);
    }
  });

  it("one is a process of its own, and both are listed with what they need", async () => {
    expect(await other.ended).toBe(0);
    const of = (kubeconfig: string) =>
      expect.objectContaining({ kubeconfig, url: expect.stringContaining("<service>") });
    const [here, away] = kubeconfigs;
    const listed = JSON.parse(await run(program(["rehearse", "--list", "-o", "json"])));
    expect(listed).toHaveLength(2);
    expect(listed).toEqual(expect.arrayContaining([of(here), of(away)]));
    const background = listed.find(({ kubeconfig }: { kubeconfig: string }) => kubeconfig === away);
    expect(Date.parse(background.until) - Date.parse(background.since)).toBeGreaterThan(3_600_000);
    expect(background.pid).not.toBe(other.child.pid);
    expect(statSync(background.log).mode & 0o777).toBe(0o600);
    expect(readFileSync(background.log, "utf8")).toContain("stands at https://127.0.0.1:");
    expect(flat(await run(program(["rehearse", "--list"])))).toMatch(
      / old, ends in 59m .* old, ends when| old, ends when .* old, ends in 59m /,
    );
  });

  it.runIf(hasKubectl)(
    "kubectl deploys a Service, and it answers at the URL that was printed",
    async () => {
      const [of] = kubeconfigs;
      const [, file = ""] = /kubectl apply -f (\S+)/.exec(magic.out()) ?? [];
      const [, root = ""] = /curl --cacert (\S+)/.exec(magic.out()) ?? [];
      const [, url = ""] = / In a browser, where root\.crt [^:]*: (\S+)/.exec(flat(magic.out())) ?? [];
      await run(start("kubectl", ["apply", "-f", file], of));
      await run(start("kubectl", ["wait", "--for=condition=Ready", "ksvc/hello", "--timeout=30s"], of));
      const { hostname, port, href } = new URL(url);
      const asked = ["--silent", "--fail", "--cacert", root, "--resolve", `${hostname}:${port}:127.0.0.1`, href];
      expect(await run(start("curl", asked))).toContain("Hello");
    },
    patient(60_000),
  );

  it(
    "are renewed and uninstalled by other processes",
    async () => {
      const [, ofOther] = kubeconfigs;
      if (isThorough) expect(await run(program(["renew", "--check"], ofOther))).toContain("rehearsal-");
      expect(await run(program(["uninstall", "--yes", "--purge"], ofOther))).toContain(
        "Nothing of kn-bootstrap is left",
      );
    },
    patient(60_000),
  );

  it(
    "they end when they are told to, also while they start, and leave nothing",
    async () => {
      const [, ofOther] = kubeconfigs;
      const listed = JSON.parse(await run(program(["rehearse", "--list", "-o", "json"])));
      const { name, pid } = listed.find(({ kubeconfig }: { kubeconfig: string }) => kubeconfig === ofOther);
      const early = program(["rehearse", "--keep=1h", "--tls", "none"]);
      while (left().length < 3 && early.child.exitCode === null) await new Promise((done) => setTimeout(done, 10));
      expect(await run(program(["rehearse", "--list"]))).toMatch(/ old, (starts|is being installed)\n/);
      early.child.kill("SIGINT");
      await run(program(["rehearse", `--stop=${name}`]));
      expect(isThere(pid)).toBe(false);
      expect(await early.ended).toBe(130);
      expect(early.err()).not.toContain("is kept");
      magic.child.kill("SIGINT");
      expect(await magic.ended).toBe(0);
      expect(left()).toEqual([]);
    },
    patient(30_000),
  );
});
