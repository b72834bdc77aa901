import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complete } from "../../src/config/complete.ts";
import { type Config, FLAT, NESTED } from "../../src/config/config.ts";
import { load, type Sources } from "../../src/config/load.ts";
import { envOf, inEnvironment, optionName } from "../../src/config/options.ts";
import { UserError } from "../../src/ports/error.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kn-bootstrap-config-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const loaded = (sources: Partial<Sources> = {}): Promise<Config> =>
  load({ flags: {}, env: {}, terminal: false, ...sources });

const fromFile = async (text: string, sources: Partial<Sources> = {}): Promise<Config> => {
  const path = join(directory, "kn.yaml");
  await writeFile(path, text);
  return loaded({ ...sources, flags: { ...sources.flags, config: path } });
};

const problem = async (work: Promise<unknown>): Promise<UserError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).kind).toBe("input");
  return error as UserError;
};

const said = ({ message, why, remedy }: UserError): string => [message, why, remedy.text].join(" ");

/** Some written values of options that no rule ties together, and what the engine gets. */
const SAMPLES: Readonly<Record<string, readonly (readonly [string, unknown])[]>> = {
  context: [
    ["kind-a", "kind-a"],
    ["kind-b", "kind-b"],
    ["arn:aws:eks:eu-1:1:cluster/x", "arn:aws:eks:eu-1:1:cluster/x"],
  ],
  knativeVersion: [
    ["1.22", "1.22"],
    ["v1.23.0", "1.23.0"],
    ["1.20", "1.20"],
  ],
  expose: [
    ["loadbalancer", "loadbalancer"],
    ["nodeport", "nodeport"],
  ],
  logging: [
    ["none", "none"],
    ["request-logs", "request-logs"],
  ],
  skipTagResolution: [
    ["ko.local", ["ko.local"]],
    ["a.example:5000,b.example", ["a.example:5000", "b.example"]],
  ],
  imageRegistry: [
    ["registry.example.com", "registry.example.com"],
    ["R.example.com:5000/Mirror/".toLowerCase(), "r.example.com:5000/mirror"],
  ],
  timeout: [
    ["600", 600],
    ["10m", 600],
    ["1h30m", 5400],
    ["45s", 45],
  ],
  hpa: [
    ["true", true],
    ["false", false],
    ["yes", true],
    ["0", false],
  ],
  takeOwnership: [
    ["true", true],
    ["false", false],
  ],
  output: [
    ["text", "text"],
    ["json", "json"],
  ],
};

const written = fc.record(
  Object.fromEntries(
    Object.entries(SAMPLES).map(([key, values]) => {
      const one = fc.option(fc.constantFrom(...values), { nil: undefined });
      return [key, fc.record({ flag: one, env: one, file: one })];
    }),
  ),
);

describe("load", () => {
  it("prefers flags to the environment, that to the file, and that to defaults", async () => {
    const defaults = complete({}, { env: {}, terminal: false });
    await fc.assert(
      fc.asyncProperty(written, async (choice) => {
        const options = inEnvironment.filter(({ key }) => key in choice);
        const pick = (source: "flag" | "env" | "file", name: (option: (typeof options)[number]) => string) =>
          Object.fromEntries(
            options.flatMap((option) =>
              choice[option.key]?.[source] ? [[name(option), choice[option.key]?.[source]?.[0] ?? ""]] : [],
            ),
          );
        const file = Object.entries(pick("file", optionName)).map(([key, text]) => `${key}: ${text}\n`);
        const config = await fromFile(file.join(""), {
          flags: pick("flag", ({ key }) => key),
          env: pick("env", envOf),
        });
        for (const { key } of options) {
          const { flag, env, file: last } = choice[key] ?? {};
          const expected = (flag ?? env ?? last)?.[1] ?? defaults[key as keyof Config];
          expect(config[key as keyof Config], key).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("fills in what depends on other options", async () => {
    expect(await loaded()).toMatchObject({
      dns: "magic",
      tls: "self-signed",
      http: "redirect",
      domainTemplate: FLAT,
      timeout: 600,
      ingress: "kourier",
    });
    expect(await loaded({ flags: { domain: "apps.example.com" } })).toMatchObject({
      dns: "none",
      domain: "apps.example.com",
    });
    expect(await loaded({ flags: { tls: "none" } })).toMatchObject({ http: "enabled", domainTemplate: NESTED });
    expect(await loaded({ flags: { tls: "none", domainTemplate: "flat" } })).toMatchObject({ domainTemplate: FLAT });
  });

  it("colours only what people see, and only if they do not mind", async () => {
    const color = async (sources: Partial<Sources>): Promise<boolean> => (await loaded(sources)).color;
    expect(await color({ terminal: true })).toBe(true);
    expect(await color({ terminal: false })).toBe(false);
    expect(await color({ terminal: true, env: { NO_COLOR: "1" } })).toBe(false);
    expect(await color({ terminal: true, env: { NO_COLOR: "" } })).toBe(true);
    expect(await color({ terminal: true, env: { TERM: "dumb" } })).toBe(false);
    expect(await color({ terminal: false, flags: { color: true }, env: { NO_COLOR: "1" } })).toBe(true);
    expect(await color({ terminal: true, flags: { color: false } })).toBe(false);
  });

  it("lets a flag turn off what a file turned on", async () => {
    expect((await fromFile("hpa: true\n", { flags: { hpa: false } })).hpa).toBe(false);
  });

  it("takes file values as they are written: 1.20 is not 1.2", async () => {
    const config = await fromFile(
      "# mine\nknative-version: 1.20\nhpa: yes\nnamespaces: [team-a, team-b]\ntimeout: 90\ncontext:\n",
    );
    expect(config).toMatchObject({ knativeVersion: "1.20", hpa: true, namespaces: ["team-a", "team-b"], timeout: 90 });
    expect(config.context).toBeUndefined();
  });

  it("takes an empty file and empty variables for nothing", async () => {
    expect(await fromFile("---\n# nothing yet\n")).toEqual(await loaded());
    expect(await loaded({ env: { KN_BOOTSTRAP_DOMAIN: "", KN_BOOTSTRAP_HPA: " " } })).toEqual(await loaded());
  });

  it("finds its file through the environment, and the flag wins", async () => {
    const [a, b] = [join(directory, "a.yaml"), join(directory, "b.yaml")];
    await writeFile(a, "context: a\n");
    await writeFile(b, "context: b\n");
    expect((await loaded({ env: { KN_BOOTSTRAP_CONFIG: a } })).context).toBe("a");
    expect((await loaded({ env: { KN_BOOTSTRAP_CONFIG: a }, flags: { config: b } })).context).toBe("b");
  });

  it("says what was probably meant by an unknown variable or key", async () => {
    const variable = await problem(loaded({ env: { KN_BOOTSTRAP_DOMIAN: "x" } }));
    expect(said(variable)).toContain("Did you mean KN_BOOTSTRAP_DOMAIN?");
    const key = await problem(fromFile("tls: none\ningres: kourier\n"));
    expect(said(key)).toMatch(/kn\.yaml, line 2 has the key "ingres".*Did you mean ingress\?/);
    expect(said(await problem(fromFile("knativeVersion: 1.23\n")))).toContain("Did you mean knative-version?");
    expect(said(await problem(fromFile("purge: true\n")))).toContain("flag only");
    expect(said(await problem(loaded({ env: { KN_BOOTSTRAP_QQQQQQ: "x" } })))).toContain("help options");
  });

  it("names the place of a wrong value and what it could have been", async () => {
    expect(said(await problem(loaded({ flags: { tls: "selfsigned" } })))).toMatch(
      /^--tls cannot be "selfsigned".*cert-manager or none\. Did you mean self-signed\?/,
    );
    expect(said(await problem(loaded({ env: { KN_BOOTSTRAP_EXPOSE: "nodport" } })))).toMatch(
      /^KN_BOOTSTRAP_EXPOSE .*Did you mean nodeport\?/,
    );
    expect(said(await problem(fromFile("tls: none\n\nlogging: requestlogs\n")))).toMatch(
      /^logging in .*kn\.yaml, line 3 .*Did you mean request-logs\?/,
    );
    expect(said(await problem(fromFile("hpa: maybe\n")))).toContain("true or false");
    expect(said(await problem(fromFile("domain: [a.example.com, b.example.com]\n")))).toContain("It takes one value.");
    expect(said(await problem(fromFile("namespaces:\n  - {name: a}\n")))).toContain("namespaces");
  });

  it.each([
    ["is cut off", "tls: [none\nhttp: enabled", /line 1/],
    ["says a key twice", "tls: none\ntls: none\n", /line 2 says tls again/],
    ["is a list", "- tls\n", /item of a list/],
    ["is two documents", "tls: none\n---\nhttp: enabled\n", /line 2 begins another document/],
    ["uses aliases", "context: &a none\nacme-profile: *a\n", /line 2 /],
    ["is indented with a tab", "\ttls: none\n", /line 1/],
  ])("refuses a file that %s", async (_what, text, reason) => {
    const error = await problem(fromFile(text));
    expect(error.id).toBe("config.yaml");
    expect(error.message).toContain("kn.yaml");
    expect(error.message).toMatch(reason);
  });

  it("says which file cannot be read", async () => {
    const error = await problem(loaded({ flags: { config: join(directory, "absent.yaml") } }));
    expect(error.id).toBe("config.file");
    expect(error.message).toContain("absent.yaml cannot be read: there is no such file");
  });
});
