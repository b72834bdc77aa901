import { REQUEST_LOG } from "../../checks/logging/request-logs.ts";
import { loggingFound } from "../../checks/logging/running.ts";
import { part as partOf } from "../part.ts";
import { configMap } from "../serving/transforms.ts";
import { asLarge } from "./elastic.ts";
import { claims } from "./kept.ts";
import { next } from "./next.ts";
import { manifestsOf, placed } from "./objects.ts";
import { options } from "./options.ts";
import { status } from "./status.ts";
import { ID, logging } from "./step.ts";
import { views } from "./views.ts";

/**
 * The form of the lines is compiled in, JSON, in every release: the key that would say it stays away, as older versions of Knative spoil what
 * newer ones put there.
 */
const LOGGED = { [REQUEST_LOG]: "true" };

export const part = partOf({
  id: ID,
  options,
  next,
  status,
  own: async ({ config }) =>
    (await manifestsOf(config.logging)).map((object) => placed(asLarge(object, config), config)),
  products: [claims],
  transform: ({ config }) => configMap("config-observability", config.logging === "none" ? {} : LOGGED),
  steps: (install, removing) => [
    logging(install, removing), // what collects and keeps them
    views(install), //             what people look at
  ],
  checks: [loggingFound],
});
