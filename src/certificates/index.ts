import { anyAcmeCa, letsEncrypt, letsEncryptStaging } from "./acme/cas.ts";
import { brought } from "./brought.ts";
import { certManager } from "./cert-manager/strategy.ts";
import type { CertificateController } from "./controller.ts";
import { noTls } from "./no-tls.ts";
import { selfSigned } from "./self-signed/index.ts";
import type { TlsStrategy } from "./strategy.ts";

/** Every way to TLS that can be chosen. A new one is a file and a line here. */
const REGISTRY = [
  letsEncrypt,
  letsEncryptStaging,
  anyAcmeCa,
  selfSigned,
  brought,
  certManager,
  noTls,
] as const satisfies readonly TlsStrategy[];

/** A value of --tls. */
export type TlsId = (typeof REGISTRY)[number]["id"];

export const strategies: readonly (TlsStrategy & { readonly id: TlsId })[] = REGISTRY;

export const ids: readonly TlsId[] = strategies.map(({ id }) => id);

/** Of what a cluster keeps, which another version may have written; undefined: this version does not know it. */
export const knownStrategy = (id: unknown): TlsStrategy | undefined =>
  strategies.find((strategy) => strategy.id === id);

export const strategyOf = (id: TlsId): TlsStrategy => {
  const found = knownStrategy(id);
  if (!found) throw new Error(`there is no way to TLS called ${id}`);
  return found;
};

/** Controllers in the cluster that one of them uses. */
export const controllers: readonly CertificateController[] = strategies.flatMap(({ controller }) => controller ?? []);

/** What of a Config decides about certificates. */
export interface TlsChoice {
  readonly tls: TlsId;
  readonly acmeDirectory?: string;
}

/** Whether anything is served by https. */
export const hasTls = ({ tls }: TlsChoice): boolean => strategyOf(tls).serves !== "nothing";

/** Whether one certificate at the gateway has to cover every URL. */
export const hasGatewayCertificate = ({ tls }: TlsChoice): boolean => strategyOf(tls).serves === "gateway";

/** Whether the certificate lies in the Secret that --tls-secret names. */
export const isBrought = ({ tls }: TlsChoice): boolean => strategyOf(tls).isBrought === true;

/** Whether we prove to a CA that the domain is ours, by records that we write. */
export const provesByDns = ({ tls }: TlsChoice): boolean => strategyOf(tls).acme !== undefined;

/** Whether an ACME CA is asked, by us or by a controller in the cluster. */
export const asksAcmeCa = ({ tls }: TlsChoice): boolean => {
  const { acme, controller } = strategyOf(tls);
  return acme !== undefined || controller !== undefined;
};

/** The directory of the ACME CA that we ask; undefined: we ask none. */
export const directoryOf = ({ tls, acmeDirectory }: TlsChoice): string | undefined => {
  const { acme } = strategyOf(tls);
  return acme && (acmeDirectory ?? acme.directory);
};
