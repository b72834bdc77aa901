import { renewalText } from "../../steps/renewal-status.ts";
import type { ServiceStatus, Status } from "../../steps/status.ts";
import { entry, heading, type Look, legible } from "./look.ts";

const row = (look: Look, name: string, value: string): readonly string[] => entry(look, 2, name.padEnd(12), value);

/** One screen. */
export const statusText = (status: Status, look: Look): string => {
  const { knative, ingress, url, address, records, certificate, renewal, problems } = status;
  const lines = [
    ...heading(look, `${status.context} (${status.server}), Kubernetes ${status.kubernetes}`),
    ...row(
      look,
      "Knative",
      knative ? `${knative.version}${knative.byKnBootstrap ? "" : ", not installed by kn-bootstrap"}` : "not installed",
    ),
    ...(ingress
      ? row(look, "Ingress", `${ingress.id}${ingress.version ? ` ${ingress.version}` : ""} (${ingress.className})`)
      : []),
    ...(url ? row(look, "URLs", url) : []),
    ...(address ? row(look, "Address", `${address.host}, by ${address.source}`) : []),
    ...records.flatMap(({ name, type, value }) => row(look, "Record", `${name} ${type} ${value}`)),
    ...(certificate
      ? row(
          look,
          "Certificate",
          `${certificate.names.join(", ")}; ${certificate.daysLeft} days left (until ${certificate.notAfter.slice(0, 10)}), by ${certificate.issuer}`,
        )
      : []),
    ...(renewal ? row(look, "Renewal", renewalText(renewal)) : []),
    ...(knative
      ? row(look, "Health", problems.length === 0 ? "every Deployment is available" : problems.join("; "))
      : []),
  ];
  return `${lines.join("\n")}\n`;
};

/** A table: URL, readiness, pods. */
export const servicesText = (services: readonly ServiceStatus[], look: Look): string => {
  if (services.length === 0) return "No Knative Services.\n";
  const cells = services.map(({ namespace, name, url, ready, reason, pods }) => [
    `${namespace}/${name}`,
    ready ? "ready" : `not ready${reason ? `: ${reason}` : ""}`,
    pods === 0 ? "scaled to zero" : `${pods} ${pods === 1 ? "pod" : "pods"}`,
    url,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return `${cells
    .map(
      (row) =>
        `  ${row
          .map((cell, column) => legible(cell, look).padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}`,
    )
    .join("\n")}\n`;
};
