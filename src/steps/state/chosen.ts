import type { Written } from "../../config/complete.ts";
import type { Config } from "../../config/config.ts";
import { type Kept, NOTHING_KEPT, type Unreadable } from "../../config/kept.ts";
import { CHOICES, type Option, optionName } from "../../config/options.ts";
import { readValue, type Value } from "../../config/values.ts";
import { CHOSEN, choicesOf, parsed, recordIn } from "../../kube/choices.ts";
import { UserError } from "../../ports/error.ts";
import { dataOf, isRecord, type KubeObject } from "../../ports/object.ts";

/** Key of the state ConfigMap. */
export const INSISTED = "insisted";

/** Component → version, as the last install wrote it down. */
export const versionsOf = (state: KubeObject | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(recordIn(dataOf(state).versions)).map(([component, version]) => [component, String(version)]),
  );

/** What was chosen before, as far as this version understands it: another one wrote it, or a person. Never throws. */
export const keptIn = (state: KubeObject | undefined): Kept => {
  const text = dataOf(state)[CHOSEN];
  if (!isRecord(parsed(text)))
    return {
      ...NOTHING_KEPT,
      unreadable: [{ option: CHOSEN, value: shortened(String(text)), why: "It is no JSON object." }],
    };
  const unknown: Record<string, unknown> = {};
  const unreadable: Unreadable[] = [];
  const values = Object.entries(choicesOf(state)).flatMap(([name, written]) => {
    const option = CHOICES.find((candidate) => optionName(candidate) === name);
    if (!option) {
      unknown[name] = written;
      return [];
    }
    const value = readKept(option, written);
    if (!(value instanceof UserError)) return [[option.key, value] as const];
    unreadable.push({ option: name, value: shortened(JSON.stringify(written)), why: value.why ?? value.message });
    return [];
  });
  const insisted = parsed(dataOf(state)[INSISTED] ?? "[]");
  return {
    values: Object.fromEntries(values) as Written,
    insisted: CHOICES.filter((option) => Array.isArray(insisted) && insisted.includes(optionName(option))).map(
      ({ key }) => key as keyof Config,
    ),
    unknown,
    unreadable,
  };
};

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

const readKept = (option: Option, written: unknown): Value | UserError => {
  try {
    return readValue(option, written, optionName(option));
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

/** What is to be said of what could not be understood, one sentence or two each. */
export const notesOn = ({ unknown, unreadable }: Pick<Kept, "unknown" | "unreadable">): readonly string[] => [
  ...unreadable.map(
    ({ option, value, why }) =>
      `The cluster keeps ${option === CHOSEN ? CHOSEN : `the choice ${option}`} as ${value}, which this version cannot use: ${why}`,
  ),
  ...(Object.keys(unknown).length > 0
    ? [
        `The cluster keeps choices that this version does not know: ${Object.keys(unknown).join(", ")}. They stay as they are; another version of kn-bootstrap made them.`,
      ]
    : []),
];
