/** The vocabulary that the rooms of the rehearsal world share. The sandbox imports nothing of the engine. */

/** Any Kubernetes object as plain JSON. */
export interface Obj {
  apiVersion: string;
  kind: string;
  metadata: Meta;
  // biome-ignore lint/suspicious/noExplicitAny: a generic store holds objects of every kind
  [field: string]: any;
}

export interface Meta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: {
    apiVersion: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
    blockOwnerDeletion?: boolean;
  }[];
  // biome-ignore lint/suspicious/noExplicitAny: fieldsV1 is a free-form set
  managedFields?: any[];
  [field: string]: unknown;
}

export interface Ref {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

export interface ChangeEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: Obj;
}

/** One request as the API sees it; controllers use it in-process, people over HTTPS. */
export interface ApiRequest {
  method: string;
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** Parsed JSON, or text where the input itself is under test. */
  body?: unknown;
}

export interface ApiResponse {
  status: number;
  body: unknown;
  /** Besides those that every answer has. */
  headers?: Record<string, string>;
}

/** The embedded Kubernetes API. Reads return the stored objects: never mutate them. */
export interface Api {
  readonly url: string;
  /** PEM of the CA that signed the API's serving certificate. */
  readonly ca: string;
  /** Bearer token of the cluster administrator. */
  readonly token: string;
  readonly request: (request: ApiRequest) => Promise<ApiResponse>;
  readonly get: (ref: Ref) => Obj | undefined;
  readonly list: (apiVersion: string, kind: string, namespace?: string) => readonly Obj[];
  /** Creates under a field manager; throws StatusError as a client would see it. */
  readonly create: (manager: string, object: Obj) => Promise<Obj>;
  /**
   * Reads, lets `change` mutate a copy, and stores it (PUT) under `manager`; retried on a resourceVersion conflict.
   * Does nothing when the copy is equal. Resolves undefined when the object is gone. `subresource: "status"` keeps spec.
   */
  readonly update: (
    manager: string,
    ref: Ref,
    change: (draft: Obj) => void,
    options?: { subresource?: "status" | "scale" },
  ) => Promise<Obj | undefined>;
  readonly remove: (
    ref: Ref,
    options?: { propagationPolicy?: "Foreground" | "Background" | "Orphan"; gracePeriodSeconds?: number },
  ) => Promise<void>;
  /** Called after each committed write, in order, never during one. Returns the unsubscribe function. */
  readonly onChange: (listener: (event: ChangeEvent) => void) => () => void;
  /** Ends every connection and refuses new ones until `up`; calls in this process go on. */
  readonly down: () => void;
  readonly up: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What an admission webhook is asked, and what it answers (admission.k8s.io/v1, reduced to what we meet). */
export interface AdmissionReview {
  uid: string;
  operation: "CREATE" | "UPDATE" | "DELETE";
  kind: { group: string; version: string; kind: string };
  resource: { group: string; version: string; resource: string };
  subResource?: string;
  namespace?: string;
  name: string;
  object?: Obj;
  oldObject?: Obj;
  dryRun: boolean;
  userInfo: { username: string; groups: string[] };
}

export interface AdmissionAnswer {
  allowed: boolean;
  /** The whole object after mutation; absent when unchanged. */
  object?: Obj;
  /** Message and HTTP code of a denial (code defaults to 400 as knative's webhooks answer). */
  message?: string;
  code?: number;
  warnings?: string[];
}

/** Names the webhook the API wants to call, as its configuration says. */
export interface WebhookTarget {
  /** e.g. `webhook.serving.knative.dev` */
  webhook: string;
  service?: { namespace: string; name: string; port: number; path?: string };
  url?: string;
  /** Base64 as stored; empty when the webhook's own process has not filled it in yet. */
  caBundle?: string;
  timeoutSeconds: number;
}

/**
 * Calls a webhook. Rejects with a plain Error whose message is the transport's own words, as the API server quotes them,
 * e.g. `no endpoints available for service "webhook"` or `tls: failed to verify certificate: x509: certificate signed by unknown authority`.
 */
export type CallWebhook = (target: WebhookTarget, review: AdmissionReview) => Promise<AdmissionAnswer>;

export interface ApiOptions {
  /** 0 picks a free port. */
  port?: number;
  /** e.g. `v1.36.2` (default). */
  version?: string;
  callWebhook?: CallWebhook;
  /** The server's own: for its Date header and the dates of its certificate. Objects bear this machine's time. */
  clock?: () => Date;
  /** Milliseconds that one second of the controllers' time lasts (20). */
  second?: number;
  /**
   * Whether namespaces, service accounts, garbage collection and aggregated ClusterRoles are looked after; true by default.
   * Without them the server behaves like one whose controller manager is down.
   */
  controllers?: boolean;
  /**
   * Sees every request before it is handled (tests count requests and kill at the n-th write); may answer in its place.
   * When it rejects, the connection is dropped as if the server had died; in this process `request` rejects.
   */
  onRequest?: (request: ApiRequest) => ApiResponse | undefined | Promise<ApiResponse | undefined>;
  /** Answers what the server leaves to the node of a pod, its logs and its ports; not found when absent. Throws StatusError. */
  onNode?: (call: NodeCall) => NodeAnswer;
  /** How many milliseconds later than everybody else those learn of a change who watch; none when absent. */
  lag?: () => number;
}

/** A refusal as a client sees it: a Kubernetes Status object with its HTTP code. */
export class StatusError extends Error {
  readonly status: {
    kind: "Status";
    apiVersion: "v1";
    status: "Failure";
    message: string;
    reason?: string;
    details?: unknown;
    code: number;
  };
  constructor(status: StatusError["status"]) {
    super(status.message);
    this.name = "StatusError";
    this.status = status;
  }
}

/** What the server leaves to the node of a pod. */
export type NodeSubresource = "log" | "portforward";

/** A request of somebody who may ask it. */
export interface NodeCall {
  readonly pod: Obj;
  readonly subresource: NodeSubresource;
  readonly query: Readonly<Record<string, string>>;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Numbered streams of bytes over one connection. */
export interface Channels {
  /** Called once; from then on messages are told, and the end of the connection. */
  readonly begin: (onMessage: (channel: number, bytes: Buffer) => void, onEnd: () => void) => void;
  readonly send: (channel: number, bytes: Buffer, done?: () => void) => void;
  readonly end: () => void;
}

export interface NodeAnswer {
  readonly status: number;
  /** Text. */
  readonly body: string | Buffer;
  /** What comes after it: writes until it calls `end`; returns what stops it early. */
  readonly stream?: (write: (text: string | Buffer) => void, end: () => void) => () => void;
  /** With status 101: the connection becomes a WebSocket, with this subprotocol; empty: none. */
  readonly upgrade?: { readonly protocol: string; readonly begin: (channels: Channels) => void };
}
