import type { KubeObject, ObjectRef } from "./object.ts";

/** What discovery says about a kind. */
export interface ApiResource {
  readonly apiVersion: string;
  readonly kind: string;
  /** `deployments` */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export interface ListQuery {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Nothing but their metadata is needed, and nothing else is sent. What was read before, or is watched, may have more. */
  readonly metadataOnly?: true;
}

export interface LogQuery {
  readonly namespace: string;
  readonly pod: string;
  /** Absent: its only one, or the one that the pod names for this (`kubectl.kubernetes.io/default-container`). */
  readonly container?: string;
  /** Of the container that ran before this one. Default false. */
  readonly previous?: boolean;
  /** From the end. */
  readonly lines: number;
}

export type WatchEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: KubeObject }
  /** The state is known from here on; sent after the first list and after each relist. */
  | { readonly type: "SYNCED" };

/** `verb` on `resource` (plural, `resource/subresource` where it matters); name and namespace narrow it. */
export interface AccessQuestion {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface ClusterIdentity {
  readonly context: string;
  readonly server: string;
}

/** Who asks. */
export interface Account {
  readonly name: string;
  /** By the server itself. False: it does not tell, and the name is what the kubeconfig has for it. */
  readonly isKnown: boolean;
}

/**
 * Reading. Errors of every function: {@link ApiError} for an answer of the server, {@link Unreachable} when there was none;
 * retries for 429, 5xx and broken connections have already happened.
 */
export interface ClusterRead {
  readonly identity: ClusterIdentity;
  /** Whom the server takes us for (SelfSubjectReview); asked once. */
  readonly account: () => Promise<Account>;
  /** `v1.36.2` as `major.minor.patch`. */
  readonly version: () => Promise<string>;
  /** Undefined: the server does not know the kind (yet). `fresh` asks again, for kinds that appear during a run. */
  readonly resource: (apiVersion: string, kind: string, fresh?: boolean) => Promise<ApiResource | undefined>;
  /** Every kind in its preferred version. */
  readonly resources: () => Promise<readonly ApiResource[]>;
  /** Undefined: no such object, namespace or kind; the server has said so of this very object, or does not serve the kind. */
  readonly get: (ref: ObjectRef) => Promise<KubeObject | undefined>;
  /** Paged inside; items carry apiVersion and kind. Empty when the server does not know the kind. */
  readonly list: (query: ListQuery) => Promise<readonly KubeObject[]>;
  /**
   * The current objects as ADDED, then SYNCED, then changes, for as long as the signal lives. Survives disconnects, 410 and
   * kinds that do not exist yet. `known`: these are known already, so what differs from them is told; what `list` has just given for the
   * same query, or the one object that it is about, is gone on from without another list.
   */
  readonly watch: (query: ListQuery, signal: AbortSignal, known?: readonly KubeObject[]) => AsyncIterable<WatchEvent>;
  /**
   * GET at a port of a pod, or of what is behind a Service, through the server, in plain http; of a Node at its kubelet, whatever the port. Resolves to the body of a success. ApiError:
   * 503 with a reason where nobody answered the server, other statuses without a reason where they are the pod's own. Asked once.
   */
  readonly askPod: (ref: ObjectRef, port: number, path: string) => Promise<string>;
  /** What a container last wrote, whole lines. ApiError: 404 for a pod that is gone, 400 while its container has not started. */
  readonly logs: (query: LogQuery) => Promise<string>;
  /** SelfSubjectAccessReview; asks, does not change anything. */
  readonly can: (question: AccessQuestion) => Promise<boolean>;
  /** The same for many: by SelfSubjectRulesReview as far as that tells all, else one by one. */
  readonly canEach: (questions: readonly AccessQuestion[]) => Promise<readonly boolean[]>;
}

/** Asking what is in the cluster through its server. */
export interface ClusterCarrier {
  /**
   * GET at a port of a pod, or of a Service by one of its endpoints, through the server, in plain http and with this Host. Resolves with
   * whatever is answered there. ApiError: the server's own answer, such as 503 where it had none from there. Asked once.
   */
  readonly askThrough: (request: ThroughServer) => Promise<ThroughServerAnswer>;
  /** How far the server's clock is ahead, in milliseconds, by the Date of its first answer; undefined: not known. */
  readonly skewMs: () => number | undefined;
}

export interface ThroughServer {
  readonly kind: "Pod" | "Service";
  readonly namespace: string;
  readonly name: string;
  /** Of a Service: as its `ports` has it. */
  readonly port: number;
  readonly host: string;
}

export interface ThroughServerAnswer {
  readonly status: number;
  /** What calls itself so in the answer's `server` header; empty: nothing does. */
  readonly server: string;
  readonly body: string;
}

export interface ApplyOptions {
  readonly manager: string;
  /** Take fields that somebody else owns. Only ever by the user's `--take-ownership`. */
  readonly force?: boolean;
}

/** Asking the server what would happen. Needs write rights, so `doctor` must not. */
export interface ClusterPreview extends ClusterRead {
  /** The object as it would be stored. Throws {@link ApiError} like the real thing. */
  readonly dryRun: (object: KubeObject, options: ApplyOptions) => Promise<KubeObject>;
}

export interface Applied {
  readonly object: KubeObject;
  /** Tells 201 from 200. */
  readonly created: boolean;
  /** It was asked for more than once, and an earlier time may have done it. */
  readonly repeated: boolean;
}

export interface ClusterWrite extends ClusterPreview {
  /** Server-side apply. */
  readonly apply: (object: KubeObject, options: ApplyOptions) => Promise<Applied>;
  /** JSON merge patch; put metadata.resourceVersion into `patch` to make it conditional (409 when it moved on). */
  readonly mergePatch: (ref: ObjectRef, patch: Record<string, unknown>, manager: string) => Promise<KubeObject>;
  /** POST, for names the server generates and for objects that must not exist yet (409 AlreadyExists). */
  readonly create: (object: KubeObject, manager: string) => Promise<KubeObject>;
  /** PUT; carries metadata.resourceVersion as its precondition. */
  readonly replace: (object: KubeObject, manager: string) => Promise<KubeObject>;
  /** Resolves when the server has accepted it (finalizers may still run). False: it was already gone. */
  readonly remove: (ref: ObjectRef, preconditions: { uid?: string; resourceVersion?: string }) => Promise<boolean>;
}

/** What a lock needs, over connections that nothing else uses, with limits under which a renewal fails before its Lease runs out. */
export type LeaseAccess = Pick<ClusterWrite, "get" | "create" | "replace" | "remove">;

/** A cluster that can be held by one installer at a time. */
export interface LockableCluster extends ClusterWrite, ClusterCarrier {
  readonly lease: LeaseAccess;
  /** The same cluster; every try of a write first asks `permit`, which throws when it must not be made. */
  readonly guarded: (permit: () => Promise<void>) => ClusterWrite;
}

export interface FieldConflict {
  /** `.spec.replicas` */
  readonly field: string;
  /** The manager that owns it. */
  readonly owner: string;
  readonly message: string;
}

export interface ApiSubject {
  readonly group: string;
  readonly resource: string;
  readonly name: string;
}

/** An answer of the server that is not a success, as its Status object tells it. */
export class ApiError extends Error {
  readonly status: number;
  /** `NotFound`, `Conflict`, `Invalid`, `Forbidden` …; empty when the body was no Status. */
  readonly reason: string;
  readonly conflicts: readonly FieldConflict[];
  readonly request: string;
  /** The object that the Status is about, where it names one: `name` of `resource` (plural) in `group`. */
  readonly subject: ApiSubject | undefined;
  constructor(options: {
    status: number;
    reason: string;
    message: string;
    request: string;
    conflicts?: readonly FieldConflict[];
    subject?: ApiSubject | undefined;
  }) {
    super(options.message);
    this.name = "ApiError";
    this.status = options.status;
    this.reason = options.reason;
    this.request = options.request;
    this.conflicts = options.conflicts ?? [];
    this.subject = options.subject;
  }
}

/** No answer: refused, reset, timed out, name not found, certificate not trusted. */
export class Unreachable extends Error {
  readonly server: string;
  /** `GET /api/v1/pods`; undefined: it is about no single one. */
  readonly request: string | undefined;
  constructor(server: string, message: string, cause?: unknown, request?: string) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "Unreachable";
    this.server = server;
    this.request = request;
  }
}

/**
 * Something answered in the API server's place, or it answered what cannot be: a page instead of a Status, another object than the one that was
 * asked for. Nothing follows from it, least of all that something does not exist.
 */
export class BrokenAnswer extends Unreachable {
  constructor(server: string, request: string, answer: string) {
    super(server, `${server} answered ${request} with ${answer}`, undefined, request);
    this.name = "BrokenAnswer";
  }
}
