import { part as partOf } from "../part.ts";
import { configMap } from "../serving/transforms.ts";
import { options } from "./options.ts";

/**
 * The form of the lines is compiled in, JSON, in every release: the key that would say it stays away, as older versions of Knative spoil what
 * newer ones put there.
 */
const REQUEST_LOG = { "logging.enable-request-log": "true" };

export const part = partOf({
  id: "logging",
  options,
  transform: ({ config }) => configMap("config-observability", config.logging === "none" ? {} : REQUEST_LOG),
});
