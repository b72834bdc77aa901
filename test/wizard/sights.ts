import fc from "fast-check";
import { createInterview } from "../../src/cli/wizard/interview.ts";
import type { Asker, ChoiceAsking, TextAsking } from "../../src/cli/wizard/question.ts";
import type { Sight } from "../../src/cli/wizard/sight.ts";
import type { Written } from "../../src/config/complete.ts";

/** A cluster of which nothing is known but that it is there. */
export const bare: Sight = {
  nodes: { count: 3, cpu: 12, memory: 48 * 2 ** 30 },
  cloud: undefined,
  components: [],
  loadBalancers: { work: "unclear", because: "no Service here has tried" },
  addresses: { external: [], internal: ["192.0.2.10"] },
  namespaces: ["default", "shop"],
  served: [],
  zones: [],
  gateways: [],
  logMemory: {
    "fluent-bit": { once: 0, eachNode: 64 * 2 ** 20 },
    elasticsearch: { once: 4 * 2 ** 30, eachNode: 100 * 2 ** 20 },
  },
  stores: [],
  isMonitored: false,
  collectors: [],
  installed: undefined,
};

/** An Elasticsearch of ECK. */
export const STORE = {
  title: "Elasticsearch elastic/logs",
  output: "elasticsearch",
  url: "https://logs-es-http.elastic.svc:9200",
  shown: ["LOGGING_PASSWORD (key elastic of Secret elastic/logs-es-elastic-user)"],
} as const;
export const COLLECTOR = "http://collector.otel.svc:4318/v1/metrics";

export const route53 = (...zones: readonly string[]): Sight["zones"] => [
  { provider: "route53", title: "Amazon Route 53", zones },
];

export interface Asked {
  readonly message: string;
  readonly initial: string;
  readonly choices: readonly string[];
  readonly hints: readonly string[];
  readonly live: string | undefined;
}

/** Takes what is proposed, or what `answers` has for a message that it finds; remembers what it was asked. */
export const scripted = (answers: Readonly<Record<string, string>> = {}): Asker & { readonly asked: Asked[] } => {
  const asked: Asked[] = [];
  const answerTo = (message: string, initial: string): string =>
    Object.entries(answers).find(([word]) => message.includes(word))?.[1] ?? initial;
  return {
    asked,
    text: async ({ message, initial, live, problem }: TextAsking) => {
      const text = answerTo(message, initial);
      asked.push({ message, initial, choices: [], hints: [], live: live?.(text) });
      const wrong = problem(text);
      if (wrong !== undefined) throw new Error(wrong);
      return text;
    },
    choice: async ({ message, initial, choices, live, forms }: ChoiceAsking) => {
      const [id = "", tab = "0"] = answerTo(message, initial).split("+");
      asked.push({
        message,
        initial,
        choices: choices.map((choice) => choice.id),
        hints: choices.map(({ hint }) => hint),
        live: live?.(id, Number(tab)),
      });
      if (!choices.some((choice) => choice.id === id)) throw new Error(`${id} is not to be had`);
      return { id, form: Number(tab) % forms };
    },
  };
};

const VALID = [
  "apps.example.com",
  "https://ca.example.com/dir",
  "default/wildcard",
  "default,shop",
  "a@example.com",
  COLLECTOR,
];
const TEXTS = [
  ...VALID,
  "magic",
  "none",
  "",
  "x",
  "Apps.Example.Org.",
  "a b",
  "*.example.com",
  `${"a".repeat(64)}.com`,
];

/** Somebody who types anything until it is taken, and presses any keys. */
export const anybody = (chance: () => number): Asker & { readonly asked: string[] } => {
  const asked: string[] = [];
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(chance() * items.length)];
  return {
    asked,
    text: async ({ message, initial, problem }) => {
      asked.push(message);
      for (let tries = 0; tries < 20; tries++) {
        const text = pick([...TEXTS, initial]) || initial;
        if (problem(text) === undefined) return text;
      }
      const text = [initial, ...VALID].find((candidate) => problem(candidate) === undefined);
      if (text === undefined) throw new Error(`nothing is an answer to ${message}`);
      return text;
    },
    choice: async ({ message, choices, initial, forms }) => {
      asked.push(message);
      if (!choices.some(({ id }) => id === initial)) throw new Error(`${initial} is proposed and cannot be had`);
      return { id: pick(choices)?.id ?? initial, form: Math.floor(chance() * forms) };
    },
  };
};

/** Evenly distributed, which arrays of numbers by fast-check are not. */
export const chances: fc.Arbitrary<() => number> = fc.integer().map((seed) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
});

export const sights: fc.Arbitrary<Sight> = fc.record({
  nodes: fc.constantFrom(undefined, bare.nodes),
  cloud: fc.constantFrom(undefined, { id: "aws", title: "AWS", isNamed: true as const }, { id: "kind", title: "kind" }),
  components: fc.constantFrom(undefined, []),
  loadBalancers: fc.constantFrom(
    { work: "yes", because: "AWS makes them" },
    { work: "no", because: "kind makes none" },
    { work: "unclear", because: "no Service here has tried" },
  ),
  addresses: fc.record({
    external: fc.constantFrom([], ["203.0.113.7"]),
    internal: fc.constantFrom([], ["192.0.2.10"]),
  }),
  namespaces: fc.constantFrom([], ["default", "shop"]),
  served: fc.constantFrom([], ["shop"]),
  zones: fc.constantFrom([], route53("example.com"), route53("example.com", "example.org")),
  gateways: fc.constantFrom([], ["mesh/gate", "mesh/other"]),
  logMemory: fc.constant(bare.logMemory),
  stores: fc.constantFrom([], [STORE]),
  isMonitored: fc.boolean(),
  collectors: fc.constantFrom([], [COLLECTOR]),
  installed: fc.constant(undefined),
});

/** What a person would have written who answers all that comes up. */
export const askAll = async (sight: Sight, run: Written, asker: Asker): Promise<Written> =>
  (await createInterview(sight, run).all(asker)).written;
