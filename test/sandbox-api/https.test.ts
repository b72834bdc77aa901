import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApi } from "../../src/sandbox/api/index.ts";
import type { Api } from "../../src/sandbox/types.ts";
import { CONFIG_MAPS, configMap, ref } from "./config-maps.ts";
import { send } from "./wire.ts";

let api: Api;
beforeEach(async () => {
  api = await createApi({});
});
afterEach(() => api.close());

describe("over HTTPS", () => {
  test("without the token nothing is told", async () => {
    const { status, text } = await send(api, "/api", { token: false });
    expect([status, JSON.parse(text).reason]).toEqual([401, "Unauthorized"]);
  });

  test("a body over the limit is refused", async () => {
    const body = JSON.stringify(configMap("big", { k: "x".repeat(4 * 1024 * 1024) }));
    const answer = await send(api, CONFIG_MAPS, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    }).catch(() => undefined);
    // The server may close before everything is sent.
    expect(answer?.status ?? 413).toBe(413);
    expect(api.get(ref("big"))).toBeUndefined();
  });

  test("a format it does not speak is refused, not misread", async () => {
    const headers = { "content-type": "application/vnd.kubernetes.protobuf" };
    expect((await send(api, CONFIG_MAPS, { method: "POST", headers, body: "k8s\0" })).status).toBe(415);
  });

  test("requests can be seen, answered in the API's place and cut off", async () => {
    await api.close();
    const seen: string[] = [];
    api = await createApi({
      onRequest: ({ method, path }) => {
        seen.push(`${method} ${path}`);
        if (path === "/readyz") return { status: 503, body: "later" };
        if (path === "/livez") throw new Error("killed");
        return undefined;
      },
    });
    expect(await send(api, "/readyz")).toMatchObject({ status: 503, text: "later" });
    await expect(send(api, "/livez")).rejects.toThrow();
    expect((await api.request({ method: "GET", path: "/healthz" })).status).toBe(200);
    expect(seen).toEqual(["GET /readyz", "GET /livez", "GET /healthz"]);
  });
});
