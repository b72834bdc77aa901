import { describe, expect, it } from "vitest";
import { httpRedirects, serviceAnswers } from "../../src/checks/proof.ts";
import type { Proof } from "../../src/checks/proven.ts";
import { type Config, FLAT } from "../../src/config/config.ts";
import { createNaming } from "../../src/config/naming.ts";
import type { ReadContext } from "../../src/core/check.ts";
import { ingressProvider } from "../../src/ingress/index.ts";
import type { ClusterRead } from "../../src/ports/cluster.ts";
import type { ProbeRequest } from "../../src/ports/http.ts";

const HOST = "hello-kn-bootstrap.apps.example.com";

/** A gateway of one node; `at` answers by port, or refuses like a socket. */
const scene = (at: (port: number) => { status: number; location?: string } | undefined) => {
  const asked: ProbeRequest[] = [];
  const proof: Proof = {
    config: {
      expose: "nodeport",
      address: "203.0.113.7",
      tls: "self-signed",
    } as Config,
    ingress: ingressProvider("kourier"),
    service: { apiVersion: "serving.knative.dev/v1", kind: "Service", namespace: "kn-bootstrap", name: "hello" },
    greeting: "hello",
    naming: async () => createNaming({ template: FLAT, domain: "apps.example.com", namespaces: [], isHttps: true }),
    secret: async () => undefined,
    reached: {},
  };
  const ctx = {
    cluster: { get: async () => undefined, list: async () => [] } as Partial<ClusterRead> as ClusterRead,
    now: () => new Date(0),
    signal: new AbortController().signal,
    probe: async (request: ProbeRequest) => {
      asked.push(request);
      const answer = at(request.port);
      if (!answer) throw new Error("connect ECONNREFUSED");
      const headers = answer.location ? { location: answer.location } : {};
      return { status: answer.status, headers, body: "hello" };
    },
  } satisfies ReadContext;
  return { proof, ctx, asked };
};

describe("node ports, asked as a browser would", () => {
  it("are asked with the port in the Host header, 443 without it; the shorter one that answers is it", async () => {
    const { proof, ctx, asked } = scene(() => ({ status: 200 }));
    expect(await serviceAnswers(proof).run(ctx, new Map())).toMatchObject({
      status: "ok",
      summary: `https://${HOST} answers 200`,
    });
    expect(asked.map(({ address, port, host }) => [address, port, host])).toEqual([
      ["203.0.113.7", 31443, `${HOST}:31443`],
      ["203.0.113.7", 443, HOST],
    ]);
    expect(proof.reached.ports).toEqual({ http: 80, https: 443 });
  });

  it("are what is left when somebody else answers at 443", async () => {
    const { proof, ctx } = scene((port) => ({ status: port === 443 ? 404 : 200 }));
    expect(await serviceAnswers(proof).run(ctx, new Map())).toMatchObject({
      status: "ok",
      summary: `https://${HOST}:31443 answers 200`,
    });
    expect(proof.reached.ports).toEqual({ http: 31080, https: 31443 });
  });

  it("say of both why nothing answers", async () => {
    const { proof, ctx } = scene((port) => (port === 443 ? { status: 503 } : undefined));
    expect(await serviceAnswers(proof).run(ctx, new Map())).toMatchObject({
      status: "fail",
      summary: `${HOST} through 203.0.113.7:31443: connect ECONNREFUSED; ${HOST} answers 503`,
    });
    expect(proof.reached.ports).toBeUndefined();
  });

  it.each([
    [`https://${HOST}:31080/`, "warn", /:31080, which does not open: only https:\/\/\S+:31443 does$/],
    [`https://${HOST}:31443/`, "ok", /redirects to https/],
    ["https://elsewhere.example.com/", "fail", /instead of a redirect to https$/],
  ])("redirect http to %s: %s", async (location, status, summary) => {
    const { proof, ctx, asked } = scene((port) => (port === 31080 ? { status: 301, location } : undefined));
    proof.reached.ports = { http: 31080, https: 31443 };
    expect(await httpRedirects(proof).run(ctx, new Map())).toMatchObject({
      status,
      summary: expect.stringMatching(summary),
    });
    expect(asked.map(({ port, host }) => [port, host])).toEqual([[31080, `${HOST}:31080`]]);
  });
});
