/** Key of config-observability. */
export const REQUEST_LOG = "logging.enable-request-log";

/** As Knative reads it (serving pkg/observability/config.go). */
export const isLogged = (data: Readonly<Record<string, string>>): boolean =>
  data[REQUEST_LOG]?.toLowerCase() === "true";
