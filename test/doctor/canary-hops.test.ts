import { describe, expect, it } from "vitest";
import { canaryContext } from "../../src/app/doctor/context.ts";
import { diagnose } from "../../src/app/doctor/diagnosis.ts";
import type { Ask } from "../../src/app/doctor/questions.ts";
import { CANARY_CHECKS } from "../../src/checks/canary/index.ts";
import { ApiError, type ThroughServer } from "../../src/ports/cluster.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { CHECKS } from "../../src/steps/index.ts";
import { askScene, configMap, object, type Scene } from "./scene.ts";

const SERVICE = { apiVersion: "serving.knative.dev/v1", kind: "Service", namespace: "p", name: "probe" };
const HOST = "probe.p.apps.example.com";
const READY = { conditions: [{ type: "Ready", status: "True" }] };

/** The canary behind a gateway of this class, whose Service the kingress names. */
const scene = (className: string, domainInternal: string, service: object, more: Partial<Scene> = {}): Scene => {
  const [name = "", namespace = ""] = domainInternal.split(".");
  return {
    objects: [
      configMap("config-network", { "ingress-class": className }),
      object("Service.serving.knative.dev/v1", "p/probe", { status: { ...READY, url: `http://${HOST}` } }),
      object("Ingress.networking.internal.knative.dev/v1alpha1", "p/probe", {
        status: { publicLoadBalancer: { ingress: domainInternal ? [{ domainInternal }] : [{ meshOnly: true }] } },
      }),
      ...(domainInternal ? [object("Service", `${namespace}/${name}`, service as Record<string, unknown>)] : []),
      object("Pod", `${namespace}/${name}-1`, { status: READY, spec: { containers: CONTAINERS } }, { labels: LABELS }),
    ],
    dns: (asked, type) => ({
      ...{ server: "192.0.2.53", rcode: "NOERROR", authoritative: false, authority: [], additional: [] },
      answers: asked === HOST && type === "A" ? [{ name: asked, type, ttl: 60, value: "203.0.113.7" }] : [],
    }),
    probe: () => ({ status: 200, headers: {}, body: "Hello kn-bootstrap!\n" }),
    ...more,
  };
};
const LABELS = { app: "envoy" };
const CONTAINERS = [{ name: "envoy", ports: [{ name: "http", containerPort: 8080 }] }];
const BALANCED = {
  spec: { type: "LoadBalancer", clusterIP: "10.0.0.1", selector: LABELS, ports: [{ port: 80, targetPort: "http" }] },
  status: { loadBalancer: { ingress: [{ ip: "203.0.113.7" }] } },
};

const walk = async (of: Scene, through: (request: ThroughServer) => unknown = () => GOOD) => {
  const asked: ThroughServer[] = [];
  const world = askScene(of);
  const answers: Readonly<Record<string, (of: never) => unknown>> = {
    settled: () => ({ isReady: true, ms: 2_000 }),
    can: () => true,
    through: (request: ThroughServer) => {
      asked.push(request);
      return through(request);
    },
    timed: async (request: never) => ({ ...(await world("probe", request)), ms: 30 }),
  };
  const ask = (async (what: string, question: { asked: never; of: never }) => {
    if (what === "canary") return { service: SERVICE, ownNamespace: false };
    return answers[question.asked]?.(question.of) ?? world(question.asked, question.of);
  }) as unknown as Ask;
  const ctx = await canaryContext(ask, {
    identity: { context: "scene", server: "https://scene" },
    resolver: "192.0.2.53",
    now: new Date("2026-11-30T12:00:00Z"),
    signal: new AbortController().signal,
  });
  if (!ctx) throw new Error("there is a canary");
  const { all } = await diagnose(CANARY_CHECKS, ctx);
  return {
    asked,
    statuses: all.map(({ finding }) => finding.status),
    summaries: all.map(({ finding }) => finding.summary),
  };
};
const GOOD = { status: 200, server: "envoy", body: "Hello kn-bootstrap!\n", ms: 5 };
const ALL_WELL = ["ok", "ok", "ok", "ok", "ok"];

describe("the hops of the canary", () => {
  it.each([
    ["contour.ingress.networking.knative.dev", "envoy.contour-external.svc.cluster.local"],
    ["gateway-api.ingress.networking.knative.dev", "istio-ingressgateway.istio-system.svc.example.local"],
    ["kourier.ingress.networking.knative.dev", "kourier.knative-serving-ingress.svc"],
    ["custom.example.com", "edge.gateways.svc.cluster.local"],
  ])("are found by what the ingress publishes: %s", async (className, domainInternal) => {
    const { statuses, asked } = await walk(scene(className, domainInternal, BALANCED));
    expect(statuses).toEqual(ALL_WELL);
    const [name, namespace] = domainInternal.split(".");
    expect(asked).toEqual([
      { kind: "Pod", namespace, name: `${name}-1`, port: 8080, host: HOST },
      { kind: "Service", namespace, name, port: 80, host: HOST },
    ]);
  });

  const CONTOUR = ["contour.ingress.networking.knative.dev", "envoy.contour-external.svc.cluster.local"] as const;
  it("are unknown where the ingress names no gateway, and asked by the name all the same", async () => {
    const { statuses } = await walk(scene(CONTOUR[0], "", {}));
    expect(statuses).toEqual(["ok", "unknown", "skipped", "skipped", "ok"]);
  });

  it("are skipped where the gateway has no address of its own", async () => {
    const inside = { ...BALANCED, spec: { ...BALANCED.spec, type: "ClusterIP" }, status: {} };
    expect((await walk(scene(...CONTOUR, inside))).statuses).toEqual(["ok", "ok", "ok", "skipped", "ok"]);
  });

  it.each([
    [
      "probe.p.127.0.0.1.sslip.io",
      "warn",
      /the resolver 192\.0\.2\.53 has no address for probe\.p\..*with 127\.0\.0\.1$/,
    ],
    ["probe.p.apps.example.net", "fail", /has no address in the DNS/],
  ])(
    "warn of magic DNS that the resolver keeps back, and are red without a record: %s",
    async (host, status, words) => {
      const { objects = [], ...rest } = scene(...CONTOUR, BALANCED);
      const renamed = objects.map((one) =>
        one.kind === "Service" && one.metadata.name === "probe"
          ? { ...one, status: { ...READY, url: `http://${host}` } }
          : one,
      );
      const { statuses, summaries } = await walk({ ...rest, objects: renamed });
      expect(statuses).toEqual(["ok", "ok", "ok", "ok", status]);
      expect(summaries.at(-1)).toMatch(words);
    },
  );

  const failing = (code: string) => () => {
    throw Object.assign(new Error(`connect ${code}`), { code });
  };
  it.each([
    ["10.0.0.9", "ETIMEDOUT", "unknown"],
    ["203.0.113.7", "ETIMEDOUT", "fail"],
    ["10.0.0.9", "ECONNREFUSED", "fail"],
    ["fd00::9", "ENETUNREACH", "unknown"],
    ["2001:db8::9", "ENETUNREACH", "unknown"],
  ])("at %s, %s: %s", async (ip, code, status) => {
    const balanced = { ...BALANCED, status: { loadBalancer: { ingress: [{ ip }] } } };
    const { statuses } = await walk(scene(...CONTOUR, balanced, { probe: failing(code) }));
    expect(statuses[3]).toBe(status);
  });

  it("name the pods that are not right among those that are", async () => {
    const two = scene(...CONTOUR, BALANCED);
    const second = object(
      "Pod",
      "contour-external/envoy-2",
      { status: READY, spec: { containers: CONTAINERS } },
      { labels: LABELS },
    );
    const { statuses, summaries } = await walk({ ...two, objects: [...two.objects, second] }, ({ name }) =>
      name === "envoy-2" ? { ...GOOD, status: 404, body: "" } : GOOD,
    );
    expect(statuses[1]).toBe("fail");
    expect(summaries[1]).toBe(
      `pod contour-external/envoy-2 answers 404 for ${HOST}; 1 of 2 pods of the gateway do not`,
    );
  });

  it("say that nobody was let through", async () => {
    const message = 'pods "envoy-1" is forbidden: User "x" cannot get resource "pods/proxy"';
    const { statuses, summaries } = await walk(scene(...CONTOUR, BALANCED), () => {
      throw new ApiError({ status: 403, reason: "Forbidden", message, request: "GET" });
    });
    expect(statuses).toEqual(["ok", "unknown", "unknown", "ok", "ok"]);
    expect(summaries[1]).toContain("pods/proxy");
  });

  it("end in no crash when objects are what they cannot be", async () => {
    const well = scene(...CONTOUR, BALANCED);
    for (const odd of [null, "text", 7, [], [null], {}, { ports: "x", selector: [] }])
      for (const field of ["spec", "status"]) {
        const change = (one: KubeObject): KubeObject => ({ ...one, [field]: odd });
        const { summaries } = await walk({ ...well, objects: well.objects.map(change) });
        expect(summaries).toEqual(summaries.map(() => expect.any(String)));
      }
  });

  it("need what is known, and have ids of their own", () => {
    const ids = [...CHECKS, ...CANARY_CHECKS].map(({ id }) => id as string);
    expect(new Set(ids).size).toBe(ids.length);
    const named = CANARY_CHECKS.flatMap(
      ({ needs = [], symptomOf = [] }: { needs?: readonly string[]; symptomOf?: readonly string[] }) => [
        ...needs,
        ...symptomOf,
      ],
    );
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });
});
