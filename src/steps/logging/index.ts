import { loggingFound } from "../../checks/logging/running.ts";
import { part as partOf } from "../part.ts";
import { configMap } from "../serving/transforms.ts";
import { manifestsOf } from "./objects.ts";
import { options } from "./options.ts";
import { ID, logging } from "./step.ts";

/**
 * The form of the lines is compiled in, JSON, in every release: the key that would say it stays away, as older versions of Knative spoil what
 * newer ones put there.
 */
const REQUEST_LOG = { "logging.enable-request-log": "true" };

export const part = partOf({
  id: ID,
  options,
  own: ({ config }) => manifestsOf(config.logging),
  transform: ({ config }) => configMap("config-observability", config.logging === "none" ? {} : REQUEST_LOG),
  steps: (install) => [logging(install)],
  checks: [loggingFound],
});
