import { joinedLine, pemProblem } from "../certificates/pem.ts";
import type { Config } from "../config/config.ts";
import { textOf } from "../ports/bounded.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { messageOf, type Remedy, UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";
import type { Installation } from "../steps/installation.ts";
import { openPublication } from "../steps/records/publication.ts";
import { keptAuthorityRoot } from "../steps/state/index.ts";
import { issuerFor } from "./controller-issuer.ts";
import { loggingCredentials } from "./logging-credentials.ts";
import { patientlyAsked, tellDns } from "./patient-resolver.ts";
import type { Session } from "./session.ts";
import type { Tools } from "./tools.ts";

/** What an installation meets outside the cluster. */
export interface Surroundings {
  readonly known: Pick<Installation, "dns" | "acmeCa" | "issuer" | "logsShown">;
  readonly tools: Tools;
}

/** Opens the way to the domain's records and reads the CA's root. What is opened is closed with the session. */
export const openSurroundings = async (
  config: Config,
  { tools, onClose }: Pick<Session, "tools" | "onClose">,
  cluster: Pick<ClusterRead, "get"> = tools.cluster,
): Promise<Surroundings> => {
  tools.assertReachable?.(config);
  const { resolver, env, emit, interactive, signal, learn } = tools;
  const [publication, given] = await Promise.all([
    openPublication(config, {
      env,
      signal,
      learn,
      resolver: patientlyAsked(resolver, config, emit),
      interactive,
      onTrouble: tellDns(emit, "See whether the DNS provider is well."),
      onTask: (task) => emit({ type: "person", step: "dns", check: "dns.answers", ...task }),
    }),
    config.acmeCaFile ? readRoot(config.acmeCaFile) : undefined,
  ]);
  if (publication) onClose(publication.close);
  const acmeCa = given ?? (await keptAuthorityRoot(cluster, config));
  const zoneId = publication?.zone.id;
  const issuer = await issuerFor(config, {
    env,
    learn,
    ...(zoneId ? { zoneId } : {}),
    ...(acmeCa ? { acmeCa } : {}),
  });
  const logsShown = await loggingCredentials(config, env, learn);
  return {
    known: {
      ...(logsShown ? { logsShown } : {}),
      ...(publication ? { dns: { publication, resolver } } : {}),
      ...(acmeCa ? { acmeCa } : {}),
      ...(issuer ? { issuer } : {}),
    },
    tools: publication ? { ...tools, zones: publication.sealed } : tools,
  };
};

const readRoot = async (path: string): Promise<string> => {
  const bad = (why: string, remedy: Remedy): UserError =>
    new UserError({
      id: "config.acme-ca-file",
      what: `--acme-ca-file ${path} is no use: ${why}.`,
      remedy,
      kind: "input",
    });
  const give = { text: "Give the PEM file with the root of the CA, the one its other clients trust." };
  const text = await textOf(path).catch((error: unknown) => {
    throw bad(messageOf(error), give);
  });
  const problem = pemProblem(text);
  if (problem === undefined) return text;
  if (joinedLine(text) === undefined) throw bad(problem, give);
  const split = '{ gsub(/-----END CERTIFICATE-----/, "&\\n") } 1';
  throw bad(problem, {
    text: "Two files were put together of which the first has no line end. Give it one:",
    command: sh`awk ${split} ${path} > roots.pem`,
  });
};
