import { execFile, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import { scripts } from "../../src/cli/completion/scripts.ts";
import { topics } from "../../src/cli/help/index.ts";
import { runCli } from "../../src/cli/index.ts";
import { makeKept } from "../../src/cli/rehearsal/kept.ts";
import { flagOf, optionsOf } from "../../src/config/options.ts";
import { loadCatalog } from "../../src/releases/index.ts";
import { FAULTS } from "../../src/sandbox/faults/index.ts";
import { fakeHost } from "./host.ts";

const CONTEXTS = ["arn:aws:eks:eu-west-1:123456789012:cluster/shop", "kind-knative", "my cluster"];

/** What the program answers a shell; the last word is the one at the cursor. */
const answer = async (...words: string[]): Promise<readonly string[]> => {
  const host = fakeHost(["__complete", ...words]);
  const asked: (string | undefined)[] = [];
  const listContexts = async (kubeconfig: string | undefined) => {
    asked.push(kubeconfig);
    return kubeconfig === "other" ? ["of-the-other"] : CONTEXTS;
  };
  expect(await runCli({ ...host, adapters: { ...host.adapters, listContexts } })).toBe(0);
  expect(host.err()).toBe("");
  return host.out().split("\n").slice(0, -1);
};

const values = async (...words: string[]): Promise<readonly string[]> =>
  (await answer(...words)).map((line) => line.split("\t")[0] ?? "");

describe("what can be completed", () => {
  it("commands, and what help knows", async () => {
    const names = commands.map(({ name }) => name);
    expect(await values("")).toEqual([...names, "help"]);
    expect(await values("re")).toEqual(["render", "rehearse", "renew"]);
    expect(await values("help", "")).toEqual([...new Set([...names, ...topics.map(({ name }) => name)])]);
    expect(await values("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(await values("completion", "bash", "")).toEqual([]);
    expect(await values("help", "tls", "")).toEqual([]);
  });

  it("the flags of the command, wherever it stands, each once", async () => {
    for (const { name } of commands) {
      const offered = await values(name, "--");
      for (const option of optionsOf(name))
        expect(offered).toContain(option.key === "color" ? "--no-color" : flagOf(option));
    }
    expect(await values("--do")).toEqual(["--domain", "--domain-template"]);
    expect(await values("uninstall", "--do")).toEqual([]);
    expect(await values("--domain", "a.example", "plan", "--do")).toEqual(["--domain-template"]);
    expect(await values("plan", "--namespaces", "a", "--name")).toEqual(["--namespaces"]);
    expect(await values("plan", "--no-h")).toEqual(["--no-hpa"]);
    expect(await values("status", "")).toContain("--services");
    expect(await values("--vers")).toEqual(["--version"]);
    expect(await values("plan", "--vers")).toEqual([]);
  });

  it("values: choices, contexts, versions, faults", async () => {
    expect(await values("plan", "--expose", "")).toEqual(["loadbalancer", "nodeport"]);
    expect(await values("plan", "--tls=self")).toEqual(["--tls=self-signed"]);
    expect(await values("plan", "-o", "j")).toEqual(["json"]);
    expect(await values("plan", "--domain", "")).toEqual([]);
    expect(await values("plan", "--context", "")).toEqual(CONTEXTS);
    expect(await values("plan", "--kubeconfig", "other", "--context", "")).toEqual(["of-the-other"]);
    expect(await values("plan", "--kubeconfig=other", "--context=")).toEqual(["--context=of-the-other"]);
    expect(await values("--knative-version", "")).toEqual((await loadCatalog()).minors.toReversed());
    expect(await values("doctor", "--check", "mesh")).toEqual(expect.arrayContaining(["mesh", "mesh.sidecars"]));
    expect(await values("doctor", "--skip", "dns,tr")).toEqual([]);
    expect(await values("doctor", "--check", "dns.target,dns.del")).toEqual(["dns.target,dns.delegated"]);
    expect(await values("doctor", "--explain", "dns.del")).toEqual(["dns.delegated"]);
    expect(await values("doctor", "--check", "dns", "--che")).toEqual(["--check"]);
    expect(await values("renew", "--check", "--che")).toEqual([]);
    expect(await values("renew", "--check", "--ti")).toEqual(["--timeout"]);
    const faults = FAULTS.map(({ name }) => name);
    expect(await values("install", "--reset-choice", "hpa,do")).toEqual(["hpa,domain", "hpa,domain-template"]);
    expect(await values("rehearse", "--fault", "")).toEqual(faults);
    expect(await values("rehearse", "--fault", "api-429,api-")).toEqual(
      faults.filter((name) => name.startsWith("api-") && name !== "api-429").map((name) => `api-429,${name}`),
    );
  });

  it("the rehearsals that are kept, by name", async () => {
    const before = process.env.TMPDIR;
    const folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-kept-"));
    try {
      process.env.TMPDIR = folder;
      expect(await values("rehearse", "--stop=")).toEqual([]);
      makeKept();
      expect(await values("rehearse", "--stop=")).toEqual(["--stop=rehearsal-1"]);
      expect(await values("rehearse", "--stop=rehearsal-2")).toEqual([]);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      await rm(folder, { recursive: true });
    }
  });

  it("leaves files and folders to the shell", async () => {
    expect(await answer("plan", "--config", "")).toEqual([":files"]);
    expect(await answer("plan", "--kubeconfig=~/")).toEqual([":files"]);
    expect(await answer("plan", "--manifests", "x")).toEqual([":folders"]);
  });

  it("says nothing when it cannot tell", async () => {
    const host = fakeHost(["__complete", "plan", "--context", ""]);
    const listContexts = () => Promise.reject(new Error("a broken kubeconfig"));
    expect(await runCli({ ...host, adapters: { ...host.adapters, listContexts } })).toBe(0);
    expect(host.out() + host.err()).toBe("");
    expect(await values()).toContain("install");
    expect(await values("frobnicate", "--")).toEqual(["--help"]);
  });
});

describe("the command", () => {
  it("has a script for each of its shells, and each is small", () => {
    const { argument } = commands.find(({ name }) => name === "completion") ?? {};
    expect(argument?.choices).toEqual(Object.keys(scripts));
    for (const script of Object.values(scripts)) expect(script.split("\n").length).toBeLessThan(35);
  });

  it("prints it, and refuses other words", async () => {
    const run = async (...argv: string[]) => {
      const host = fakeHost(argv);
      return { code: await runCli(host), out: host.out(), err: host.err() };
    };
    expect(await run("completion", "zsh")).toEqual({ code: 0, out: scripts.zsh, err: "" });
    expect(await run("completion")).toMatchObject({ code: 2, err: expect.stringContaining("needs a SHELL") });
    expect(await run("completion", "fihs")).toMatchObject({ code: 2, err: expect.stringContaining("mean fish?") });
    expect(await run("completion", "bash", "zsh")).toMatchObject({ code: 2, err: expect.stringContaining("second") });
  });
});

const has = (shell: string): boolean => {
  const found = spawnSync(shell, ["--version"]).status === 0;
  if (!found) process.stderr.write(`skipped: no ${shell} on PATH\n`);
  return found;
};

const LINES = [
  ["pl"],
  ["plan", "--dns", "r"],
  ["plan", "--tls=self"],
  ["plan", "--context", "arn:aws"],
  ["plan", "--context", "arn:aws:eks"],
  ["plan", "--context", "my "],
  ["plan", "--config=conf"],
  ["rehearse", "--fault", "api-429,image-"],
  ["plan", "--manifests", "x"],
];

describe("in a real shell", () => {
  let folder: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-completion-"));
    const program = join(folder, "bin", "kn-bootstrap");
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "config"), "");
    // It knows the answers of the real one to exactly these words.
    const cases = LINES.map(async (words) => {
      const lines = await answer(...words);
      return `  '__complete ${words.join(" ")}') printf '%s\\n' ${lines.map((line) => `"${line}"`).join(" ")} ;;`;
    });
    await writeFile(program, `#!/bin/sh\ncase "$*" in\n${(await Promise.all(cases)).join("\n")}\nesac\n`);
    await chmod(program, 0o755);
    env = {
      PATH: `${join(folder, "bin")}:${process.env.PATH}`,
      HOME: folder,
      LANG: "C.UTF-8",
    };
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Runs `program` with the completion script as $1 and the lines behind it; it prints an empty line after each answer. */
  const answers = async (shell: string, options: readonly string[], program: string, lines: readonly string[]) => {
    const { stdout, stderr } = await promisify(execFile)(
      shell,
      [...options, "-c", program, ...(shell === "fish" ? [] : [shell]), scripts[shell] ?? "", ...lines],
      { env, cwd: folder },
    );
    expect(stderr).toBe("");
    return stdout.split("\n\n").map((text) => text.split("\n").filter(Boolean));
  };

  it.runIf(has("bash"))("bash replaces what is behind the last = or : only, and quotes", async () => {
    const program = `eval "$1"; shift
      for COMP_LINE in "$@"; do
        COMP_POINT=\${#COMP_LINE}; _kn_bootstrap; printf '%s\\n' "\${COMPREPLY[@]}" ''
      done`;
    const found = await answers("bash", ["--norc"], program, [
      "kn-bootstrap plan --dns r",
      "kn-bootstrap plan --tls=self",
      "kn-bootstrap plan --context arn:aws:eks",
      "kn-bootstrap plan --context my\\ ",
      "kn-bootstrap rehearse --fault api-429,image-",
    ]);
    expect(found.slice(0, 5)).toEqual([
      ["route53", "rfc2136"],
      ["self-signed"],
      ["eks:eu-west-1:123456789012:cluster/shop"],
      ["my\\ cluster"],
      FAULTS.filter(({ name }) => name.startsWith("image-")).map(({ name }) => `api-429,${name}`),
    ]);
  });

  it.runIf(has("fish"))("fish shows what each is for", async () => {
    const program = "echo $argv[1] | source; for line in $argv[2..-1]; complete -C $line; echo; end";
    const found = await answers("fish", ["--no-config"], program, [
      "kn-bootstrap pl",
      "kn-bootstrap plan --tls=self",
      "kn-bootstrap plan --context arn:aws",
      "kn-bootstrap plan --config=conf",
    ]);
    expect(found.slice(0, 4)).toEqual([
      ["plan\tShow what install would change; change nothing"],
      ["--tls=self-signed"],
      [CONTEXTS[0]],
      ["--config=config"],
    ]);
  });

  it.runIf(has("zsh"))("zsh hands its own functions what it should", async () => {
    // They work at a prompt only: what would be offered is printed instead.
    const program = `compdef() { }; compset() { }; _files() { print -- files $@ }; _describe() { print -rl -- \${(P)3} }
      eval "$1"; shift
      for line in "$@"; do
        words=("\${(@s: :)line}") CURRENT=$#words PREFIX=$words[-1]; _kn_bootstrap; print
      done`;
    const found = await answers("zsh", ["-f"], program, [
      "kn-bootstrap pl",
      "kn-bootstrap plan --tls=self",
      "kn-bootstrap plan --context arn:aws",
      "kn-bootstrap plan --manifests x",
    ]);
    expect(found.slice(0, 4)).toEqual([
      ["plan:Show what install would change; change nothing"],
      ["--tls=self-signed"],
      [CONTEXTS[0]?.replaceAll(":", "\\:")],
      ["files -/"],
    ]);
  });
});
