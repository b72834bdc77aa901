import { problemIn } from "../../src/adapters/authority/axios.ts";
import { AUTHORIZATION_SHAPE, DIRECTORY_SHAPE, ORDER_SHAPE } from "../../src/adapters/authority/broken.ts";
import { authorizationOf, infoOf, isDirectory, orderOf, windowOf } from "../../src/adapters/authority/shapes.ts";
import { apiError } from "../../src/adapters/cluster/status.ts";
import { denialOf } from "../../src/kube/denial.ts";
import { webhookFailure } from "../../src/kube/webhook-failure.ts";
import { disturbed, mutatedText } from "./mutate.ts";
import { mostly, must, type Target } from "./target.ts";

const CA = "https://ca.example";
const PROBLEM = {
  type: "urn:ietf:params:acme:error:rateLimited",
  detail: "too many certificates, retry after 2030-01-01 00:00:00 UTC",
  status: 429,
  subproblems: [
    { type: "urn:ietf:params:acme:error:caa", detail: "no", identifier: { type: "dns", value: "a.example" } },
  ],
};
const ORDER = {
  status: "pending",
  expires: "2030-01-01T00:00:00Z",
  identifiers: [{ type: "dns", value: "a.example" }],
  authorizations: [`${CA}/a/1`],
  finalize: `${CA}/f/1`,
  error: PROBLEM,
};
const AUTHORIZATION = {
  status: "pending",
  identifier: { type: "dns", value: "a.example" },
  wildcard: true,
  challenges: [{ type: "dns-01", url: `${CA}/c/1`, status: "pending", token: "abc_-", error: PROBLEM }],
};
const DIRECTORY = {
  newNonce: `${CA}/n`,
  newAccount: `${CA}/n`,
  newOrder: `${CA}/n`,
  keyChange: `${CA}/n`,
  renewalInfo: `${CA}/r`,
  meta: {
    termsOfService: `${CA}/t`,
    caaIdentities: ["ca.example"],
    externalAccountRequired: true,
    profiles: { classic: "as ever" },
  },
};
const WINDOW = {
  suggestedWindow: { start: "2030-01-01T00:00:00Z", end: "2030-01-02T00:00:00Z" },
  explanationURL: `${CA}/x`,
};
const STATUS = {
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  message: 'admission webhook "webhook.serving.knative.dev" denied the request: validation failed',
  reason: "Invalid",
  details: {
    name: "a",
    group: "apps",
    kind: "deployments",
    causes: [{ reason: "FieldManagerConflict", message: 'conflict with "kubectl"', field: ".spec" }],
  },
  code: 422,
};
const CALL =
  'failed calling webhook "a.dev": failed to call webhook: Post "https://a.b.svc:443/x?timeout=10s": no endpoints available for service "a"';

export const problems: Target = {
  name: "problems",
  holds:
    "what a CA or an API server says of its troubles is a problem of bounded length, whatever it is; nothing of a broken document is used",
  check: (chance, note) => {
    const status = chance.pick([400, 403, 404, 429, 500]);
    const body = (whole: unknown): string => {
      const text = JSON.stringify(disturbed(chance, whole)) ?? "";
      return chance.below(6) === 0 ? mutatedText(chance, text) : text;
    };
    const parsed = (text: string): unknown => JSON.parse(text);

    const problem = body(PROBLEM);
    note(problem);
    const { type, detail, subproblems = [] } = problemIn({ status, headers: {}, body: problem });
    for (const text of [type, detail, ...subproblems.flatMap((one) => [one.type, one.detail])])
      mostly(text, 4000, "a problem");

    const order = body(ORDER);
    note(order);
    if (ORDER_SHAPE(order) === undefined) {
      const { names } = orderOf({ url: `${CA}/o/1`, ...(parsed(order) as typeof ORDER) } as unknown as Parameters<
        typeof orderOf
      >[0]);
      must(
        names.every((name) => typeof name === "string" && name.length < 254),
        "an order with a name that is none",
      );
    }
    const authorization = body(AUTHORIZATION);
    note(authorization);
    if (AUTHORIZATION_SHAPE(authorization) === undefined) {
      const read = { url: `${CA}/a/1`, ...(parsed(authorization) as typeof AUTHORIZATION) };
      authorizationOf(
        read as unknown as Parameters<typeof authorizationOf>[0],
        read.challenges.find((one) => one.type === "dns-01"),
        "txt",
      );
    }
    const directory = body(DIRECTORY);
    note(directory);
    if (isDirectory(directory) && DIRECTORY_SHAPE(directory) === undefined) {
      const info = infoOf(parsed(directory));
      must(
        info.caaIdentities.every((name) => /^[\w.*-]+$/.test(name)),
        "an identity that is no name",
      );
    }
    const window = body(WINDOW);
    note(window);
    const found = windowOf(window);
    must(found === undefined || found.start < found.end, "a window that ends before it begins");

    const answer = body(STATUS);
    note(answer);
    const error = apiError("GET /api", status, answer);
    mostly(error.message, 17_000, "an error's message");
    for (const { owner, field, message } of error.conflicts) mostly(owner + field + message, 50_000, "a conflict");
    const refusal = mutatedText(chance, chance.pick([CALL, STATUS.message, error.message]), [
      '"',
      ": ",
      "failed quota: ",
      "must specify ",
    ]);
    note(refusal);
    denialOf(refusal, "n");
    webhookFailure(refusal);
  },
};
