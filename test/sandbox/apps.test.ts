import { expect, it } from "vitest";
import { appOf } from "../../src/sandbox/knative/apps.ts";
import type { Request } from "../../src/sandbox/knative/request.ts";
import type { Obj } from "../../src/sandbox/types.ts";

it("httpbin's delay is never shorter than what was asked for", async () => {
  const container = { image: "docker.io/mccutchen/go-httpbin:2" } as unknown as Obj;
  const app = appOf(container, "bin-00001");
  const delayed = async (milliseconds: number): Promise<boolean> => {
    const started = performance.now();
    await app.answer({ uri: `/delay/${milliseconds / 1000}` } as Request, container);
    return performance.now() - started >= milliseconds;
  };
  const kept = await Promise.all(Array.from({ length: 100 }, (_, index) => delayed(5 + (index % 3))));
  expect(kept).not.toContain(false);
});
