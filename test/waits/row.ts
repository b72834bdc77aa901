import type { Sees } from "./scene.ts";

/** A fault, and what is said about it. `<server>` stands for the API server's URL. */
export interface Row {
  /** As `--fault` takes it; absent where the world itself is like that. */
  readonly fault?: string;
  readonly title?: string;
  readonly version?: string;
  /** Besides `install --yes`. */
  readonly args?: readonly string[];
  /** The fault comes to an installed cluster, and uninstall meets it. */
  readonly uninstall?: true;
  /** From when on it can be seen. */
  readonly visible: Sees;
  /** The step's line while it waits. */
  readonly waiting?: string;
  /** A warning before anything is planned. */
  readonly note?: string;
  /** How the run ends. Absent: well. */
  readonly error?: Failure;
  /** When it can be seen that waiting cannot mend it; it then stops at once. */
  readonly certain?: Sees;
  /** The step that is done as soon as all is well, where the fault is to make no difference. */
  readonly done?: string;
  /** What the run after the fault needs besides; false: there is none. */
  readonly again?: readonly string[] | false;
}

interface Failure {
  /** Several where several steps wait for the same and any may be the first whose time runs out. */
  readonly what: string | readonly string[];
  readonly why?: string;
  readonly remedy: RegExp;
  readonly code?: number;
}

export const AVAILABLE = '"Deployments are available" did not come true in time.';
export const KEPT = "What is done is kept; --timeout gives it longer.";
export const NEVER = "Waiting cannot mend this.";
export const USUAL_CAUSES = /firewall.*8443.*pod network.*proxy/;
export const REACH = /whether the cluster is well/;

/** It waits with these words, and ends with them when time runs out; or with `others`, which another step waits with. */
export const late = (
  text: string,
  why: string,
  remedy: RegExp,
  others: readonly string[] = [],
): Pick<Row, "waiting" | "error"> => ({
  waiting: text,
  error: { what: [text, ...others], why, remedy },
});

/** Three steps write through Knative's webhook at once: `why` is what it answers to all of them. */
export const uncalled = (why: string, remedy: RegExp): Pick<Row, "waiting" | "error"> => {
  const called = (webhook: string): string =>
    `the webhook ${webhook} (Service knative-serving/webhook) cannot be called: ${why}`;
  const waiting = called("webhook.serving.knative.dev");
  const config = called("config.webhook.serving.knative.dev");
  const what = [
    `Certificate knative-serving/routing-serving-certs could not be written in time: ${waiting}`,
    `ConfigMap knative-serving/config-domain could not be written in time: ${config}`,
    `ConfigMap knative-serving/config-network could not be written in time: ${config}`,
  ];
  return { waiting, error: { what, why: KEPT, remedy } };
};
export const unwritten = (subject: string, why: string, remedy: RegExp): Pick<Row, "waiting" | "error"> => ({
  waiting: why,
  error: { what: `${subject} could not be written in time: ${why}`, why: KEPT, remedy },
});
export const ACTIVATOR = "Deployment knative-serving/activator";
export const SERVING = ["activator", "autoscaler", "controller", "webhook"];
/** What all Deployments run into at once may be told of any. */
export const anyDeployment = (text: string): readonly string[] => [
  ...[...SERVING, "net-kourier-controller"].map((name) => `Deployment knative-serving/${name}${text}`),
  `Deployment kourier-system/3scale-kourier-gateway${text}`,
];
export const HELD = "Pod knative-serving/left-behind is left, held by finalizer example.com/held";
