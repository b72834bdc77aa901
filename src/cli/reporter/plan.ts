import {
  type AccountChange,
  byKind,
  isTemporary,
  type ObjectChange,
  ofKind,
  type RecordsChange,
  recordName,
  subjectOf,
} from "../../changes/index.ts";
import { hasBlank } from "../../core/blank.ts";
import {
  type ChangeBase,
  type ChoiceChange,
  changesOf,
  conflictsOf,
  type FieldDifference,
  type Plan,
} from "../../core/change.ts";
import { answerOf } from "../../dns/index.ts";
import { few } from "../../ports/few.ts";
import { describe } from "../../ports/object.ts";
import { absolute, type RecordSet, type RecordSetChange, type Zone, zoneLabel } from "../../ports/zones.ts";
import { count, entry, heading, type Look } from "./look.ts";

const MARKS = {
  create: ["+", "green"],
  update: ["~", "yellow"],
  delete: ["-", "red"],
} as const;

/** Values longer than this are cut unless `verbose`. */
const LONGEST = 160;

/** The plan for people, step by step. It names every object; with `verbose` each gets a line of its own, and long values are not cut. */
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

/** Choices that differ from those of the last run. They come first because they are the cause of what follows. */
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
  const number = (action: ChangeBase["action"]): number => lasting.filter((change) => change.action === action).length;
  const passing = changes.length - lasting.length;
  const counts = `Plan: ${number("create")} to create, ${number("update")} to update, ${number("delete")} to delete`;
  return [
    ...heading(look, `${counts}${passing > 0 ? `, ${passing} for the run only` : ""}.`),
    ...(conflictsOf(plan).length > 0
      ? entry(look, 0, "!", "belongs to somebody else; --take-ownership changes it.", "yellow")
      : []),
  ];
};

/** Groups changes of which only the target is shown by action, kind and namespace. */
export const fold = (changes: readonly ChangeBase[], verbose: boolean): readonly (readonly ChangeBase[])[] => {
  const groups = new Map<string, ChangeBase[]>();
  for (const [index, change] of changes.entries()) {
    const key =
      !verbose && isPlain(change)
        ? `${change.action} ${change.object.kind} ${change.object.metadata.namespace}`
        : String(index);
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return [...groups.values()];
};

const isPlain = (change: ChangeBase): change is ObjectChange =>
  isObject(change) && !change.temporary && change.conflicts.length === 0 && fieldsToShow(change).length === 0;

const changeLines = (changes: readonly ChangeBase[], look: Look, verbose: boolean): readonly string[] => {
  const [first] = changes;
  if (!first) return [];
  return changes.length === 1 ? linesOf(first, look, verbose) : titled(first, foldedParts(changes).join(": "), look);
};

/** `ConfigMap ×2 in knative-serving: config-br-defaults, config-network`, in its two parts. */
export const foldedParts = (changes: readonly ChangeBase[]): readonly [string, string] => {
  const objects = changes.filter(isObject).map(({ object }) => object);
  const { kind = "", metadata: { namespace } = {} } = objects[0] ?? {};
  const names = objects.map(({ metadata }) => metadata.name).join(", ");
  return [`${kind} ×${changes.length}${namespace ? ` in ${namespace}` : ""}`, names];
};

const titled = ({ action }: Pick<ChangeBase, "action">, text: string, look: Look): readonly string[] => {
  const [mark, colour] = MARKS[action];
  return entry(look, 2, mark, text, colour);
};

/** How the plan shows the kinds that differ from the rest. Every other kind shows its subject, its differences and its conflicts. */
const linesOf = byKind<[Look, boolean], readonly string[]>(
  {
    certificate: (change, look) => {
      const { names, secret, reason, issuer, remarks = [] } = change;
      const text = `Certificate for ${few(names)} by ${issuer} in ${describe(secret)}: ${reason}`;
      return [...titled(change, text, look), ...remarks.flatMap((remark) => entry(look, 6, "", remark))];
    },
    records: (change, look, verbose) => recordLines(change, look, verbose),
    account: (change, look) => titled(change, accountText(change), look),
  },
  (change, look, verbose) => [
    ...titled(change, subjectOf(change) + remark(change), look),
    ...fieldsToShow(change).flatMap((difference) => differenceLines(difference, look, verbose)),
    ...(change.conflicts ?? []).flatMap(({ path, owner, from, to }) => {
      const values = from === undefined && to === undefined ? "" : `: ${transition({ from, to }, verbose)}`;
      return entry(look, 6, "!", `${path} belongs to ${owner}${values}`, "yellow");
    }),
  ],
);

/** The differences that people are shown. Of a new object these are the fields that are not known yet. A difference without values is left out, because {@link Plan.choices} says it. */
export const fieldsToShow = (change: ChangeBase): readonly FieldDifference[] =>
  (change.fields ?? []).filter(({ path, from, to }) =>
    isObject(change) && change.action === "create"
      ? hasBlank(path) || hasBlank(to)
      : from !== undefined || to !== undefined,
  );

export const accountText = ({ directory, action }: AccountChange): string =>
  `Account at ${directory}: ${action === "delete" ? "deactivated" : "a new key"}`;

const recordLines = ({ zone, sets, conflicts, shadows }: RecordsChange, look: Look, verbose: boolean) => [
  ...entry(look, 2, "", `In zone ${zoneLabel(zone)}, all at once:`),
  ...sets.flatMap((set) => {
    const [mark, colour] = MARKS[set.from === undefined ? "create" : set.to === undefined ? "delete" : "update"];
    const values = [set.from, set.to].flatMap((side) => (side ? [contentOf(side)] : [])).join(" → ");
    return entry(look, 2, mark, `${recordSetName(zone, set)}: ${values}`, colour);
  }),
  ...conflicts.flatMap(({ path, owner }) => entry(look, 6, "!", `${path} belongs to ${owner}`, "yellow")),
  ...(verbose ? shadows : shadows.slice(0, MOST_SHADOWS)).flatMap((text) => entry(look, 6, "!", text, "yellow")),
  ...(verbose || shadows.length <= MOST_SHADOWS
    ? []
    : entry(look, 6, "", `… and ${shadows.length - MOST_SHADOWS} more (-v shows them)`)),
];

/** Leaves the type out while it is not known: it follows from the address. */
export const recordSetName = (zone: Zone, set: RecordSetChange): string =>
  hasBlank(set.to?.type) ? absolute(zone, set.to?.name ?? "@") : recordName(zone, set);

const MOST_SHADOWS = 5;

export const contentOf = (set: RecordSet): string => {
  const { values, ttl, type } = set;
  if (hasBlank(type)) return values.join(", ");
  return answerOf(set) ?? `${values.join(", ")}${ttl === undefined ? "" : ` (TTL ${ttl} s)`}`;
};

/** Says in parentheses what a reader must know about a change besides its target. */
export const remark = (change: ChangeBase): string => {
  if (isTemporary(change)) return " (temporary: removed at the end of the run)";
  // It is open where the server could not be asked: without the right, or with the webhook down (rule 2).
  const isOpen =
    isObject(change) &&
    !change.confirmed &&
    change.action === "update" &&
    change.uid !== undefined &&
    change.fields.length > 0;
  const isAsked = !isOpen || change.dropData?.length || change.conflicts.length > 0 || hasBlank(change.object);
  return isAsked ? "" : " (unverified)";
};

const isObject = ofKind("object");

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
  // JSON doubles the backslashes of characters that were spelled out before; this undoes it.
  const text = JSON.stringify(value).replace(/\\\\(?=x[\da-f]{2}|u[\da-f]{4}|u\{)/g, "\\");
  return verbose || text.length <= LONGEST
    ? text
    : `${text.slice(0, LONGEST)}… (${count(text.length - LONGEST, "more character")}, -v shows them)`;
};
