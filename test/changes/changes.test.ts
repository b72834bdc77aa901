import { describe, expect, expectTypeOf, it } from "vitest";
import { type ApplyTools, byKind, type Change, kindOf, ofKind, registry } from "../../src/changes/index.ts";
import type { BaseTools, ChangeBase, ChangeKind } from "../../src/changes/kind.ts";
import { records } from "../../src/changes/records.ts";
import type { Step } from "../../src/changes/step.ts";
import { plan } from "../cli/plans.ts";

interface Webhook extends ChangeBase {
  readonly kind: "webhook";
}
interface WebhookTools extends BaseTools {
  readonly call: () => Promise<void>;
}

describe("kinds of change", () => {
  it("a change of a kind that is not in the registry cannot be planned", () => {
    const change: Webhook = { kind: "webhook", action: "create" };
    // @ts-expect-error: no Change
    const planned: Awaited<ReturnType<Step["plan"]>> = [change];
    expect(planned).toHaveLength(1);
    expectTypeOf<Change["kind"]>().toEqualTypeOf<
      "object" | "patch" | "records" | "challenge" | "certificate" | "account"
    >();
  });

  it("a kind says all of it, the rights that it needs included", () => {
    const { requires: _requires, ...silent } = records;
    // @ts-expect-error: it does not say what it requires
    const kind: typeof records = silent;
    expect(kind.requires).toBeUndefined();
  });

  it("a kind stands under its own name, and carries out what its type says", () => {
    // @ts-expect-error: it is called records
    expect(registry({ object: records })).toBeDefined();
    // Whoever runs changes hands in what any of them needs.
    expectTypeOf<keyof ApplyTools>().toEqualTypeOf<
      keyof BaseTools | "challenges" | "issue" | "settleAccount" | "remember"
    >();
    expectTypeOf<ChangeKind<Webhook, WebhookTools>["apply"]>().parameter(1).toExtend<WebhookTools>();
  });

  it("a kind without words of its own is told in those for all", () => {
    const words = byKind<[], string>({ records: ({ zone }) => zone.name }, ({ kind }) => kind);
    const changes = plan.steps.flatMap((step) => step.changes);
    expect(new Set(changes.map(words))).toContain(changes.find(ofKind("records"))?.zone.name);
    expect(new Set(changes.map(words))).toContain("object");
  });

  it("each change has a kind that finds its target and covers itself", () => {
    for (const change of plan.steps.flatMap((step) => step.changes)) {
      const kind = kindOf(change);
      expect(kind.kind).toBe(change.kind);
      expect(kind.covers(change, change)).toBe(true);
      expect(kind.target(change)).not.toBe("");
    }
  });
});
