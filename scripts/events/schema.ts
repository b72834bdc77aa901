import { z } from "zod";
import type { JsonLine } from "../../src/cli/reporter/json.ts";
import type { Facts } from "../../src/ports/facts.ts";

/**
 * What `-o json` writes, once, for documents, tests and types: docs/events.schema.json is made from it, tests hold every line of real runs
 * against it, and {@link complete} does not compile when a line can hold what is not in it. The program itself does not load it.
 */
const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const seconds = z.number().nonnegative();
const value = z.unknown();

const ref = z
  .strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    name: z.string(),
    namespace: z.string().optional(),
  })
  .meta({ id: "ref", description: "An object of the cluster." });

const fix = z
  .strictObject({
    action: z.enum(["patch", "create", "delete"]),
    object: ref,
    safe: z.string().describe("Why it is safe."),
    rest: z.string().optional().describe("Who does the rest after it. Absent: the check holds at once."),
    patch: z.record(z.string(), value).optional().describe("A JSON merge patch (RFC 7396)."),
    fields: z.record(z.string(), value).optional().describe("Of an object that is made: all but what names it."),
  })
  .meta({ id: "fix", description: "One change of those that `doctor --fix` makes." });

const remedy = z.strictObject({
  text: z.string().describe("What to do."),
  command: z.string().optional().describe("Ready to copy: a command, or lines for another place than a shell."),
  fixes: list(fix).optional().describe("The same as data, where `doctor --fix` can do it."),
});

const records = z.strictObject({
  name: z.string().describe("Absolute, without the trailing dot."),
  type: z.string(),
  ttl: z.number(),
  values: list(z.string()),
});

const facts = z
  .strictObject({
    url: z.string(),
    status: z.int(),
    location: z.string(),
    address: z.string(),
    source: z.string(),
    addresses: list(z.string()),
    names: list(z.string()),
    notAfter: z.string(),
    daysLeft: z.number(),
    seconds,
    version: z.string(),
    reason: z.string().describe("Why it does not work, without the name of what it is about."),
    podSecurity: z.string().describe("The level of Pod Security that refuses the pods."),
    image: z.string(),
    domain: z.string(),
    records: list(records),
    request: z
      .strictObject({
        verb: z.string(),
        resource: z.string().describe("`pods`, `deployments.apps`; what is no resource: its path."),
        namespace: z.string().optional(),
        name: z.string().optional(),
        status: z.int().optional().describe("Absent: there was no answer."),
      })
      .describe("What the API server refused or did not answer, so that it is not known."),
  })
  .partial()
  .meta({ id: "facts", description: "What was found out. A name means the same wherever it stands." });

const evidence = z
  .strictObject({
    object: ref.optional(),
    field: z.string().describe("Empty: the object itself."),
    observed: value.optional().describe("Absent: there was none."),
    expected: value.optional(),
  })
  .meta({ id: "evidence", description: "One field as it was seen." });

const seen = { facts: facts.optional(), evidence: list(evidence).optional() };

const checked = {
  id: z.string().describe("What --skip-checks takes; stable."),
  title: z.string().describe("A statement that is true when all is well."),
  status: z.enum(["ok", "skipped", "warn", "fail", "unknown"]),
  summary: z.string().describe("What was found, as a sentence; its words are not stable."),
  remedy: remedy.optional(),
  permanent: z.boolean().optional().describe("Waiting cannot mend it."),
  error: z
    .strictObject({
      id: z.string(),
      why: z.string().optional(),
      kind: z.enum(["input", "failed", "unseen", "person"]),
    })
    .optional()
    .describe("The error that it ends a command with, where that is not the check's own."),
  ...seen,
};

const difference = z
  .strictObject({
    path: z.string(),
    from: value.optional().describe("Absent: it is added."),
    to: value.optional().describe("Absent: it is removed."),
  })
  .meta({
    id: "difference",
    description:
      'One field. Text between ⟪ and ⟫ is known only during the run. Of a new object everything that it sets; list items go by their names: .spec.ports[name="http2"].port',
  });

const conflict = difference.extend({ owner: z.string() }).meta({ id: "conflict", description: "A field of others." });

const action = z.enum(["create", "update", "delete"]);
const change = {
  action,
  fields: list(difference).optional().describe("All that differs."),
  conflicts: list(conflict).optional().describe("What somebody else owns of it and would be taken."),
  afterVerify: z.literal(true).optional(),
};

const zone = z.strictObject({
  id: z.string(),
  name: z.string(),
  isPrivate: z.boolean(),
  nameServers: list(z.string()),
});
const recordSet = z.strictObject({
  name: z.string().describe("Relative to its zone; @ for the apex."),
  type: z.string(),
  ttl: z.number().optional(),
  values: list(z.string()),
  alias: z.strictObject({ zone: z.string(), target: z.string() }).optional(),
  routing: z.strictObject({ policy: z.string(), id: z.string() }).optional(),
});
const sets = list(z.strictObject({ from: recordSet.optional(), to: recordSet.optional() }));

const object = z.strictObject({
  kind: z.literal("object"),
  ...change,
  object: ref,
  manager: z.string().describe("The field manager under which it is written."),
  dropData: list(z.string()).optional(),
  foreign: z.literal(true).optional(),
  temporary: z.literal(true).optional().describe("It exists during the run only."),
  confirmed: z.boolean().describe("Whether the server was asked by a dry run."),
  earlier: z.string().optional(),
});
const recordsChange = z.strictObject({
  kind: z.literal("records"),
  ...change,
  zone,
  sets,
  byValue: z.literal(true).optional(),
  shadows: list(z.string()),
});
const certificate = z.strictObject({
  kind: z.literal("certificate"),
  ...change,
  names: list(z.string()),
  secret: ref,
  reason: z.string(),
  resumes: z.literal(true).optional(),
  issuer: z.string(),
  isOrdered: z.literal(true).optional(),
  remarks: list(z.string()).optional(),
});
const account = z.strictObject({ kind: z.literal("account"), ...change, directory: z.string(), secret: ref });
const challenge = z.strictObject({
  kind: z.literal("challenge"),
  ...change,
  zone,
  names: list(z.string()).describe("Relative to the zone; they exist during the run only."),
  copies: list(recordSet).describe("Of a wildcard above, as long as the names hide it."),
});
const KINDS: readonly string[] = [object, recordsChange, certificate, account, challenge].map(
  ({ shape }) => shape.kind.value,
);
const another = z
  .object({ ...change, kind: z.string().refine((kind) => !KINDS.includes(kind)) })
  .describe("Kinds that come later have these fields and their own.");

const anyChange = z
  .union([object, recordsChange, certificate, account, challenge, another])
  .meta({ id: "change", description: "One change." });

const step = { step: z.string().describe("Its id; stable."), title: z.string() };

const line = <T extends string, S extends z.ZodRawShape>(type: T, description: string, shape: S) =>
  z.strictObject({ type: z.literal(type), v: z.literal(1), ...shape }).meta({ id: type, description });

const lines = [
  line("target", "The cluster that is worked on.", {
    context: z.string(),
    server: z.string(),
    version: z.string().optional().describe("absent: the account may not ask for it"),
  }),
  line("note", "Worth knowing.", { level: z.enum(["info", "warning"]), text: z.string() }),
  line("download", "A file on its way.", { file: z.string(), bytes: z.number(), total: z.number().optional() }),
  line("check", "A check that was made before or without a run.", checked),
  line("plan", "What would change, or will.", {
    goal: z.enum(["present", "absent"]),
    choices: list(
      z.strictObject({
        option: z.string(),
        from: z.string().optional(),
        to: z.string(),
        because: z.string().optional(),
        means: z.string().optional(),
      }),
    ).describe("Options that count otherwise than at the last run."),
    changes: z.int().describe("How many there are in all steps."),
    steps: list(z.strictObject({ ...step, changes: list(anyChange), notes: list(z.string()) })),
  }),
  line("step-started", "A step begins.", { ...step, changes: z.int() }),
  line("change-done", "One change is carried out; what was not known before stands in it.", {
    step: z.string(),
    change: anyChange,
  }),
  line("waiting", "Something is waited for, or for another reason than before.", {
    step: z.string().describe("A step, or what lies outside of them: cluster, dns, lock, renew."),
    check: z.string(),
    reason: z.string(),
    remedy: remedy.optional(),
    ...seen,
  }),
  line("person", "Only a person can do this; what needs it goes on by itself.", {
    step: z.string(),
    check: z.string(),
    action: z.enum(["publish", "remove"]),
    zone: z.string(),
    records: list(records),
    lines: z.string().describe("The records as a zone file has them."),
  }),
  line("step-done", "A step is done.", {
    ...step,
    seconds,
    changes: z.int(),
    findings: list(z.strictObject(checked)),
    summary: z.string(),
  }),
  line("step-failed", "A step has failed.", { ...step, seconds, error: z.string() }),
  line("step-skipped", "A step was left out.", { ...step, reason: z.string() }),
  line("report", "How the run went: the end of it.", {
    outcome: z.enum(["done", "failed", "interrupted"]),
    seconds,
    steps: list(
      z.strictObject({
        id: z.string(),
        title: z.string(),
        status: z.enum(["done", "failed", "stopped", "not started"]),
        startedAt: seconds.describe("Since the run began."),
        seconds,
        planned: z.int().optional().describe("How many changes were agreed for it."),
        changes: z.int(),
        made: list(anyChange).describe("What it has changed, without the fields."),
        findings: list(z.strictObject(checked)).describe("What was proved, or what was found instead."),
        summary: z.string(),
        error: z.string().optional(),
        needs: list(z.string()).optional().describe("Ids of the steps that came before."),
      }),
    ),
    next: list(remedy).describe("What can be done now."),
  }),
  line("error", "Why the command ended. See docs/errors.md.", {
    id: z.string(),
    what: z.string(),
    why: z.string().optional(),
    remedy,
    exitCode: z.int(),
    behind: z
      .strictObject({ id: z.string().describe("Of the check."), summary: z.string(), remedy })
      .optional()
      .describe("What `doctor` finds behind it first, where the error does not say it."),
    ...seen,
  }),
  line("version", "What `version` shows.", {
    program: z.string(),
    node: z.string(),
    minors: list(z.string()).describe("minors of Knative that the program knows, oldest first"),
    cluster: z
      .strictObject({
        context: z.string(),
        server: z.string(),
        kubernetes: z.string(),
        installed: z.record(z.string(), z.string()).describe("by component: serving, net-kourier"),
        newest: z.string().optional().describe("the newest minor that this server can run"),
      })
      .optional(),
    unseen: z.string().optional().describe("why nothing is said of a cluster"),
  }),
  line("status", "What `status` shows. Each area of the installation adds what it has found.", {
    context: z.string(),
    server: z.string(),
    kubernetes: z.string(),
    knative: z.looseObject({ version: z.string(), byKnBootstrap: z.boolean() }).optional(),
    ingress: z.looseObject({ id: z.string(), className: z.string(), version: z.string().optional() }).optional(),
    url: z.string().optional(),
    address: z.looseObject({ host: z.string(), http: z.int(), https: z.int(), source: z.string() }).optional(),
    records: list(z.looseObject({ name: z.string(), type: z.string(), value: z.string() })),
    certificate: z
      .looseObject({
        names: list(z.string()),
        notAfter: z.string(),
        daysLeft: z.number(),
        issuer: z.string(),
        forTrials: z.literal(true).optional().describe("It comes from a CA that browsers do not trust."),
      })
      .optional(),
    renewal: z
      .looseObject({
        by: z.string(),
        due: z.string().optional(),
        schedule: z.string().optional(),
        suspended: z.literal(true).optional(),
        lastDone: z.string().optional(),
        secret: z.string().optional(),
      })
      .optional(),
    doctor: z
      .looseObject({ schedule: z.string(), at: z.string().optional(), summary: z.string().optional() })
      .optional(),
    logging: z
      .looseObject({
        kind: z.string(),
        requestLogs: z.boolean().optional(),
        workloads: list(z.looseObject({ name: z.string(), ready: z.int(), wanted: z.int() })),
        output: z.looseObject({ to: z.string(), url: z.string().optional() }).optional(),
        retentionDays: z.int().optional(),
        volumes: list(
          z.looseObject({
            claim: z.string(),
            size: z.string(),
            storageClass: z.string().optional(),
            bound: z.boolean(),
            used: z.int().optional().describe("Bytes, as the node measures it."),
          }),
        ),
        uis: list(z.looseObject({ title: z.string(), namespace: z.string(), service: z.string() })),
      })
      .optional(),
    chosen: list(z.string()).optional(),
    problems: list(z.string()),
    findings: list(z.strictObject(checked)).optional(),
    knativeServices: z.strictObject({ total: z.int(), notReady: z.int() }).optional(),
    services: list(
      z.strictObject({
        namespace: z.string(),
        name: z.string(),
        url: z.string(),
        ready: z.boolean(),
        reason: z.string(),
        remedy: remedy.optional(),
        pods: z.int(),
        requests: z
          .strictObject({
            count: z.int(),
            errors: z.int().describe("Answered with 5xx."),
            since: z
              .enum(["5m", "pods"])
              .describe(
                "`5m`: in the last five minutes, from a Prometheus. `pods`: since its running pods have started, from these.",
              ),
          })
          .optional()
          .describe("Absent: nothing is measured, or it cannot be read."),
      }),
    ).optional(),
  }).loose(),
  line("request", "A request to a Knative Service, of `logs requests`.", {
    time: z.string().describe("When it was answered: RFC 3339 in UTC, with nanoseconds."),
    namespace: z.string(),
    service: z.string(),
    revision: z.string(),
    pod: z.string(),
    method: z.string(),
    path: z.string().describe("With its query."),
    status: z.int(),
    seconds: seconds.describe("In the pod, without the time in which it waited for one."),
    protocol: z.string().optional(),
    userAgent: z.string().optional(),
    referer: z.string().optional(),
    remote: z.string().optional().describe("Who sent it to the pod, with the port."),
    requestBytes: z.int().optional().describe("Absent: not said beforehand."),
    responseBytes: z.int().optional(),
    traceId: z.string().optional().describe("Absent: it was not traced."),
  }),
  line("opened", "A UI for logs that can be opened on this machine, of `logs open`; until the command ends.", {
    ui: z.string(),
    namespace: z.string(),
    service: z.string(),
    url: z.string(),
    login: remedy.describe("How one logs in; the command shows the password."),
  }),
  line("doctor", "What `doctor` found, once for each cluster.", {
    context: z.string(),
    server: z.string().describe("Empty: it could not be looked at."),
    problem: z.string().optional().describe("Why this cluster, of several, could not be looked at."),
    at: z.string().describe("When it was looked at, ISO 8601; ages are judged by it."),
    seconds: seconds.optional().describe("Absent: it was looked at a recording."),
    verdict: z.enum(["ok", "warn", "fail", "unknown"]),
    causes: list(
      z.strictObject({
        id: z.string(),
        explains: list(z.string()).describe("Checks that do not hold, or could not be judged, because of it."),
        weight: z.int().describe("How many findings and objects that are."),
      }),
    ).describe("What is wrong by itself: the one that explains most first."),
    findings: list(
      z.strictObject({
        ...checked,
        because: z.string().optional().describe("The check that had to hold first, and does not."),
        docs: z.string(),
        threads: list(z.string()).optional().describe("Where it happened to others."),
      }),
    ).describe("Every check."),
    forecast: z
      .strictObject({
        left: list(z.string()).describe("Ids of what would still be wrong by itself."),
        later: list(z.string()).describe("Ids of what only a look at the changed cluster can judge."),
      })
      .optional()
      .describe("With --fix: what would be found once the plan that follows is carried out."),
  }),
] as const;

export const lineSchema = z.discriminatedUnion("type", lines);

type Output = z.output<typeof lineSchema>;
type Keys<T> = T extends unknown ? keyof T : never;
type Lacking<T extends JsonLine["type"]> = Exclude<
  Keys<Extract<JsonLine, { readonly type: T }>>,
  Keys<Extract<Output, { readonly type: T }>>
>;
/** What parts find for `status` is theirs to say, so its sections may hold more. */
type Known = Exclude<JsonLine, { readonly type: "status" }>;
/** Names of fields that the schema lacks. */
type Missing =
  | { readonly [T in Known["type"]]: Lacking<T> }[Known["type"]]
  | Exclude<keyof Facts, keyof z.output<typeof facts>>
  | (Known extends Output ? never : "a field of another type");

/** Does not compile when a line can hold what the schema does not have. */
export const complete: [Missing] extends [never] ? true : Missing = true;

/** For readers: fields are added over time, so what is not in it is no error. */
export const eventsSchema = (): string => {
  const schema = z.toJSONSchema(lineSchema, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      delete jsonSchema.readOnly;
    },
  });
  return `${JSON.stringify({ title: "Lines of kn-bootstrap -o json", ...schema }, null, 2)}\n`;
};
