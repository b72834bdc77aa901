import { describe, expect, it } from "vitest";
import { type Invocation, parseArguments } from "../../src/cli/args.ts";
import { commands } from "../../src/cli/commands/index.ts";
import { topics } from "../../src/cli/help/index.ts";
import { COMMAND_NAMES, flagOf, OPTIONS, optionsOf } from "../../src/config/options.ts";
import { UserError } from "../../src/ports/error.ts";

const parse = (line: string | readonly string[], columns = 80): Invocation =>
  parseArguments(typeof line === "string" ? line.split(" ").filter(Boolean) : line, {
    commands,
    version: "1.2.3",
    columns,
  });

const chosen = (line: string | readonly string[]) => {
  const invocation = parse(line);
  if (invocation.kind !== "command") throw new Error("it printed something");
  const { command, written, flags } = invocation;
  return { name: command.name, written, flags };
};

const refusal = (line: string | readonly string[]): string => {
  try {
    parse(line);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { kind, message, why, remedy } = error as UserError;
    expect(kind).toBe("input");
    return [message, why, remedy.text, remedy.command].filter(Boolean).join(" ");
  }
  throw new Error(`${line} was understood`);
};

const text = async (line: string, columns = 80): Promise<string> => {
  const invocation = parse(line, columns);
  return invocation.kind === "text" ? `${invocation.text}${(await invocation.more?.()) ?? ""}` : "";
};

describe("the command line", () => {
  it("installs when no command is named", () => {
    expect(chosen("")).toMatchObject({ name: "install", written: {} });
    expect(chosen("--domain apps.example.com -y")).toMatchObject({
      name: "install",
      written: { domain: "apps.example.com", yes: true },
    });
  });

  it("knows every command, wherever it stands", () => {
    for (const { name } of commands.filter(({ argument }) => !argument)) {
      expect(chosen(name).name).toBe(name);
      expect(chosen(`--timeout ${name} ${name}`)).toMatchObject({ name, written: { timeout: name } });
    }
    expect(chosen("completion -v zsh")).toMatchObject({ name: "completion", flags: { argument: "zsh" } });
  });

  it("refuses two values for one option; the same twice, and both for a list, are fine", () => {
    expect(() => chosen("install --domain a.example.com --domain b.example.com")).toThrow(
      "--domain a.example.com and --domain b.example.com were given, and it takes one value.",
    );
    expect(chosen("install --domain a.example.com --domain=a.example.com").written.domain).toBe("a.example.com");
    expect(chosen("install --namespaces a --namespaces b").written.namespaces).toEqual(["a", "b"]);
  });

  it("help options lists every option, with its key and its variable", async () => {
    const help = await text("help options");
    for (const option of OPTIONS) expect(help).toContain(flagOf(option));
    expect(help.replace(/\s+/g, " ")).toContain("key acme-email, variable KN_BOOTSTRAP_ACME_EMAIL.");
  });

  it("understands the usual ways to write a flag", () => {
    expect(chosen("plan --domain=a.example -o json -qy").written).toEqual({
      domain: "a.example",
      output: "json",
      quiet: true,
      yes: true,
    });
    expect(chosen("plan -ojson").written).toEqual({ output: "json" });
    expect(chosen("install --hpa --no-hpa --no-color").written).toEqual({ hpa: false, color: false });
    expect(chosen("install --context a --context=a").written).toEqual({ context: "a" });
    expect(chosen("install --skip-checks a.b,c.d --skip-checks e.f").written).toEqual({
      skipChecks: ["a.b,c.d", "e.f"],
    });
    expect(chosen(["plan", "--context=-odd"]).written).toEqual({ context: "-odd" });
    expect(chosen(["plan", "--context", "-odd"]).written).toEqual({ context: "-odd" });
  });

  it("gives a command its own flags", () => {
    expect(chosen("plan --exit-code").flags).toMatchObject({
      exitCode: true,
      services: false,
      skip: [],
      failOn: "fail",
    });
    expect(chosen("plan --reset-choice address,--tls --reset-choice hpa").flags.resetChoice).toEqual([
      "address",
      "tls",
      "hpa",
    ]);
    expect(chosen("uninstall --purge --delete-workloads").flags).toMatchObject({ purge: true, deleteWorkloads: true });
  });

  it("reads a flag as the command does that is meant, wherever it stands", () => {
    for (const line of ["doctor --check dns --check tls,a.b", "--check dns doctor --check=tls,a.b"])
      expect(chosen(line).flags).toMatchObject({ checks: ["dns", "tls", "a.b"], check: false });
    // Areas may be called like a command.
    for (const line of ["doctor --check renew", "--check renew doctor"])
      expect(chosen(line).flags.checks).toEqual(["renew"]);
    for (const line of ["renew --check -y", "--check renew -y"]) {
      expect(chosen(line).flags.check).toBe(true);
      expect(chosen(line).flags.checks).toBeUndefined();
    }
  });

  it.each([
    ["--domian x", /no option --domian\. Did you mean --domain\? kn-bootstrap install --help/],
    ["plan --exitcode", /Did you mean --exit-code\?/],
    ["--no-colour", /Did you mean --no-color\?/],
    ["--no-domain", /no option --no-domain/],
    ["plan --reset-choice adress", /"adress"\]\..*Did you mean address\?/],
    ["plan --reset-choice yes", /the cluster keeps.*These are: hpa, .*logging/],
    ["uninstall --no-purge", /no option --no-purge/],
    ["-z", /no option -z/],
    ["pln", /no command "pln"\. Did you mean plan\?/],
    ["frobnicate", /There are install, plan/],
    ["help pln", /Did you mean plan\?/],
    ["help renewel", /Did you mean renewal\?/],
    ["help frobnicate", /no topic "frobnicate"\. There are install, .*, and the topics config, options, dns/],
    ["help dns tls", /dns takes no argument/],
    ["tls", /There are install/],
    ["plan --purge", /--purge is no option of plan\. It belongs to uninstall/],
    ["doctor --checks dns", /There is no option --checks\. Did you mean --check\?/],
    ["doctor --check", /--check needs a value\. Write it like --check ID,\.\.\./],
    ["renew --check=dns", /--check takes no value/],
    ["renew --check dns", /renew takes no argument, and "dns" is one/],
    ["plan --check", /--check is no option of plan\. It belongs to renew, doctor/],
    // As kubectl and helm say it.
    ["install --dry-run", /without changing it, is shown by kn-bootstrap plan/],
    ["--set tls=none", /Each setting is an option of its own/],
    ["install -f values.yaml", /--config FILE/],
    ["install --wait", /It always waits/],
    ["install --force", /--take-ownership/],
    ["install -n knative", /all of them are looked at/],
    ["upgrade", /plan --knative-version/],
    ["delete", /called uninstall here/],
    ["get", /kn-bootstrap status/],
    ["constructor", /There is no command/],
    ["status --domain a.example", /--domain is no option of status/],
    ["plan extra", /plan takes no argument, and "extra" is one/],
    ["--domain", /--domain needs a value/],
    ["--domain --tls none", /--domain needs a value/],
    ["--output -y", /--output needs a value\. Write it like --output text/],
    ["--domain=", /--domain needs a value/],
    ["--yes=no", /--yes takes no value/],
    ["--Domain x", /Did you mean --domain\?/],
  ])("refuses %j", (line, reason) => {
    expect(refusal(line)).toMatch(reason);
  });

  it("prints version and help, whatever else is said", async () => {
    expect(await text("--version")).toBe("1.2.3\n");
    expect(await text("plan -V")).toBe("1.2.3\n");
    expect(await text("plan --nonsense --help")).toContain("Usage: kn-bootstrap plan");
    expect(await text("help plan")).toBe(await text("plan -h"));
    expect(await text("help")).toBe(await text("--help"));
    expect(await text("completion --help")).toContain("Usage: kn-bootstrap completion bash|zsh|fish [options]");
  });

  it("knows topics too, and a command that is one shows both", async () => {
    for (const { name, summary } of topics) {
      expect((await text("help")).replaceAll(/\s+/g, " ")).toContain(`${name} ${summary}`);
      expect(await text(`help ${name}`)).not.toBe("");
    }
    expect((await text("help rehearse")).startsWith(await text("rehearse --help"))).toBe(true);
    expect(await text("help rehearse")).toContain("--fault load-balancer-pending");
    expect(await text("help tls")).toMatch(/^\p{ASCII}*$/u);
  });
});

describe("help", () => {
  it.each([40, 60, 80, 120])("fits into %i columns", async (columns) => {
    const subjects = [...COMMAND_NAMES, ...topics.map(({ name }) => name)];
    for (const line of ["--help", ...subjects.map((name) => `help ${name}`)]) {
      const lines = (await text(line, columns)).split("\n");
      // What is there to be copied is not broken.
      const prose = lines.filter((row) => !/^ {2}(# |kn-bootstrap |KN_BOOTSTRAP_)/.test(row));
      expect(prose.filter((row) => row.length > columns)).toEqual([]);
    }
  });

  it("names every flag of a command", async () => {
    for (const name of COMMAND_NAMES) {
      const help = await text(`help ${name}`);
      for (const option of optionsOf(name))
        expect(help).toMatch(option.key === "color" ? "--no-color" : `${flagOf(option)}`);
    }
  });

  it("is stable", async () => {
    await expect(await text("--help")).toMatchFileSnapshot("golden/help-80.txt");
    await expect(await text("help uninstall", 40)).toMatchFileSnapshot("golden/help-uninstall-40.txt");
  });
});
