import { knownStrategy } from "../../certificates/index.ts";
import { inspect, reasonToIssue, type TlsSecret } from "../../certificates/secret.ts";
import { servedSecret } from "../../certificates/served.ts";
import { few } from "../../ports/few.ts";
import { describe, type ObjectRef } from "../../ports/object.ts";
import { type Seen, section } from "../part.ts";

const secretIn = ({ choices }: Seen): ObjectRef => {
  const tlsSecret = choices["tls-secret"];
  return servedSecret({ config: typeof tlsSecret === "string" ? { tlsSecret } : {} });
};

/** What the gateway serves, ours or brought. */
export const certificateIn = async (seen: Seen): Promise<TlsSecret | undefined> =>
  inspect(await seen.ctx.cluster.get(secretIn(seen)));

/** Why browsers get no certificate, or one that they refuse; undefined: they get a good one, or none is meant for the gateway. */
const certificateProblem = (
  { tls }: Readonly<Record<string, unknown>>,
  certificate: TlsSecret | undefined,
  now: Date,
): string | undefined => {
  const strategy = knownStrategy(tls);
  if (strategy?.serves !== "gateway") return undefined;
  const again = strategy.elsewhere?.again;
  if (!certificate) return `there is no certificate in it; ${again ?? "kn-bootstrap install makes it again"}`;
  // By its dates alone, a certificate that is only due is a good one still.
  const reason = reasonToIssue(certificate, [], now, now >= certificate.notAfter);
  return reason && `${reason}; ${again ?? "kn-bootstrap renew replaces it"}`;
};

interface Found {
  readonly certificate?: {
    readonly names: readonly string[];
    readonly notAfter: string;
    readonly daysLeft: number;
    readonly issuer: string;
  };
}

export const status = section({
  read: async (seen): Promise<Found> => {
    const found = await certificateIn(seen);
    if (!found) return {};
    const { names, notAfter, issuer } = found;
    return {
      certificate: {
        names,
        notAfter: notAfter.toISOString(),
        daysLeft: Math.floor((notAfter.getTime() - seen.ctx.now().getTime()) / 86_400_000),
        issuer: issuer.replaceAll("\n", ", "),
      },
    };
  },
  rows: ({ certificate }) => {
    if (!certificate) return [];
    const { names, daysLeft, notAfter, issuer } = certificate;
    return [["Certificate", `${few(names)}; ${daysLeft} days left (until ${notAfter.slice(0, 10)}), by ${issuer}`]];
  },
  problems: async (seen) => {
    const problem = certificateProblem(seen.choices, await certificateIn(seen), seen.ctx.now());
    return problem ? [`${describe(secretIn(seen))}: ${problem}`] : [];
  },
});
