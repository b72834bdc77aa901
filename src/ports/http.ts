/** A request through the gateway, to an address that need not be in any DNS, the way `curl --connect-to` does it. */
export interface ProbeRequest {
  readonly scheme: "http" | "https";
  /** Where to connect: IP address or host name. */
  readonly address: string;
  readonly port: number;
  /** Host header and SNI. */
  readonly host: string;
  readonly path?: string;
  /** PEM; the chain must verify up to it (https only). Absent: the system's roots. */
  readonly ca?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ProbeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly certificate?: {
    readonly subject: string;
    readonly serial: string;
    readonly names: readonly string[];
    readonly notAfter: string;
  };
}

/** Follows no redirects. Rejects with the error of the transport, also when the certificate does not verify. */
export type Probe = (request: ProbeRequest) => Promise<ProbeResponse>;
