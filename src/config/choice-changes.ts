import { isDeepStrictEqual } from "node:util";
import type { ChoiceChange } from "../core/change.ts";
import { complete, SOURCES, type Written } from "./complete.ts";
import type { Config } from "./config.ts";
import type { Kept, Settled } from "./kept.ts";
import { CHOICES, type Option, optionName } from "./options.ts";
import { words } from "./shown.ts";

/** Each row has its own type of value: that this is the row's own, only its key knows. */
const meaning = (option: Option & { readonly key: keyof Config }, now: Config, before: Config): string | undefined =>
  (option.means as ((now: unknown, before: unknown) => string) | undefined)?.(now[option.key], before[option.key]);

/** What counts now in place of what was chosen before; nothing where nothing was. */
export const choiceChanges = (
  kept: Kept,
  { config, reasons }: Settled,
  said: Written,
  reset: readonly (keyof Config)[],
): readonly ChoiceChange[] => {
  if (Object.keys(kept.values).length === 0) return [];
  const before = complete(kept.values, { env: {}, terminal: false });
  const because = (key: keyof Config): string | undefined => {
    if (key in said) return undefined;
    if (reasons.has(key) || reset.includes(key)) return reasons.get(key) ?? "it was taken back";
    const source = CHOICES.find(
      (option) => SOURCES[key]?.includes(option.key) && before[option.key] !== config[option.key],
    );
    return source && `it follows from ${optionName(source)} ${words(source, config[source.key])}`;
  };
  return CHOICES.flatMap((option) => {
    const { key } = option;
    const unreadable = kept.unreadable.find((one) => one.option === optionName(option));
    const value = key in kept.values ? before[key] : undefined;
    if (!unreadable && isDeepStrictEqual(value, config[key])) return [];
    const change = { option: optionName(option), to: words(option, config[key]) };
    // Whoever chose before did not know it, and so it changes nothing but what is kept.
    if (!unreadable && !(key in kept.values) && before[key] !== undefined && !(key in said)) return [change];
    const why = unreadable && !(key in said) ? "this version cannot use what was chosen" : because(key);
    const from = unreadable?.value ?? words(option, value);
    // What holds unless somebody says otherwise was said, or is no more: that too changes nothing but what is kept.
    const isSame = from === change.to;
    const means = isSame ? undefined : meaning(option, config, before);
    return [
      {
        ...change,
        ...(isSame ? {} : { from }),
        ...(why ? { because: why } : {}),
        ...(means ? { means } : {}),
      },
    ];
  });
};
