import { knownStrategy } from "../../certificates/index.ts";
import { inspect, type TlsSecret } from "../../certificates/secret.ts";
import { servedSecret } from "../../certificates/served.ts";
import { findInstallation } from "../../checks/found.ts";
import { servedNow } from "../../checks/served.ts";
import { isOfStaging, TAKE_THE_REAL_ONE } from "../../checks/served-certificate.ts";
import { few } from "../../ports/few.ts";
import type { ObjectRef } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { type Seen, section } from "../part.ts";

const secretIn = ({ choices }: Seen): ObjectRef => {
  const tlsSecret = choices["tls-secret"];
  return servedSecret({ config: typeof tlsSecret === "string" ? { tlsSecret } : {} });
};

/** What the gateway serves, ours or brought. Of an ingress that others have installed, what it is seen to serve. */
export const certificateIn = async (seen: Seen): Promise<TlsSecret | undefined> => {
  const { cluster } = seen.ctx;
  const isOurs = Object.keys(seen.choices).length > 0;
  const secret = isOurs ? secretIn(seen) : await readable(servedNow(cluster, await findInstallation(cluster)));
  return secret && inspect(await cluster.get(secret));
};

interface Found {
  readonly certificate?: {
    readonly names: readonly string[];
    readonly notAfter: string;
    readonly daysLeft: number;
    readonly issuer: string;
    /** It comes from a CA for trying out, which browsers do not trust. */
    readonly forTrials?: true;
  };
}

export const status = section({
  read: async (seen): Promise<Found> => {
    const found = await certificateIn(seen);
    if (!found) return {};
    const { names, notAfter, issuer } = found;
    const isTrial = knownStrategy(seen.choices.tls)?.acme?.isForTrials || isOfStaging(issuer);
    return {
      certificate: {
        names,
        notAfter: notAfter.toISOString(),
        daysLeft: Math.floor((notAfter.getTime() - seen.ctx.now().getTime()) / 86_400_000),
        issuer: issuer.replaceAll("\n", ", "),
        ...(isTrial ? { forTrials: true } : {}),
      },
    };
  },
  rows: ({ certificate }) => {
    if (!certificate) return [];
    const { names, daysLeft, notAfter, issuer, forTrials } = certificate;
    const trial = forTrials ? `; browsers do not trust it: ${TAKE_THE_REAL_ONE} takes the real one` : "";
    return [
      ["Certificate", `${few(names)}; ${daysLeft} days left (until ${notAfter.slice(0, 10)}), by ${issuer}${trial}`],
    ];
  },
});
