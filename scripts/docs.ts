import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { CANARY_CHECKS } from "../src/checks/canary/index.ts";
import type { HealthCheck } from "../src/checks/health-check.ts";
import { PLAN_CHECKS } from "../src/checks/plan/index.ts";
import { ERRORS } from "../src/cli/errors/index.ts";
import { EXIT_CODES } from "../src/cli/exit-codes.ts";
import {
  ALL,
  defaultText,
  envOf,
  flagOf,
  inEnvironment,
  inFile,
  OPTIONS,
  type Option,
  optionName,
  valuePart,
} from "../src/config/options.ts";
import { type Catalog, loadCatalog } from "../src/releases/index.ts";
import { CHECKS } from "../src/steps/index.ts";
import { eventsPage } from "./events/page.ts";
import { eventsSchema } from "./events/schema.ts";

/** What a YAML file with options may hold, for editors; rules that cross options are the program's own. */
export const fileSchema = z.strictObject(
  Object.fromEntries(
    inFile.map((option) => [optionName(option), schemaOf(option).describe(describe(option)).optional()]),
  ),
);

function schemaOf(option: Option): z.ZodType {
  switch (option.kind) {
    case "boolean":
      return z.boolean();
    case "choice":
      return z.enum(option.choices ?? []);
    case "list":
      return z.array(z.string());
    case "duration":
      return z.union([z.int().positive(), z.string()]);
    case "text":
      // YAML reads 1.23 as a number; the program takes what is written.
      return option.key === "knativeVersion" ? z.union([z.string(), z.number()]) : z.string();
  }
}

function describe(option: Option): string {
  return `${option.help}. Default: ${defaultText(option)}.`;
}

const configSchema = (): string =>
  `${JSON.stringify({ title: "Options of kn-bootstrap", ...z.toJSONSchema(fileSchema) }, null, 2)}\n`;

const code = (text: string): string => `\`${text}\``;
const cell = (text: string): string => text.replaceAll("|", "\\|");

const flagCell = (option: Option): string => {
  const long =
    option.kind === "boolean" && option.default === undefined ? `--no-${optionName(option)}` : flagOf(option);
  return code(cell(`${option.short ? `-${option.short}, ` : ""}${long}${valuePart(option)}`));
};

const row = (option: Option): string =>
  `| ${[
    flagCell(option),
    cell(option.help),
    cell(defaultText(option)),
    option.commands.length >= ALL.length ? "all" : option.commands.join(", "),
    [
      ...(inFile.includes(option) ? [code(optionName(option))] : []),
      ...(inEnvironment.includes(option) ? [code(envOf(option))] : []),
    ].join(" ") || "flag only",
  ].join(" | ")} |`;

const optionsPage = (): string =>
  [
    "# Options",
    "",
    "Made by `npm run docs` from `src/config/options.ts`.",
    "",
    "An option can be a flag, an environment variable, or a key in the YAML file that `--config` names; they win in this order. What",
    "none of them says about the installation is [what was chosen before](choices.md), then the default. The key is the flag without",
    "its dashes. A boolean flag has a counterpart with `--no-`. Lists are separated by commas, in the file they can be YAML lists.",
    "Paths start at the current directory. Credentials are no options: they come from the kubeconfig.",
    "",
    "```yaml",
    "# yaml-language-server: $schema=./config.schema.json",
    "domain: apps.example.com",
    "tls: self-signed",
    'knative-version: "1.23"',
    "```",
    ...[...Map.groupBy(OPTIONS, ({ group }) => group)].flatMap(([group, options]) => [
      "",
      `## ${group === "This command" ? "Of one command" : group}`,
      "",
      "| flag | what it does | default | commands | file and environment |",
      "|---|---|---|---|---|",
      ...options.map(row),
    ]),
    "",
  ].join("\n");

const versionsPage = ({ minors, resolve, components }: Catalog): string => {
  const names = Object.keys(components);
  return [
    "# Versions",
    "",
    "Made by `npm run docs` from `manifests/releases.yaml`.",
    "",
    "Without `--knative-version` the newest minor is installed that the cluster's Kubernetes can run; the plan says so, and what a newer",
    "server could run. A second run keeps what is installed, patch by patch, and says when a newer patch is out. An exact version such as",
    "`--knative-version 1.19.3` can be asked for too. Minors before these are taken by exact version only, checked against the release's own",
    "list of digests, and nobody has tried them here. On an older Kubernetes than the table says Knative's processes end at once",
    '("Version check failed").',
    "",
    `| Knative | Kubernetes, at least | support by its project | ${names.join(" | ")} |`,
    `|---|---|---|${names.map(() => "---|").join("")}`,
    ...minors.toReversed().map((minor) => {
      const { versions, minimumKubernetes, supportedUntil } = resolve(minor);
      const cells = [minor, minimumKubernetes, `until ${supportedUntil}`, ...names.map((name) => versions[name] ?? "")];
      return `| ${cells.join(" | ")} |`;
    }),
    "",
    "cert-manager is read with `--tls cert-manager` alone, from Knative 1.15 on, and not where there is one already.",
    "",
  ].join("\n");
};

/** What is generated, by path from the repository's root. */
const errorsPage = (): string =>
  [
    "# Errors",
    "",
    "Made by `npm run docs` from `src/cli/errors/`.",
    "",
    "Every error has an id, which `-o json` and the report page show, and which no release renames. The program's own message names the",
    "objects and gives a command to copy; this is what all cases of an id have in common. Exit codes: 1 it failed, 2 wrong input, and",
    "nothing was changed (once something may have been changed, it is 1), 3 it could not be looked at, or a person has to act.",
    "",
    ...Object.entries(ERRORS).flatMap(([area, errors]) => [
      `## ${area}`,
      "",
      "| id | exit code | what | why | what to do |",
      "|---|---|---|---|---|",
      ...Object.entries(errors).map(([id, { kinds, what, why = "", todo }]) => {
        const codes = [...new Set(kinds.map((kind) => EXIT_CODES[kind]))].join(", ");
        return `| ${[code(id), id === "interrupted" ? "129, 130, 143" : codes, what, why, todo].map(cell).join(" | ")} |`;
      }),
      "",
    ]),
  ].join("\n");

const checkSection = (check: Omit<HealthCheck, "run">): readonly string[] => {
  const { id, title, needs = [], symptomOf = [], also = [], reads, meaning, todo, threads = [] } = check;
  return [
    `### ${id}`,
    "",
    `${title}.`,
    "",
    `- If not: ${meaning}`,
    `- What to do: ${todo}`,
    `- Looks at: ${[...new Set(reads)].join(", ") || "the plan alone"}`,
    ...(needs.length > 0 ? [`- Needs: ${needs.map(code).join(", ")}`] : []),
    ...(symptomOf.length > 0 ? [`- May be due to: ${symptomOf.map(code).join(", ")}`] : []),
    ...(also.length > 0 ? [`- Steps wait for the same as ${also.map(code).join(", ")}`] : []),
    ...(threads.length > 0 ? [`- Seen in: ${threads.map(threadLink).join(", ")}`] : []),
    "",
  ];
};

const checksPage = (): string =>
  [
    "# Checks",
    "",
    "Made by `npm run docs` from the parts in `src/steps`.",
    "",
    "A check only reads, and says whether something holds. It finds what it is about in the cluster itself, whoever installed Knative there,",
    "and is skipped where there is no such thing. `install` looks at some of them before it begins, waits after each step until those hold",
    "that are about what the step has made, and looks at them again when there is nothing to do. What could not be looked at is unknown,",
    "and holds up nothing. Ids stay as they are from release to release.",
    "",
    ...[...Map.groupBy<string, HealthCheck>(CHECKS, ({ id }) => id.split(".")[0] ?? "")].flatMap(([area, checks]) => [
      `## ${area}`,
      "",
      ...checks.flatMap(checkSection),
    ]),
    "## canary",
    "",
    "`doctor --probe` makes a Service and asks these on the way to it; without it they do not count.",
    "",
    ...CANARY_CHECKS.flatMap(checkSection),
    "## Before the first write",
    "",
    "These are about a plan: `install` and `renew` look at them one after the other, and change nothing where one does not hold.",
    "They are asked of the account and the credentials that would carry it out.",
    "",
    ...PLAN_CHECKS.flatMap(checkSection),
  ].join("\n");

/** `knative/serving#13826` as a link. */
const threadLink = (thread: string): string => `[${thread}](https://github.com/${thread.replace("#", "/issues/")})`;

export const pages = (catalog: Catalog): Readonly<Record<string, string>> => ({
  "docs/options.md": optionsPage(),
  "docs/versions.md": versionsPage(catalog),
  "docs/errors.md": errorsPage(),
  "docs/checks.md": checksPage(),
  "docs/config.schema.json": configSchema(),
  "docs/events.schema.json": eventsSchema(),
  "docs/json.md": eventsPage(),
});

if (import.meta.main) {
  const check = process.argv.includes("--check");
  for (const [path, text] of Object.entries(pages(await loadCatalog()))) {
    const file = new URL(`../${path}`, import.meta.url);
    if (!check) await writeFile(file, text);
    else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
      process.stderr.write(`${path} is out of date: run npm run docs\n`);
      process.exitCode = 1;
    }
  }
}
