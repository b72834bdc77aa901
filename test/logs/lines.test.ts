import { describe, expect, it } from "vitest";
import { createPosition, type LogLine, logLineOf } from "../../src/app/logs/line.ts";
import { createFeed, merged } from "../../src/app/logs/merge.ts";
import { requestOf } from "../../src/app/logs/request.ts";
import { beginningsOf } from "../../src/ports/bounded.ts";

const lineAt = (nanosecond: number, text = ""): LogLine => ({
  at: BigInt(nanosecond),
  time: `2026-11-30T08:00:00.${String(nanosecond).padStart(9, "0")}Z`,
  text,
});

async function* from<T>(...items: T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};

describe("a line of a log", () => {
  it("has its time in UTC, to the nanosecond, wherever the node is", () => {
    expect(logLineOf("2026-11-30T08:00:00.000000001Z hello  there")).toEqual({
      at: 1_796_025_600_000_000_001n,
      time: "2026-11-30T08:00:00.000000001Z",
      text: "hello  there",
    });
    expect(logLineOf("2026-11-30T09:30:00.5+01:30 x")?.time).toBe("2026-11-30T08:00:00.500000000Z");
    expect(logLineOf("unable to retrieve container logs for containerd://1")).toBeUndefined();
  });

  it("is told once, however often its log is asked for from where it was left", () => {
    const position = createPosition();
    const told = (...lines: LogLine[]) => {
      position.again();
      return lines.filter(position.isNew).map(({ text }) => text);
    };
    const [a, b, c, d] = [lineAt(1, "a"), lineAt(2, "b"), lineAt(2, "c"), lineAt(2, "d")];
    expect(told(a, b)).toEqual(["a", "b"]);
    expect(position.since()).toBe(b.time);
    expect(told(a, b, c)).toEqual(["c"]);
    expect(told(b, c)).toEqual([]);
    expect(told(b, c, d, lineAt(3, "e"))).toEqual(["d", "e"]);
  });

  it("is cut where it is too long, and left out where the stream broke in it", async () => {
    expect(await all(beginningsOf(from("ab", "cdef\n\ngh", "i\nj"), 4))).toEqual(["abcd", "ghi", "j"]);
    const broken = async function* () {
      yield "whole\ncut";
      throw new Error("reset");
    };
    const seen: string[] = [];
    const reading = (async () => {
      for await (const line of beginningsOf(broken(), 100)) seen.push(line);
    })();
    await expect(reading).rejects.toThrow("reset");
    expect(seen).toEqual(["whole"]);
  });
});

describe("lines of several pods", () => {
  it("come in the order of their times", async () => {
    const logs = [from(lineAt(1), lineAt(5)), from(lineAt(2), lineAt(3), lineAt(9)), from<LogLine>(), from(lineAt(4))];
    expect((await all(merged(logs))).map(({ at }) => Number(at))).toEqual([1, 2, 3, 4, 5, 9]);
  });

  it("wait a moment for earlier ones while more come, and make who is ahead wait when nobody takes them", async () => {
    const stop = new AbortController();
    const feed = createFeed<LogLine>(stop.signal);
    const adding = (async () => {
      for (let nanosecond = 2000; nanosecond > 0; nanosecond -= 1) await feed.add(lineAt(nanosecond));
      feed.fail(new Error("over"));
    })();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { at } of feed.lines()) seen.push(Number(at));
    })();
    await expect(reading).rejects.toThrow("over");
    await adding;
    const range = (first: number) => Array.from({ length: 1000 }, (_, index) => first + index);
    expect(seen).toEqual([...range(1001), ...range(1)]);
  });
});

describe("a line of queue-proxy", () => {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "hello-00001-deployment-1",
      namespace: "default",
      labels: { "serving.knative.dev/service": "hello", "serving.knative.dev/revision": "hello-00001" },
    },
  };
  const read = (text: string) => requestOf(lineAt(1, text), pod);

  it("is a request with all that the compiled-in template says of it", () => {
    const text = String.raw`{"httpRequest": {"requestMethod": "GET", "requestUrl": "/it\'s?a\u003D1\u0026b=\"", "requestSize": "-1", "status": 503, "responseSize": "19", "userAgent": "curl/8", "remoteIp": "10.244.0.7:40000", "serverIp": "10.244.0.9", "referer": "", "latency": "4.2e-05s", "protocol": "HTTP/1.1"}, "traceId": "[4bf92f]"}`;
    expect(read(text)).toEqual({
      time: "2026-11-30T08:00:00.000000001Z",
      namespace: "default",
      service: "hello",
      revision: "hello-00001",
      pod: "hello-00001-deployment-1",
      method: "GET",
      path: `/it's?a=1&b="`,
      status: 503,
      seconds: 0.000042,
      responseBytes: 19,
      userAgent: "curl/8",
      remote: "10.244.0.7:40000",
      protocol: "HTTP/1.1",
      traceId: "4bf92f",
    });
  });

  it.each([
    '{"severity":"INFO","timestamp":"2026-11-30T08:00:00Z","message":"Starting queue-proxy"}',
    '{"httpRequest": {"requestMethod": "GET", "requestUrl": "/',
    '{"httpRequest": {}}',
    "Invalid request log template: method: GET, response code: 200, latency: 0.1, url: /",
    "",
  ])("is no request: %s", (text) => expect(read(text)).toBeUndefined());
});
