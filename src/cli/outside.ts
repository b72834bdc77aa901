import type { Authority } from "../ports/authority.ts";
import type { Resolver } from "../ports/dns.ts";
import type { Probe } from "../ports/http.ts";
import type { PodLogs } from "../ports/logs.ts";
import type { PodPorts } from "../ports/pod-ports.ts";
import type { SealedCluster } from "../ports/sealed.ts";
import type { Learn } from "../ports/secrets.ts";
import type { StandIns } from "../releases/index.ts";
import type { Holder } from "./holder.ts";
import type { System } from "./root-file/system.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface OpenedCluster extends SealedCluster, PodLogs, PodPorts {
  /** PEM of the CAs that its server is verified with; absent: the system's, or none. */
  readonly trusted?: string;
  /** What the person should know about this connection, one sentence each; of the clock only after the first answer. */
  readonly warnings: () => readonly string[];
  readonly close: () => void;
}

/** The outside world; main.ts builds it, tests give another. */
export interface Adapters {
  readonly openCluster: (
    where: Where,
    options: {
      readonly env: Environment;
      readonly signal: AbortSignal;
      readonly interactive: boolean;
      /** Told why the cluster keeps us waiting. */
      readonly onTrouble: (reason: string) => void;
      /** Told of each secret that comes to light. */
      readonly learn: Learn;
      /** Longest that the server may say nothing to a question, in milliseconds. Absent: as the connection has it. */
      readonly silentMs?: number;
      /** How long a failed question is asked again, in milliseconds: before the first answer, and after it. Absent: as the connection has it. */
      readonly patience?: { readonly firstContactMs: number; readonly midRunMs: number };
    },
  ) => Promise<OpenedCluster>;
  readonly createProbe: (options: {
    readonly connectTo?: ReadonlyMap<number, number>;
    readonly root?: string;
  }) => Promise<Probe>;
  readonly createResolver: (options: {
    readonly server?: string;
    /** As {@link Where.connectTo}, for name servers: address → `127.0.0.1:port`. */
    readonly connectTo?: ReadonlyMap<string, string>;
  }) => Promise<Resolver>;
  readonly createAuthority: (options: {
    readonly directory: string;
    /** PEM of the root that its https is verified with; absent: the system's. */
    readonly ca?: string;
    readonly env: Environment;
  }) => Promise<Authority>;
  /** Names of the contexts in the kubeconfig, for completion. */
  readonly listContexts?: (kubeconfig: string | undefined, env: Environment) => Promise<readonly string[]>;
  /** What this machine is; absent: not known. */
  readonly system?: () => Promise<System>;
  /** Opens a URL on the desktop of this machine; false: there is none. Absent: the same. */
  readonly openUrl?: (url: string) => Promise<boolean>;
  readonly holder: Holder;
  /** Takes the place of every source of releases; only ever in a rehearsal. */
  readonly standIns?: StandIns;
}

export interface Where {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Port as the cluster says → loopback port, for a gateway that cannot listen on 80 and 443. */
  readonly connectTo?: ReadonlyMap<number, number>;
}
