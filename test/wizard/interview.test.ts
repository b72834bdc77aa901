import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createInterview } from "../../src/cli/wizard/interview.ts";
import { type Asker, type ChoiceAsking, type Place, type TextAsking, WentBack } from "../../src/cli/wizard/question.ts";
import { questions } from "../../src/cli/wizard/questions.ts";
import { brokenRule } from "../../src/cli/wizard/settle.ts";
import { isThorough } from "../thorough.ts";
import { anybody, bare, chances, route53, scripted, sights } from "./sights.ts";

/** Asks `asker`, but the first time that the question with this number comes up, it is left for the one before. */
const turningBack = (asker: Asker, at: number) => {
  const asked: { readonly message: string; readonly initial: string; readonly form: number }[] = [];
  const places: (Place | undefined)[] = [];
  const through = async (asking: TextAsking | ChoiceAsking): Promise<void> => {
    asked.push({ message: asking.message, initial: asking.initial, form: "form" in asking ? (asking.form ?? 0) : 0 });
    places.push(await asking.place?.());
    if (asked.length - 1 !== at) return;
    if (asking.canGoBack) throw new WentBack();
  };
  const told: Asker = {
    text: async (asking) => {
      await through(asking);
      return asker.text(asking);
    },
    choice: async (asking) => {
      await through(asking);
      return asker.choice(asking);
    },
  };
  return { ...told, asked, places };
};

const BRANCHES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["everything as it is proposed", {}],
  ["magic and plain http", { domain: "magic", "makes the certificate": "none" }],
  ["nested names", { domain: "apps.example.com", "makes the certificate": "self-signed+1" }],
  ["another CA", { "makes the certificate": "acme", "CA's directory": "https://ca.example.com/dir" }],
  ["a Secret", { "makes the certificate": "secret", "Which Secret": "default/mine" }],
  ["by hand, an address to write to", { "keeps the DNS": "manual", "write to": "a@example.com" }],
  ["Elasticsearch", { "logs of requests": "elasticsearch" }],
  ["a collector", { "metrics go": "otlp", "take metrics": "http://otel.example.com:4317" }],
  ["Istio, a load balancer", { "Which gateway": "istio", "gateway reached": "loadbalancer" }],
];
const sight = { ...bare, zones: route53("example.com") };

describe("going back", () => {
  it.each(BRANCHES)(
    "once at every question changes nothing where the same is answered: %s",
    async (_branch, answers) => {
      const straight = turningBack(scripted(answers), -1);
      const all = await createInterview(sight, {}).all(straight);
      expect(straight.places.map((place) => place?.number)).toEqual(straight.asked.map((_, index) => index + 1));
      expect(straight.places.at(-1)).toEqual({ number: straight.asked.length, of: straight.asked.length });
      for (let at = 0; at < straight.asked.length; at++) {
        // Enter takes what was answered before: nobody types it twice.
        const typed = new Set<string>();
        const once: Asker = scripted(answers);
        const asker = turningBack(
          {
            text: async (asking) => {
              if (typed.has(asking.message)) return asking.initial;
              typed.add(asking.message);
              return once.text(asking);
            },
            choice: async (asking) => {
              if (typed.has(asking.message)) return { id: asking.initial, form: asking.form ?? 0 };
              typed.add(asking.message);
              return once.choice(asking);
            },
          },
          at,
        );
        const again = await createInterview(sight, {}).all(asker);
        expect(again).toEqual(all);
        expect(asker.asked).toHaveLength(straight.asked.length + (at === 0 ? 0 : 2));
        if (at > 0) expect(asker.asked[at + 1]?.message).toBe(asker.asked[at - 1]?.message);
      }
    },
  );

  it("comes to answers that fit together, whatever is answered, gone back from and changed", async () => {
    await fc.assert(
      fc.asyncProperty(sights, chances, fc.nat({ max: 6 }), fc.nat({ max: 8 }), async (sight, chance, at, change) => {
        const interview = createInterview(sight, {});
        const { written, said } = await interview.all(turningBack(anybody(chance), at));
        expect(brokenRule(written)).toBeUndefined();
        const one = said[change % said.length]?.id ?? "";
        const changed = await interview.again(one, anybody(chance));
        expect(brokenRule(changed.written)).toBeUndefined();
      }),
      { numRuns: isThorough ? 500 : 60 },
    );
  });
});

describe("changing one answer", () => {
  it("asks that one, with its answer as the proposal, and nothing else that still can be had", async () => {
    const interview = createInterview(sight, {});
    await interview.all(scripted({ "makes the certificate": "letsencrypt-staging" }));
    const asker = turningBack(scripted({ gateway: "istio" }), -1);
    const { written, said } = await interview.again("ingress", asker);
    expect(asker.asked.map(({ message }) => message)).toEqual(["Which gateway?"]);
    expect(written).toMatchObject({ ingress: "istio", tls: "letsencrypt-staging" });
    expect(said.map(({ title }) => title)).toEqual([
      "Domain",
      "DNS",
      "Certificate",
      "Gateway",
      "Way there",
      "E-mail",
      "Logs",
      "Metrics",
    ]);
  });

  it("asks what comes up by it", async () => {
    const interview = createInterview(sight, {});
    await interview.all(scripted());
    const asker = turningBack(scripted({ domain: "magic" }), -1);
    const { written } = await interview.again("domain", asker);
    expect(asker.asked.map(({ message }) => message)).toEqual([
      "What is the base domain of every URL?",
      "Who makes the certificate?",
    ]);
    expect(written).not.toHaveProperty("domain");
  });

  it.each(questions.map(({ id }) => id))("leaves all as it was when somebody goes back from there: %s", async (id) => {
    const interview = createInterview(sight, {});
    const before = await interview.all(scripted());
    const asker = turningBack(scripted(), 0);
    expect(await interview.again(id, asker)).toEqual(before);
  });
});
