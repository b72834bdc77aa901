import { contextOf } from "../../src/app/doctor/context.ts";
import { type Diagnosis, diagnose } from "../../src/app/doctor/diagnosis.ts";
import { type Mending, planFixes } from "../../src/app/doctor/fixing/index.ts";
import type { Ask, Questions } from "../../src/app/doctor/questions.ts";
import { recorded } from "../../src/app/doctor/recording.ts";
import type { HealthCheck, HealthContext } from "../../src/checks/health-check.ts";
import { AuthorityUnreachable } from "../../src/ports/authority.ts";
import { ApiError, type LogQuery } from "../../src/ports/cluster.ts";
import type { Answer } from "../../src/ports/dns.ts";
import { NoAnswer } from "../../src/ports/dns.ts";
import type { ProbeRequest, ProbeResponse } from "../../src/ports/http.ts";
import { groupOf, type KubeObject, keyOf } from "../../src/ports/object.ts";
import { CHECKS } from "../../src/steps/index.ts";
import { dnsOf, type SceneZone } from "./dns.ts";

/** A cluster that is nothing but objects, and what is around it. */
export interface Scene {
  readonly objects: readonly KubeObject[];
  readonly version?: string;
  readonly now?: string;
  /** How far the API server's clock is ahead, in milliseconds. Absent: it does not say. */
  readonly skewMs?: number;
  /** When it was read; now when absent. */
  readonly readAt?: string;
  /** What name servers answer, where {@link Scene.dns} does not say it. */
  readonly internet?: { readonly zones: readonly SceneZone[]; readonly hosts?: Readonly<Record<string, string>> };
  readonly dns?: (name: string, type: string, server?: string, unchecked?: boolean) => Answer | undefined;
  readonly logs?: (of: LogQuery) => string | undefined;
  /** What a CA says of itself, and of a certificate. Absent: it does not answer. */
  readonly authority?: Pick<Questions["directory"], "answer"> & {
    readonly window?: Questions["renewalInfo"]["answer"];
  };
  readonly probe?: (request: Omit<ProbeRequest, "signal">) => ProbeResponse;
}

const isOf = (kind: { readonly apiVersion: string; readonly kind: string }) => (object: KubeObject) =>
  object.kind === kind.kind && groupOf(object.apiVersion) === groupOf(kind.apiVersion);

export const askScene = ({ objects, version = "1.36.2", internet, logs, authority, probe, ...scene }: Scene): Ask => {
  const dns = scene.dns ?? (internet && dnsOf(internet.zones, internet.hosts));
  return (async (asked: string, of: never) => {
    const question = of as Record<string, string>;
    switch (asked) {
      case "version":
        return version;
      case "skew":
        return scene.skewMs ?? null;
      case "list":
        return objects.filter(
          (object) =>
            isOf(question as never)(object) &&
            (question.namespace === undefined || object.metadata.namespace === question.namespace),
        );
      case "get":
        return objects.find((object) => keyOf(object) === keyOf(question as never)) ?? null;
      case "resource":
        return { ...question, plural: "", namespaced: true, verbs: ["list"] };
      case "unchecked":
      case "dns": {
        const unchecked = asked === "unchecked";
        const answer = dns?.(question.name ?? "", question.type ?? "", question.server, unchecked);
        if (!answer) throw new NoAnswer(question.server ?? "192.0.2.53", "nobody answers");
        return answer;
      }
      case "logs": {
        const written = logs?.(of);
        if (written === undefined)
          throw new ApiError({
            status: 404,
            reason: "NotFound",
            message: `pods "${question.pod}" not found`,
            request: "GET log",
          });
        return written;
      }
      case "credentials":
        return false;
      case "directory":
      case "renewalInfo": {
        const host = new URL(question.directory ?? "").host;
        if (!authority) throw new AuthorityUnreachable(host, `${host} does not answer`);
        return asked === "directory" ? authority.answer : (authority.window ?? null);
      }
      case "probe":
        if (!probe) throw new Error("connect ECONNREFUSED");
        return probe(of);
      default:
        throw new Error(`a scene knows nothing of ${asked}`);
    }
  }) as Ask;
};

const ALL: readonly HealthCheck[] = CHECKS.filter((check) => !check.isForecast);

const reading = (scene: Scene) => (ask: Ask) =>
  contextOf(ask, {
    identity: { context: "scene", server: "https://scene" },
    resolver: "192.0.2.53",
    now: new Date(scene.now ?? "2026-11-30T12:00:00Z"),
    ...(scene.readAt ? { readAt: new Date(scene.readAt) } : {}),
    signal: new AbortController().signal,
  });

/** What is read of it by. */
export const contextIn = (scene: Scene): HealthContext => reading(scene)(recorded(askScene(scene)).ask);

export const diagnosisOf = (scene: Scene, checks = ALL): Promise<Diagnosis> => diagnose(checks, contextIn(scene));

/** What `doctor --fix` would do in a scene, and what would be found then. */
export const mendingOf = async (scene: Scene, checks = ALL): Promise<Mending> => {
  const [{ ask }, contextFor] = [recorded(askScene(scene)), reading(scene)];
  return planFixes({ diagnosis: await diagnose(checks, contextFor(ask)), checks, ask, contextFor }, () => new Date(0));
};

/** What one check finds, whatever it needs. */
export const findingOf = async (scene: Scene, check: HealthCheck) => {
  const { needs: _needs, ...alone } = check;
  const { all } = await diagnosisOf(scene, [alone]);
  const [one] = all;
  if (!one) throw new Error("nothing was found");
  return one.finding;
};

type Fields = Readonly<Record<string, unknown>>;

/** `object("Deployment.apps/v1", "knative-serving/controller", {…})` */
export const object = (type: string, name: string, fields: Fields = {}, metadata: Fields = {}): KubeObject => {
  const [kind = "", ...rest] = type.split(".");
  const [first = "", second] = name.split("/");
  return {
    apiVersion: rest.join(".") || "v1",
    kind,
    metadata: { ...(second === undefined ? { name: first } : { namespace: first, name: second }), ...metadata },
    ...fields,
  };
};

export const configMap = (
  name: string,
  data: Readonly<Record<string, string>>,
  annotations?: Record<string, string>,
): KubeObject => object("ConfigMap", `knative-serving/${name}`, { data }, annotations ? { annotations } : {});

/** A Knative that is just there, for checks that look whether it is. */
export const KNATIVE: readonly KubeObject[] = [
  object("Namespace", "knative-serving", {}, { labels: { "app.kubernetes.io/version": "1.23.0" } }),
  ...["controller", "activator", "autoscaler", "webhook", "net-kourier-controller"].map((name) =>
    object("Deployment.apps/v1", `knative-serving/${name}`, {
      spec: { replicas: 1 },
      status: { availableReplicas: 1, observedGeneration: 1, replicas: 1, updatedReplicas: 1 },
    }),
  ),
];
