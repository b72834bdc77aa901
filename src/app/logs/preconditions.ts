import { configMap, findInstallation, operatorsIn } from "../../checks/found.ts";
import { isLogged, REQUEST_LOG } from "../../checks/logging/request-logs.ts";
import { didYouMean } from "../../config/similar.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { type Remedy, UserError } from "../../ports/error.ts";
import { dataOf } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { inNamespace, sh } from "../../ports/shell.ts";

interface Asked {
  readonly namespace?: string;
  readonly service?: string;
}

const KNATIVE_SERVICE = { apiVersion: "serving.knative.dev/v1", kind: "Service" };

/** Throws UserError where no request can have been logged: no Knative, request logs off, no such Service. What may not be read is not judged. */
export const assertLogged = async (asked: Asked, cluster: ClusterRead): Promise<void> => {
  if (!(await cluster.resource(KNATIVE_SERVICE.apiVersion, KNATIVE_SERVICE.kind))) throw noKnative();
  const [settings, services] = await Promise.all([
    readable(cluster.get(configMap("config-observability"))),
    readable(cluster.list({ ...KNATIVE_SERVICE, ...(asked.namespace ? { namespace: asked.namespace } : {}) })),
  ]);
  if (settings && !isLogged(dataOf(settings))) throw isOff(await howToSwitchOn(cluster));
  if (!services) return;
  const names = services.map(({ metadata }) => metadata.name);
  if (names.length === 0) throw noServices(asked);
  if (asked.service !== undefined && !names.includes(asked.service)) throw noSuchService(asked.service, asked, names);
};

const ON = JSON.stringify({ data: { [REQUEST_LOG]: "true" } });

const noKnative = (): UserError =>
  new UserError({
    id: "logs.knative",
    what: "This cluster has no Knative Serving, so there are no requests to Services.",
    remedy: { text: "Choose another cluster with --context, or install it:", command: sh`kn-bootstrap install` },
    kind: "input",
  });

const isOff = (remedy: Remedy): UserError =>
  new UserError({
    id: "logs.off",
    what: "Request logs are off: queue-proxy writes no line for a request.",
    why: `ConfigMap knative-serving/config-observability has no ${REQUEST_LOG}: "true".`,
    remedy,
    kind: "failed",
  });

/** Whoever keeps the settings has to be told, or he takes it back. */
const howToSwitchOn = async (cluster: ClusterRead): Promise<Remedy> => {
  const rolls = "The pods of all revisions are replaced for that.";
  const found = await readable(findInstallation(cluster));
  if (found && Object.keys(found.choices).length > 0)
    return { text: `Switch them on. ${rolls}`, command: sh`kn-bootstrap install --logging request-logs` };
  const [operator] = (await readable(operatorsIn(cluster))) ?? [];
  if (operator) {
    const { namespace, name } = operator.metadata;
    const patch = JSON.stringify({ spec: { config: { observability: { [REQUEST_LOG]: "true" } } } });
    return {
      text: `Switch them on where the operator keeps the settings. ${rolls}`,
      command: sh`kubectl patch knativeserving ${name} ${inNamespace(namespace)} --type merge -p ${patch}`,
    };
  }
  return {
    text: `Switch them on. ${rolls}`,
    command: sh`kubectl patch configmap config-observability -n knative-serving --type merge -p ${ON}`,
  };
};

const where = ({ namespace }: Asked): string => (namespace === undefined ? "" : ` in namespace ${namespace}`);

const noServices = (asked: Asked): UserError =>
  new UserError({
    id: "logs.service",
    what: `There is no Knative Service${where(asked)}.`,
    remedy:
      asked.namespace === undefined
        ? { text: "Deploy one; these are its requests then.", command: sh`kn-bootstrap status` }
        : { text: "See where there are some.", command: sh`kn-bootstrap status --services` },
    kind: "input",
  });

const noSuchService = (service: string, asked: Asked, names: readonly string[]): UserError =>
  new UserError({
    id: "logs.service",
    what: `There is no Knative Service ${service}${where(asked)}.`,
    remedy: {
      text: didYouMean(service, names, "These are the Services:"),
      command: sh`kn-bootstrap status --services`,
    },
    kind: "input",
  });
