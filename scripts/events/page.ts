import { z } from "zod";
import { lineSchema } from "./schema.ts";

/** A schema as `z.toJSONSchema` writes it, as far as the page shows it. */
interface Shown {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shown>>;
  readonly required?: readonly string[];
  readonly items?: Shown;
  readonly anyOf?: readonly Shown[];
}

const INTRO = `# Output for programs

Made by \`npm run docs\` from \`scripts/events/schema.ts\`. The same as a JSON Schema: [events.schema.json](events.schema.json).

With \`-o json\`, stdout holds one JSON object per line, and nothing else; progress for people goes to stderr. \`iam-policy\` and \`render\` have
output of their own. Each line has a \`type\` and a version \`v\`. Fields are added over time; a field that is renamed or removed makes \`v\` greater, so
a program takes the lines whose \`v\` it knows and ignores fields that it does not.

\`\`\`sh
# What would change, field by field, and which images would run
kn-bootstrap plan -o json | jq -c 'select(.type == "plan") | .steps[].changes[] | {action, object, fields}'
kn-bootstrap plan -o json | jq -r 'select(.type == "plan") | .steps[].changes[].fields[] | select(.path | endswith(".image")).to'
# What was proved
kn-bootstrap install --yes -o json | jq 'select(.type == "report") | .steps[].findings[] | {id, status, facts}'
\`\`\`

Sentences (\`summary\`, \`reason\`, \`text\`, \`what\`) are for people, and their words change. What a program needs stands beside them: ids, \`facts\`, and
\`evidence\`, which says of one field of one object what was observed and what was expected. Secrets are masked in all of it. Exit codes say how it
went, whatever the output: [errors](errors.md).
`;

const cell = (text: string): string => text.replaceAll("|", "\\|");

const refIn = ({ $ref }: Shown): string | undefined => $ref?.replace("#/$defs/", "");

const kindOf = (shown: Shown): string => {
  const ref = refIn(shown);
  if (ref) return `[${ref}](#${ref})`;
  if (shown.const !== undefined) return `\`${JSON.stringify(shown.const)}\``;
  if (shown.enum) return shown.enum.map((one) => `\`${JSON.stringify(one)}\``).join(", ");
  if (shown.items) return `list of ${kindOf(shown.items)}`;
  if (shown.properties) return `{ ${Object.keys(shown.properties).join(", ")} }`;
  return shown.type ?? "anything";
};

const table = ({ properties = {}, required = [] }: Shown): readonly string[] => [
  "| field | value | meaning |",
  "|---|---|---|",
  ...Object.entries(properties).map(([name, shown]) => {
    const optional = required.includes(name) ? "" : " (optional)";
    return `| \`${name}\`${optional} | ${cell(kindOf(shown))} | ${cell(shown.description ?? "")} |`;
  }),
];

const section = (name: string, level: string, shown: Shown): readonly string[] => [
  `${level} ${name}`,
  "",
  ...(shown.description ? [shown.description, ""] : []),
  ...(shown.anyOf
    ? shown.anyOf.flatMap((one) => [
        `\`kind\`: ${kindOf(one.properties?.kind ?? {})}. ${one.description ?? ""}`.trimEnd(),
        "",
        ...table(one),
        "",
      ])
    : [...table(shown), ""]),
];

/** docs/json.md */
export const eventsPage = (): string => {
  const { $defs = {}, oneOf = [] } = z.toJSONSchema(lineSchema) as {
    readonly $defs?: Readonly<Record<string, Shown>>;
    readonly oneOf?: readonly Shown[];
  };
  const lines = oneOf.flatMap((one) => refIn(one) ?? []);
  const parts = Object.keys($defs).filter((name) => !lines.includes(name));
  return [
    INTRO,
    "## Lines",
    "",
    ...lines.flatMap((name) => section(name, "###", $defs[name] ?? {})),
    "## Parts of lines",
    "",
    ...parts.flatMap((name) => section(name, "###", $defs[name] ?? {})),
  ].join("\n");
};
