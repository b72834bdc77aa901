import { describe, expect, it } from "vitest";
import { complete } from "../../src/config/complete.ts";
import {
  COMMAND_NAMES,
  type CommandFlags,
  type Config,
  defaultText,
  envOf,
  flagOf,
  inEnvironment,
  inFile,
  OPTIONS,
  type OptionKey,
  optionName,
  optionsOf,
} from "../../src/config/options.ts";

const repeated = (words: readonly string[]): readonly string[] =>
  words.filter((word, index) => words.indexOf(word) !== index);

describe("the option table", () => {
  it("names every option once, in every source", () => {
    for (const name of COMMAND_NAMES) expect(repeated(optionsOf(name).map(optionName))).toEqual([]);
    expect(repeated(OPTIONS.filter(({ only }) => only !== "flag").map(optionName))).toEqual([]);
    expect(repeated(inEnvironment.map(envOf))).toEqual([]);
    expect(repeated(OPTIONS.flatMap(({ short }) => short ?? []))).toEqual([]);
  });

  it("has no flag that another one negates, and none of the program's own", () => {
    const names = OPTIONS.map(optionName);
    expect(names.filter((name) => name.startsWith("no-"))).toEqual([]);
    expect(names.filter((name) => ["help", "version"].includes(name))).toEqual([]);
    expect(OPTIONS.filter(({ short }) => short === "h" || short === "V")).toEqual([]);
  });

  it("has no option for a secret", () => {
    const suspicious = OPTIONS.filter(({ key }) =>
      /secret|token|password|passw|credential|private|hmac|eab|api-?key|-key$/i.test(key),
    );
    // The name of a Secret is none.
    expect(suspicious.map(({ key }) => key)).toEqual(["credentialsSecret", "tlsSecret"]);
  });

  it("says of each option what it does, where it belongs and what holds without it", () => {
    for (const option of OPTIONS) {
      expect(option.help, option.key).toMatch(/^[A-Z].*[^.]$/);
      expect(option.help, `${option.key} is shown where no UTF-8 is`).toMatch(/^\p{ASCII}*$/u);
      expect(option.commands.length, option.key).toBeGreaterThan(0);
      expect(defaultText(option), option.key).not.toBe("");
      expect(option.default === undefined, `${option.key} has either a default or a reason why not`).toBe(
        option.unset !== undefined,
      );
      if (option.kind === "choice") {
        expect(option.choices?.length, option.key).toBeGreaterThan(0);
        if (option.default !== undefined) expect(option.choices).toContain(option.default);
      } else if (option.kind !== "boolean") expect(option.value, option.key).toBeTruthy();
    }
    expect(new Set(OPTIONS.flatMap(({ commands }) => commands))).toEqual(new Set(COMMAND_NAMES));
  });

  it("covers the Config: every option of the file is a key of it, and nothing else is", () => {
    const config = complete({}, { env: {}, terminal: false });
    const keys = new Set(inFile.map(({ key }) => key as string));
    for (const key of Object.keys(config)) expect(keys).toContain(key);
  });

  it("gives the Config and the flags of commands their types", () => {
    const key: OptionKey = "hpa";
    // @ts-expect-error no option is called so
    const typo: OptionKey = "hpaa";
    const config: Pick<Config, "hpa" | "expose" | "timeout" | "namespaces" | "http"> = {
      hpa: true,
      expose: "nodeport",
      timeout: 1,
      namespaces: ["a"],
      http: "redirect",
    };
    // @ts-expect-error none of the choices
    const expose: Config["expose"] = "loadbalancerr";
    // @ts-expect-error a Config is complete
    const nothing: Pick<Config, "dns"> = {};
    const unset: Pick<Config, "domain"> = {};
    const flags: Pick<CommandFlags, "purge" | "fault" | "image"> = { purge: true, fault: [] };
    // @ts-expect-error a flag of one command is no part of the Config
    const flag: keyof Config = "purge";
    expect([key, typo, config, expose, nothing, unset, flags, flag]).toHaveLength(8);
  });

  it("writes flags in kebab-case and variables in capitals", () => {
    expect(flagOf({ key: "skipTagResolution" })).toBe("--skip-tag-resolution");
    expect(envOf({ key: "skipTagResolution" })).toBe("KN_BOOTSTRAP_SKIP_TAG_RESOLUTION");
  });
});
