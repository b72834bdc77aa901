import fc from "fast-check";
import { complete, type Written } from "../../src/config/complete.ts";
import type { Config } from "../../src/config/config.ts";
import { CHOICES, flagOf, type Option } from "../../src/config/options.ts";
import { brokenRule } from "../../src/config/rules.ts";
import { readValue } from "../../src/config/values.ts";

/** Among these is something for every option; which is taken for what, its own syntax says. */
const TEXTS = [
  "apps.example.com",
  "other.example.org",
  `${"a.".repeat(112)}example.com`,
  "203.0.113.7",
  "lb.example.net",
  "flat",
  "nested",
  "{{.Name}}-x-{{.Namespace}}.{{.Domain}}",
  "{{.Namespace}}.{{.Name}}.{{.Domain}}",
  "me@example.com",
  "https://ca.example.com/directory",
  "https://other.example.com/directory",
  "default/wildcard",
  "default",
  "shop",
  "registry.example.com",
  "registry.example.com/mirror",
  "Z0123456789",
  "shortlived",
  "3",
  "20Gi",
];

/** As somebody writes it. */
export type Raw = string | boolean | readonly string[];

const fits = (option: Option, text: string): boolean => {
  try {
    readValue(option, text, flagOf(option));
    return true;
  } catch {
    return false;
  }
};

const rawFor = (option: Option): fc.Arbitrary<Raw> => {
  if (option.kind === "boolean") return fc.boolean();
  const texts = (option.choices ?? TEXTS).filter((text) => fits(option, text));
  if (texts.length === 0) throw new Error(`nothing here is a value of ${flagOf(option)}`);
  return option.kind === "list" ? fc.subarray([...texts], { maxLength: 2 }) : fc.constantFrom(...texts);
};

export type Wish = Readonly<Partial<Record<keyof Config, Raw>>>;

export const readAll = (raws: Wish): Written =>
  Object.fromEntries(
    CHOICES.flatMap((option) => {
      const raw = raws[option.key];
      return raw === undefined ? [] : [[option.key, readValue(option, raw, flagOf(option))]];
    }),
  );

/** As much of it as goes together: of what is at odds, `pick` says what goes. */
const fitting = (raws: Wish, pick: number): Wish => {
  let rest = raws;
  for (;;) {
    const broken = brokenRule(complete(readAll(rest), { env: {}, terminal: false }));
    const said = broken?.between.filter((key) => rest[key] !== undefined) ?? [];
    const [last] = said.slice(pick % Math.max(said.length, 1));
    if (!broken) return rest;
    // Nobody said what is at odds: it follows from what somebody did say.
    const goes = last ?? (Object.keys(rest)[pick % Object.keys(rest).length] as keyof Config);
    rest = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== goes));
  }
};

/** A set of choices, of all that there are, that breaks no rule. */
export const anyChoices: fc.Arbitrary<Wish> = fc
  .tuple(
    fc.record(
      Object.fromEntries(CHOICES.map((option) => [option.key, rawFor(option)])) as Record<string, fc.Arbitrary<Raw>>,
      { requiredKeys: [], noNullPrototype: true },
    ),
    fc.nat(9),
  )
  .map(([raws, pick]) => fitting(raws, pick));
