import { subjectFlag, subjectOf } from "../../checks/account.ts";
import { bindingName } from "../../checks/cluster-role.ts";
import type { HealthCheck } from "../../checks/health-check.ts";
import type { Finding } from "../../core/check.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import type { Remedy } from "../../ports/error.ts";
import type { UnansweredRequest } from "../../ports/facts.ts";
import type { ObjectRef } from "../../ports/object.ts";
import { unanswered } from "../../ports/outage.ts";
import { inNamespace, joined, type ShellCommand, sh } from "../../ports/shell.ts";
import { type Asked, rightsToLook } from "../../steps/doctor/rights.ts";
import type { Right } from "../../steps/rights.ts";

const ROLE = "kn-bootstrap-look";

/** `kubectl create` refuses what is there; what it prints can be applied again and again. */
const PRINTED = ["--dry-run=client", "-o", "yaml"];
const applied = (printed: ShellCommand): ShellCommand => joined(" | ", [printed, sh`kubectl apply -f -`]);

interface Looked {
  readonly check: HealthCheck;
  readonly finding: Finding;
}

const refusalOf = ({ finding }: Looked): UnansweredRequest | undefined =>
  finding.status === "unknown" && finding.facts?.request?.status === 403 ? finding.facts.request : undefined;

/**
 * What the account may not look at comes with what an administrator gives it: one remedy for all, of everything that the look reads, whether
 * the account has it already or not, so that the commands can be run again and take nothing back.
 *
 * @param secrets those that were asked for, refused or not
 */
export const withGrant = async <T extends Looked>(
  judged: readonly T[],
  cluster: ClusterRead,
  secrets: readonly ObjectRef[],
): Promise<readonly T[]> => {
  const refused = judged.filter((one) => refusalOf(one) !== undefined);
  if (refused.length === 0) return judged;
  try {
    const checks = judged.map(({ check }) => check);
    const remedy = await remedyFor(checks, refused, cluster, secrets);
    return judged.map((one) => (refused.includes(one) ? { ...one, finding: { ...one.finding, remedy } } : one));
  } catch (error) {
    if (unanswered(error)) return judged;
    throw error;
  }
};

const remedyFor = async (
  checks: readonly HealthCheck[],
  refused: readonly Looked[],
  cluster: ClusterRead,
  secrets: readonly ObjectRef[],
): Promise<Remedy> => {
  const [account, known] = await Promise.all([cluster.account(), cluster.resources()]);
  const requests = refused.flatMap((one) => refusalOf(one) ?? []);
  const barred = requests.flatMap(secretIn);
  // Where none was refused, there is nothing to give, and perhaps no namespace.
  const places = new Set(barred.map(({ namespace }) => namespace));
  const asked = [...barred, ...secrets.filter(({ namespace }) => places.has(namespace))];
  const rights = rightsToLook(checks, asked, known);
  const subject = subjectOf(account);
  const who = subjectFlag(account);
  const binding = subject ? bindingName("look", subject) : ROLE;
  const everywhere = rights.filter(({ namespace }) => namespace === undefined);
  const bind = (clusterRole: string, name: string): ShellCommand =>
    applied(sh`kubectl create clusterrolebinding ${name} --clusterrole=${clusterRole} ${who} ${PRINTED}`);
  const isOfSecrets = everywhere.length < rights.length;
  return {
    text: isOfSecrets
      ? "Have an administrator let it look. What is of Secrets gives it their keys as well: left out, the certificate stays unknown. Secrets that only these lead to are named by the next look; its commands have these as well."
      : "Have an administrator let it look:",
    command: joined("\n", [
      ...(everywhere.length > 0
        ? [
            applied(
              sh`kubectl create clusterrole ${ROLE} --verb=get,list --resource=${everywhere.map(resourceOf).join(",")} ${PRINTED}`,
            ),
            bind(ROLE, binding),
          ]
        : []),
      // The role that every cluster has for this, and that some do not give to everybody.
      ...(requests.some(({ resource }) => resource.startsWith("/"))
        ? [bind("system:discovery", `${binding}:version`)]
        : []),
      ...rights.flatMap(({ namespace, names = [] }) =>
        namespace === undefined ? [] : inOne(namespace, names, binding, who),
      ),
    ]),
  };
};

const inOne = (
  namespace: string,
  names: readonly string[],
  binding: string,
  who: readonly string[],
): readonly ShellCommand[] => [
  applied(
    sh`kubectl create role ${ROLE} ${inNamespace(namespace)} --verb=get --resource=secrets ${names.map((name) => `--resource-name=${name}`)} ${PRINTED}`,
  ),
  applied(sh`kubectl create rolebinding ${binding} ${inNamespace(namespace)} --role=${ROLE} ${who} ${PRINTED}`),
];

const secretIn = ({ resource, namespace, name }: UnansweredRequest): readonly Asked[] =>
  resource === "secrets" && namespace !== undefined && name !== undefined ? [{ kind: "Secret", namespace, name }] : [];

/** As `kubectl create clusterrole` takes it: `deployments.apps`, `pods/log`. */
const resourceOf = ({ group, resource }: Right): string => (group === "" ? resource : `${resource}.${group}`);
