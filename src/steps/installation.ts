import type { ControllerIssuer } from "../certificates/controller.ts";
import type { Config } from "../config/config.ts";
import type { ChoiceChange } from "../core/change.ts";
import type { IngressProvider, IngressRelease } from "../ingress/provider.ts";
import type { Resolver } from "../ports/dns.ts";
import type { KubeObject } from "../ports/object.ts";
import type { OutputCredentials } from "./logging/credentials.ts";
import type { Publication } from "./records/publication.ts";

/** The objects of the chosen releases, with everything that is known before planning already in them (rule 1). */
export interface Manifests {
  /** Component → version, e.g. `serving` → `1.23.0`. */
  readonly versions: Readonly<Record<string, string>>;
  /** By part. Empty where nothing is installed, as on the way back. */
  readonly objects: ReadonlyMap<string, readonly KubeObject[]>;
  /** Image of the temporary hello Service. */
  readonly hello: string;
  /** Where this release keeps a setting. */
  readonly setting: IngressRelease["setting"];
  /** This release's name for a configuration key, e.g. `ingress-class` → `ingress.class` in old ones. */
  readonly key: (name: string) => string;
  readonly standIn: boolean;
}

/** What the steps are made from. */
export interface Installation {
  readonly config: Config;
  readonly ingress: IngressProvider;
  readonly manifests: Manifests;
  /** As {@link Choice} has it; absent: nobody has looked. */
  readonly isMonitored?: boolean;
  /** What the state ConfigMap says about the choices made. */
  readonly choices: Readonly<Record<string, unknown>>;
  /** Those that were said although they would have followed from others (Kept.insisted). */
  readonly insisted?: readonly (keyof Config)[];
  /** What is to be said about the chosen release. */
  readonly remarks?: readonly string[];
  /** Those that were others before. */
  readonly choiceChanges?: readonly ChoiceChange[];
  /** The certificate about which its CA was asked, and why it is to be replaced; without a reason it is not due, whatever its dates say. */
  readonly renewal?: { readonly serial: string; readonly reason?: string };
  /** Where a controller gets the certificates: what it is to ask. Absent for `render`. */
  readonly issuer?: ControllerIssuer;
  /** What the output of logs is shown from now on; absent: what the cluster keeps. */
  readonly logsShown?: OutputCredentials;
  /** PEM of a private ACME CA's root. */
  readonly acmeCa?: string;
  /** Absent: nobody writes records, or (`render`) the DNS is not looked at. */
  readonly dns?: { readonly publication: Publication; readonly resolver: Resolver };
}

/** What taking an installation away needs to know. */
export interface Removal {
  readonly purge: boolean;
  readonly deleteWorkloads: boolean;
}
