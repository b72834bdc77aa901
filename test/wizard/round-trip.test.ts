import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/args.ts";
import { commands } from "../../src/cli/commands/index.ts";
import { offer } from "../../src/cli/wizard/offer.ts";
import { completed } from "../../src/cli/wizard/settle.ts";
import type { Config } from "../../src/config/config.ts";
import { type Kept, NOTHING_KEPT, settleWith } from "../../src/config/kept.ts";
import { gather, load } from "../../src/config/load.ts";
import { CHOICES } from "../../src/config/options.ts";
import { asWords, asYaml, shown } from "../../src/config/shown.ts";
import { sh } from "../../src/ports/shell.ts";
import { anyChoices, readAll } from "../choices/any-choices.ts";
import { isThorough } from "../thorough.ts";
import { anybody, askAll, chances, scripted, sights } from "./sights.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-wizard-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The words that a POSIX shell makes of a line with single quotes. */
const words = (line: string): readonly string[] =>
  [...line.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/gs)].map(([word]) =>
    word.replace(/'([^']*)'|\\(.)/gs, (_, quoted?: string, single?: string) => quoted ?? single ?? ""),
  );

const run = (line: string): Promise<Config> => {
  const invocation = parseArguments(words(line).slice(1), { commands, version: "", columns: 80 });
  if (invocation.kind !== "command") throw new Error(`${line} runs nothing`);
  return load({ flags: invocation.written, env: {}, terminal: false });
};

const HERE = { env: {}, terminal: false };

/** Names below a domain of 240 characters have no room for what is answered. */
const usual = anyChoices.filter(({ domain = "" }) => String(domain).length < 200);

/** What the cluster keeps of it. */
const keptOf = (config: Config): Kept => ({
  ...NOTHING_KEPT,
  values: Object.fromEntries(CHOICES.flatMap(({ key }) => (config[key] === undefined ? [] : [[key, config[key]]]))),
});

describe("the wizard's answers", () => {
  it("are the same configuration as the command and as the file that it ends with", async () => {
    const path = join(folder, "kn-bootstrap.yaml");
    const odd = fc.constantFrom({}, { context: "it's: #1", timeout: 5400 }, { kubeconfig: "a b/ü\\.yaml", hpa: true });
    await fc.assert(
      fc.asyncProperty(sights, chances, odd, async (sight, chance, others) => {
        const config = completed(await askAll(sight, others, anybody(chance)));
        expect(await run(sh`${asWords(config)}`)).toEqual(config);
        await writeFile(path, asYaml(config));
        expect(await run(`kn-bootstrap install --config ${path}`)).toEqual(config);
      }),
      { numRuns: 300 },
    );
  });

  it("are said by that command over whatever was chosen before, and after it once more", async () => {
    await fc.assert(
      fc.asyncProperty(sights, chances, usual, async (sight, chance, before) => {
        const { config: installed } = settleWith(readAll(before), NOTHING_KEPT, [], HERE);
        const config = completed(await askAll({ ...sight, installed: keptOf(installed).values }, {}, anybody(chance)));
        const [command = ""] = offer(config, keptOf(installed));
        const line = command.split("\n").find((text) => text.startsWith("kn-bootstrap ")) ?? "";
        const invocation = parseArguments(words(line).slice(1), { commands, version: "", columns: 80 });
        if (invocation.kind !== "command") throw new Error(`${line} runs nothing`);
        const said = await gather({ flags: invocation.written, env: {} });
        for (const kept of [keptOf(installed), keptOf(config)]) {
          const reset = invocation.flags.resetChoices ? CHOICES.map(({ key }) => key) : [];
          expect(shown(settleWith(said, kept, reset, HERE).config), line).toEqual(shown(config));
        }
      }),
      { numRuns: isThorough ? 500 : 100 },
    );
  });

  it("are what was chosen before where nobody says otherwise", async () => {
    await fc.assert(
      fc.asyncProperty(sights, usual, async (sight, before) => {
        const { config: installed } = settleWith(readAll(before), NOTHING_KEPT, [], HERE);
        // Load balancers of AWS have no address to make a name from.
        fc.pre(installed.domain !== undefined || sight.cloud?.id !== "aws");
        const config = completed(await askAll({ ...sight, installed: keptOf(installed).values }, {}, scripted()));
        expect(shown(config)).toEqual(shown(installed));
      }),
      { numRuns: isThorough ? 500 : 100 },
    );
  });

  it("are offered as a command, and as a file without anything of this machine", () => {
    const config = completed({
      domain: "apps.example.com",
      dns: "route53",
      domainTemplate: "nested",
      namespaces: ["a", "b"],
    });
    expect(offer(config).join("\n")).toMatchInlineSnapshot(`
      "The same without questions, as one command:

      kn-bootstrap install --domain apps.example.com --dns route53 --domain-template nested --tls letsencrypt --namespaces a,b

      Or from a file, to be kept beside the code:

      cat > kn-bootstrap.yaml <<'YAML'
      domain: apps.example.com
      dns: route53
      domain-template: nested
      tls: letsencrypt
      namespaces: [a, b]
      YAML
      kn-bootstrap install --config kn-bootstrap.yaml
      "
    `);
  });
});
