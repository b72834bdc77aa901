import { type Check, type Finding, fail, type Memory, noted, ok, type ReadContext } from "../../core/check.ts";
import { parsed } from "../../kube/choices.ts";
import { ApiError } from "../../ports/cluster.ts";
import { at, isRecord, numberAt, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { podsProblem } from "../pods.ts";
import type { Proof } from "../proven.ts";
import { type Listening, serviceIn } from "../service-in-url.ts";
import { authorityOf, through } from "../through-gateway.ts";
import { logOf, orNothing, podsCalled, said } from "./asked.ts";
import { FILEBEAT, FLUENT_BIT, LOGGING, PROOF_JOB } from "./names.ts";

/** What a log says of a request. */
interface Logged {
  readonly status?: number;
  readonly latency?: string;
}

/** Looks where logs go for the request of this id. A finding says why it is not there yet. `before`: how many there were when it was sent. */
type Look = (ctx: ReadContext, id: string, before: number) => Promise<Logged | Finding>;

/** Where logs go, as the options say. */
export interface Destination {
  readonly output: string;
  readonly url?: string;
}

const METRICS = 2020;
/** Since then: how many records had been sent when the request was. */
const ASKED = "asked";

/** The path that a request of this id has: it stands in the log whatever else is logged. */
export const pathOf = (id: string): string => `/?kn-bootstrap=${id}`;

/** A request is sent through the gateway, and its log is found where logs go. */
export const logArrives = (proof: Proof, id: string, look: Look): Check => ({
  id: "logging.arrived",
  title: "The log of a request arrives",
  pollMs: 1_000,
  run: async (ctx, memory) => {
    const asked = await askOnce(ctx, proof, id, memory);
    if (asked) return asked;
    const found = await look(ctx, id, noted(memory, ASKED) ?? 0);
    if ("summary" in found) return found;
    const { status, latency } = found;
    const more = [...(status === undefined ? [] : [`status ${status}`]), ...(latency ? [`latency ${latency}`] : [])];
    return ok(`the log of a request has arrived${more.length > 0 ? `: ${more.join(", ")}` : ""}`);
  },
});

/** Undefined: it has been answered, now or earlier in this wait. */
const askOnce = async (ctx: ReadContext, proof: Proof, id: string, memory: Memory): Promise<Finding | undefined> => {
  if (memory.has(ASKED)) return undefined;
  const { sent } = await countsOf(ctx);
  const answered = await through(ctx, proof, async ({ address, url, ca }) => {
    const { status } = await ctx.probe({
      scheme: proof.secret ? "https" : "http",
      address: address.host,
      port: proof.secret ? address.https : address.http,
      host: authorityOf(url),
      path: pathOf(id),
      timeoutMs: 10_000,
      signal: ctx.signal,
      ...(ca ? { ca } : {}),
    });
    return status === 200 ? ok("asked") : fail(`the request is answered ${status}`, PODS);
  });
  if (answered.status !== "ok") return answered;
  memory.set(ASKED, sent);
  return undefined;
};

const PODS = {
  text: "Look at what collects logs.",
  command: sh`kubectl get pods ${inNamespace(LOGGING)} -o wide`,
};

/** Of Fluent Bit, by where it sends. */
export const atFluentBit = ({ output, url }: Destination): Look => {
  if (output === "stdout") return inItsOwnLog;
  const service = url === undefined ? undefined : serviceIn(url);
  return service && QUERIES[output] ? (ctx, id, before) => inStore(ctx, id, before, service, output) : byItsCounts;
};

const inItsOwnLog: Look = async (ctx, id) => {
  for (const pod of await podsCalled(ctx, FLUENT_BIT.name)) {
    const line = (await said(ctx, pod)).split("\n").findLast((one) => one.includes(pathOf(id)));
    if (line) return loggedIn(parsed(line));
  }
  return fail("the log of the request is not in the log of Fluent Bit yet", PODS);
};

/** The first httpRequest at any depth. */
const loggedIn = (record: unknown): Logged => {
  const request = requestIn(record);
  const status = numberAt(request, "status");
  const latency = textAt(request, "latency");
  return { ...(status === undefined ? {} : { status }), ...(latency ? { latency } : {}) };
};

const requestIn = (value: unknown): unknown => {
  if (typeof value === "string" && value.startsWith("{")) return requestIn(parsed(value));
  if (Array.isArray(value)) return value.map(requestIn).find((found) => found !== undefined);
  if (!isRecord(value)) return undefined;
  return (
    value.httpRequest ??
    Object.values(value)
      .map(requestIn)
      .find((found) => found !== undefined)
  );
};

const search = (path: string, id: string): string =>
  `${path}/knative-*/_search?size=1&q=${encodeURIComponent(`"${id}"`)}`;

/** GETs, of which the answer holds the record. */
const QUERIES: Readonly<Record<string, (path: string, id: string) => string>> = {
  elasticsearch: search,
  opensearch: search,
  loki: (path, id) =>
    `${path}/loki/api/v1/query_range?limit=1&query=${encodeURIComponent(`{job="knative"} |= \`${id}\``)}`,
};

const inStore = async (
  ctx: ReadContext,
  id: string,
  before: number,
  { service, port, path }: Listening,
  output: string,
): Promise<Logged | Finding> => {
  const query = QUERIES[output] ?? search;
  try {
    const body = await ctx.cluster.askPod(service, port, query(path, id));
    const records = parsed(body);
    if (JSON.stringify(hitsIn(records)).includes(id)) return loggedIn(hitsIn(records));
  } catch (error) {
    // It wants a password, or answers nobody but Fluent Bit.
    if (error instanceof ApiError && [401, 403, 405].includes(error.status)) return byItsCounts(ctx, id, before);
    if (!(error instanceof ApiError)) throw error;
  }
  return fail(`the log of the request is not in ${output} yet`, PODS);
};

/** Without what an answer repeats of the question. */
const hitsIn = (answer: unknown): unknown => at(answer, "hits", "hits") ?? at(answer, "data", "result") ?? [];

/** Where the output cannot be asked: Fluent Bit counts what was taken from it. */
const byItsCounts: Look = async (ctx, _id, before) => {
  const { sent, failed } = await countsOf(ctx);
  // A pod that is new counts from none.
  if (sent > 0 && sent !== before) return {};
  return fail(`Fluent Bit has sent no more logs yet${failed > 0 ? ": its output does not take them" : ""}`, {
    text: "See what it says of its output.",
    command: sh`kubectl logs ${inNamespace(LOGGING)} -l app.kubernetes.io/name=${FLUENT_BIT.name}`,
  });
};

/** Of all its pods: what their outputs took, and what they did not. */
const countsOf = async (ctx: ReadContext): Promise<{ readonly sent: number; readonly failed: number }> => {
  const sum = { sent: 0, failed: 0 };
  for (const { metadata } of await podsCalled(ctx, FLUENT_BIT.name)) {
    const ref = { apiVersion: "v1", kind: "Pod", namespace: LOGGING, name: metadata.name };
    const outputs = at(parsed(await orNothing(ctx.cluster.askPod(ref, METRICS, "/api/v1/metrics"))), "output");
    for (const counts of isRecord(outputs) ? Object.values(outputs) : []) {
      sum.sent += numberAt(counts, "proc_records") ?? 0;
      sum.failed += (numberAt(counts, "retries") ?? 0) + (numberAt(counts, "errors") ?? 0);
    }
  }
  return sum;
};

/** A Job asks Elasticsearch from inside, and its log has the answer. */
export const inElasticsearch: Look = async (ctx, id) => {
  const labels = { "app.kubernetes.io/name": PROOF_JOB.name };
  const { pod, log } = await logOf(ctx, PROOF_JOB.name);
  if (!pod) return fail("the pod that asks Elasticsearch has not been made yet", PODS);
  const line = log.split("\n").findLast((one) => one.includes(pathOf(id)));
  if (line) return loggedIn(parsed(line));
  const subject = `Job ${LOGGING}/${PROOF_JOB.name}`;
  const problem = await podsProblem(ctx, subject, LOGGING, labels, new Map());
  if (problem) return problem;
  const trouble = log.trim().split("\n").at(-1) || (await troubleOfFilebeat(ctx));
  return fail(`the log of the request is not in Elasticsearch yet${trouble ? `: ${trouble.slice(0, 300)}` : ""}`, PODS);
};

/** The last error that Filebeat tells, or that it holds files back because they are too small. */
const troubleOfFilebeat = async (ctx: ReadContext): Promise<string> => {
  for (const pod of await podsCalled(ctx, FILEBEAT.name)) {
    const text = await said(ctx, pod);
    const line = text.split("\n").findLast((one) => /"log\.level":"error"|files need to be at least/.test(one));
    if (line) return textAt(parsed(line), "message");
  }
  return "";
};
