import { hasBlank } from "../../core/blank.ts";
import {
  type Change,
  type ChoiceChange,
  changesOf,
  conflictsOf,
  type FieldDifference,
  type ObjectChange,
  type Plan,
  type RecordsChange,
} from "../../core/change.ts";
import { OWNER_LABEL } from "../../core/inventory.ts";
import { recordName } from "../../core/plan.ts";
import { few } from "../../ports/few.ts";
import { describe, isRecord, type KubeObject } from "../../ports/object.ts";
import { absolute, type RecordSet, type RecordSetChange, type Zone } from "../../ports/zones.ts";
import { count, entry, heading, type Look } from "./look.ts";

const MARKS = {
  create: ["+", "green"],
  update: ["~", "yellow"],
  delete: ["-", "red"],
} as const;

/** Values longer than this are cut unless `verbose`. */
const LONGEST = 160;

/** The plan for people, by step. It names every object; `verbose` gives each a line of its own and long values in full. */
export const planText = (plan: Plan, look: Look, verbose: boolean): string => {
  const steps = plan.steps.filter((step) => step.changes.length > 0 || step.notes.length > 0);
  const blocks = steps.map((step) => [
    ...heading(look, step.title),
    ...fold(step.changes, verbose).flatMap((changes) => changeLines(changes, look, verbose)),
    ...step.notes.flatMap((note) => entry(look, 2, "", note)),
  ]);
  return [...choicesBlock(plan, look), ...blocks, closing(plan, look)]
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
};

/** What was chosen before and counts otherwise now: the cause of what follows. */
const choicesBlock = ({ choices = [] }: Plan, look: Look): readonly (readonly string[])[] =>
  choices.length === 0
    ? []
    : [
        [
          ...heading(look, "Choices that change"),
          ...choices.flatMap((choice) => {
            const [mark, colour] = MARKS[choice.from === undefined ? "create" : "update"];
            return [
              ...entry(look, 2, mark, `${choice.option}: ${choiceText(choice)}`, colour),
              ...(choice.means ? entry(look, 6, "", choice.means) : []),
            ];
          }),
        ],
      ];

/** `apps.example.com → magic` */
export const choiceText = ({ from, to, because }: ChoiceChange): string =>
  `${from === undefined ? to : `${from} → ${to}`}${because ? ` (${because})` : ""}`;

const closing = (plan: Plan, look: Look): readonly string[] => {
  const changes = changesOf(plan);
  if (changes.length === 0) {
    return heading(
      look,
      plan.goal === "present" ? "Nothing to do: everything is as it should be." : "Nothing to remove.",
    );
  }
  const lasting = changes.filter((change) => !isTemporary(change));
  const number = (action: Change["action"]): number => lasting.filter((change) => change.action === action).length;
  const passing = changes.length - lasting.length;
  const counts = `Plan: ${number("create")} to create, ${number("update")} to update, ${number("delete")} to delete`;
  return [
    ...heading(look, `${counts}${passing > 0 ? `, ${passing} for the run only` : ""}.`),
    ...(conflictsOf(plan).length > 0
      ? entry(look, 0, "!", "belongs to somebody else; --take-ownership changes it.", "yellow")
      : []),
  ];
};

export const isTemporary = (change: Change): boolean => change.kind === "object" && change.temporary === true;

/** Changes that say nothing but their target go together with others of their kind and namespace. */
export const fold = (changes: readonly Change[], verbose: boolean): readonly (readonly Change[])[] => {
  const groups = new Map<string, Change[]>();
  for (const [index, change] of changes.entries()) {
    const key =
      !verbose && isPlain(change)
        ? `${change.action} ${change.object.kind} ${change.object.metadata.namespace}`
        : String(index);
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return [...groups.values()];
};

const isPlain = (change: Change): change is ObjectChange =>
  change.kind === "object" && !change.temporary && change.conflicts.length === 0 && differences(change).length === 0;

const changeLines = (changes: readonly Change[], look: Look, verbose: boolean): readonly string[] => {
  const [first] = changes;
  if (!first) return [];
  const [mark, colour] = MARKS[first.action];
  if (first.kind === "certificate") {
    const { names, secret, reason, issuer, remarks = [] } = first;
    const text = `Certificate for ${few(names)} by ${issuer} in ${describe(secret)}: ${reason}`;
    return [...entry(look, 2, mark, text, colour), ...remarks.flatMap((remark) => entry(look, 6, "", remark))];
  }
  if (first.kind === "records") return recordLines(first, look, verbose);
  if (first.kind === "account")
    return entry(
      look,
      2,
      mark,
      `Account at ${first.directory}: ${first.action === "delete" ? "deactivated" : "a new key"}`,
      colour,
    );
  if (changes.length > 1) {
    const names = changes.flatMap((change) => (change.kind === "object" ? [change.object.metadata.name] : []));
    const { namespace } = first.object.metadata;
    return entry(
      look,
      2,
      mark,
      `${first.object.kind} ×${changes.length}${namespace ? ` in ${namespace}` : ""}: ${names.join(", ")}`,
      colour,
    );
  }
  return [
    ...entry(look, 2, mark, describe(first.object) + remark(first), colour),
    ...differences(first).flatMap((difference) => differenceLines(difference, look, verbose)),
    ...first.conflicts.flatMap(({ path, owner, from, to }) => {
      const values = from === undefined && to === undefined ? "" : `: ${transition({ from, to }, verbose)}`;
      return entry(look, 6, "!", `${path} belongs to ${owner}${values}`, "yellow");
    }),
  ];
};

const recordLines = ({ zone, sets, conflicts, shadows }: RecordsChange, look: Look, verbose: boolean) => [
  ...entry(look, 2, "", `In zone ${zone.name}${zone.id === zone.name ? "" : ` (${zone.id})`}, all at once:`),
  ...sets.flatMap((set) => {
    const [mark, colour] = MARKS[set.from === undefined ? "create" : set.to === undefined ? "delete" : "update"];
    const values = [set.from, set.to].flatMap((side) => (side ? [contentOf(side)] : [])).join(" → ");
    return entry(look, 2, mark, `${nameOf(zone, set)}: ${values}`, colour);
  }),
  ...conflicts.flatMap(({ path, owner }) => entry(look, 6, "!", `${path} belongs to ${owner}`, "yellow")),
  ...(verbose ? shadows : shadows.slice(0, MOST_SHADOWS)).flatMap((text) => entry(look, 6, "!", text, "yellow")),
  ...(verbose || shadows.length <= MOST_SHADOWS
    ? []
    : entry(look, 6, "", `… and ${shadows.length - MOST_SHADOWS} more (-v shows them)`)),
];

/** The type is not known before the address is. */
export const nameOf = (zone: Zone, set: RecordSetChange): string =>
  hasBlank(set.to?.type) ? absolute(zone, set.to?.name ?? "@") : recordName(zone, set);

const MOST_SHADOWS = 5;

export const contentOf = ({ alias, values, ttl, type }: RecordSet): string =>
  hasBlank(type)
    ? values.join(", ")
    : alias
      ? `alias ${alias.target}`
      : `${values.join(", ")}${ttl === undefined ? "" : ` (TTL ${ttl} s)`}`;

/** What a reader must know about a change besides its target. */
export const remark = (change: ObjectChange): string => {
  if (change.temporary) return " (temporary: removed at the end of the run)";
  // Without rights, or with the webhook down, the server could not be asked (rule 2).
  const asked = change.confirmed || change.action !== "update" || change.fields.length === 0 || change.dropData?.length;
  return asked || change.conflicts.length > 0 || hasBlank(change.object) ? "" : " (unverified)";
};

/**
 * What the change does to single fields. An object that another step makes first has no live fields to compare with, so what is
 * set in it is listed; of a new object only what is not known yet.
 */
export const differences = (change: ObjectChange): readonly FieldDifference[] => {
  if (change.fields.length > 0 || change.action === "delete")
    return change.fields.filter(({ from, to }) => from !== undefined || to !== undefined);
  const all = leaves(change.object);
  return change.action === "update"
    ? change.conflicts.length > 0
      ? []
      : all
    : all.filter(({ path, to }) => hasBlank(path) || hasBlank(to));
};

const leaves = (object: KubeObject): readonly FieldDifference[] => {
  const { apiVersion: _version, kind: _kind, metadata, ...body } = object;
  const { name: _name, namespace: _namespace, labels, ...rest } = metadata;
  const { [OWNER_LABEL]: _owner, ...others } = labels ?? {};
  const flatten = (value: unknown, path: string): readonly FieldDifference[] => {
    const entries: readonly (readonly [string, unknown])[] = Array.isArray(value)
      ? value.map((item, index) => [`[${index}]`, item] as const)
      : isRecord(value)
        ? Object.entries(value).map(
            ([key, inner]) => [/^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`, inner] as const,
          )
        : [];
    return entries.length > 0
      ? entries.flatMap(([key, inner]) => flatten(inner, path + key))
      : path === ""
        ? []
        : [{ path, to: value }];
  };
  return flatten(
    { metadata: { ...rest, ...(Object.keys(others).length > 0 ? { labels: others } : {}) }, ...body },
    "",
  ).filter(({ path }) => path !== ".metadata");
};

const differenceLines = (difference: FieldDifference, look: Look, verbose: boolean): readonly string[] => {
  const action = difference.from === undefined ? "create" : difference.to === undefined ? "delete" : "update";
  const [mark, colour] = MARKS[action];
  return entry(look, 6, mark, `${difference.path}: ${transition(difference, verbose)}`, colour);
};

const transition = ({ from, to }: Pick<FieldDifference, "from" | "to">, verbose: boolean): string =>
  [from, to]
    .filter((value) => value !== undefined)
    .map((value) => valueText(value, verbose))
    .join(" → ");

export const valueText = (value: unknown, verbose: boolean): string => {
  // What was spelled out already is not quoted once more.
  const text = JSON.stringify(value).replace(/\\\\(?=x[\da-f]{2}|u[\da-f]{4}|u\{)/g, "\\");
  return verbose || text.length <= LONGEST
    ? text
    : `${text.slice(0, LONGEST)}… (${count(text.length - LONGEST, "more character")}, -v shows them)`;
};
