import type { TlsId } from "../certificates/index.ts";
import type { Naming } from "../config/naming.ts";
import type { ReadContext } from "../core/check.ts";
import type { Exposure, Ports } from "../ingress/address.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import type { Resolver } from "../ports/dns.ts";
import type { ObjectRef } from "../ports/object.ts";

/**
 * The ports that answered, where more than one pair can be right. It is no memory of a wait: it is what the proof is for, written down by the
 * step behind it (decision 16), and what is left of the proof asks there. Looked at alone, a check finds it for itself.
 */
export interface Reached {
  ports?: Ports;
}

/** What the proof looks at. */
export interface Proof {
  readonly config: Exposure & { readonly tls: TlsId };
  readonly ingress: IngressProvider;
  readonly service: ObjectRef;
  /** What the answer's body must contain. */
  readonly greeting: string;
  /** How it is called; undefined: the domain is made from an address that the gateway does not have. */
  readonly naming: (ctx: ReadContext) => Promise<Naming | undefined>;
  /** Finds the Secret whose certificate the gateway serves for it. Absent with `--tls none`. */
  readonly secret?: (cluster: ReadContext["cluster"]) => Promise<ObjectRef | undefined>;
  /** PEM of a private CA's root. */
  readonly root?: string;
  /** Finds every address behind a host name; absent: the system's choice has to do. */
  readonly resolver?: Resolver;
  /** Filled with the ports that answered, where more than one pair can be right; what is proved after that goes by them. */
  readonly reached: Reached;
}
