/** Replays answers recorded from kube-apiserver 1.36.2 against the embedded API, each case in every mode it holds in. */

import { afterAll, describe, expect, test } from "vitest";
import { createApi } from "../../src/sandbox/api/index.ts";
import type { Fetch } from "./shared.ts";
import { hasShared, sharedPath } from "./shared.ts";

interface Case {
  readonly file: string;
  readonly title: string;
  readonly needs?: readonly string[];
}
interface Failure {
  readonly step: number;
  readonly request: string;
  readonly diffs: readonly string[];
}
interface Replay {
  readonly loadCases: () => Case[];
  readonly makeFetch: (options: { ca: string; token: string }) => Fetch;
  readonly replay: (options: {
    baseUrl: string;
    fetch: Fetch;
    cases: readonly Case[];
    provides: readonly string[];
  }) => Promise<{ passed: number; failed: number; skipped: number; failures: readonly Failure[] }>;
}

const REPLAY = "conformance/replay.mjs";
const present = hasShared(REPLAY);
const { loadCases, makeFetch, replay } = (present ? await import(sharedPath(REPLAY)) : {}) as Replay;
const cases = present ? loadCases() : [];

/** The two modes of the recordings: with the controllers of a cluster, and with the controller manager stopped. */
const MODES = ["controllers", "no-controllers"];
const runs = cases.flatMap((one) =>
  MODES.filter((mode) => !MODES.some((other) => other !== mode && one.needs?.includes(other))).map((mode) => ({
    ...one,
    mode,
  })),
);

describe.skipIf(!present).concurrent("conformance", () => {
  const passed = new Map<string, number>();

  test.each(runs)("$file $mode: $title", async ({ mode, ...one }) => {
    const api = await createApi({ controllers: mode === "controllers" });
    try {
      const result = await replay({
        baseUrl: api.url,
        fetch: makeFetch({ ca: api.ca, token: api.token }),
        cases: [one],
        // The first resourceVersions are always forgotten here.
        provides: [mode, "compacted"],
      });
      expect(result.failures.map(({ step, request, diffs }) => [step, request, ...diffs])).toEqual([]);
      expect(result.skipped).toBe(0);
      passed.set(one.file, result.passed);
    } finally {
      await api.close();
    }
  });

  afterAll(() => {
    const steps = [...passed.values()].reduce((sum, count) => sum + count, 0);
    process.stdout.write(`${passed.size} cases, ${steps} steps passed\n`);
  });
});
