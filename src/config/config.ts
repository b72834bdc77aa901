import type { TlsId } from "../certificates/index.ts";

/** Everything the engine wants to know, complete: no defaults are left to fill in. Keys are those of the config file. */
export interface Config {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** `1.23` or `1.23.0`; absent: the installed one, else the newest that the server can run. */
  readonly knativeVersion?: string;
  readonly ingress: string;
  readonly expose: "loadbalancer" | "nodeport";
  /** Base domain, lower case, no trailing dot; absent with `dns: magic`. */
  readonly domain?: string;
  readonly dns: string;
  /** The zone to write to, by its id at the provider. */
  readonly dnsZoneId?: string;
  /** `host:port` of the recursive resolver that every question starts from; absent: the system's. */
  readonly dnsResolver?: string;
  /** IP address or host name that the records point at, where the cluster cannot tell. */
  readonly address?: string;
  /** A Go template; the words `flat` and `nested` are already resolved. */
  readonly domainTemplate: string;
  /** With a nested template: the namespaces that get a wildcard each. */
  readonly namespaces: readonly string[];
  readonly tls: TlsId;
  readonly acmeEmail?: string;
  /** URL; absent with the CAs that we know by name. */
  readonly acmeDirectory?: string;
  /** PEM file of the root that the CA's own https (and what it issues) is verified with. */
  readonly acmeCaFile?: string;
  readonly acmeProfile?: string;
  /** `namespace/name`, with `tls: secret`. */
  readonly tlsSecret?: string;
  /** Of keys that we make for certificates: ECDSA P-256 or RSA 2048. */
  readonly keyType: "ecdsa" | "rsa";
  readonly http: "redirect" | "enabled";
  /** Install the autoscaler for Services of class `hpa.autoscaling.knative.dev`. */
  readonly hpa: boolean;
  readonly logging: "none" | "request-logs";
  /** Registries whose tags Knative must not resolve to digests. */
  readonly skipTagResolution: readonly string[];
  readonly manifests?: string;
  readonly releaseMirror?: string;
  readonly imageRegistry?: string;
  readonly takeOwnership: boolean;
  readonly skipChecks: readonly string[];
  readonly yes: boolean;
  /** Seconds that each step may take. */
  readonly timeout: number;
  readonly output: "text" | "json";
  /** Path of the HTML page to write about the run. */
  readonly report?: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

export const FLAT = "{{.Name}}-{{.Namespace}}.{{.Domain}}";
export const NESTED = "{{.Name}}.{{.Namespace}}.{{.Domain}}";
