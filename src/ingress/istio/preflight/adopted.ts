import type { Check } from "../../../core/check.ts";
import type { Intent } from "../../provider.ts";
import type { FoundGateway } from "../found.ts";
import { hostOf } from "../leading.ts";
import { SHARED } from "../names.ts";
import { ownerKnown } from "../preflight.ts";
import { oneCertificateForm } from "./certificate-forms.ts";
import { namespacesSeen } from "./members.ts";
import { oneServiceProbed } from "./probed-service.ts";
import { secretsReadable } from "./secret-rights.ts";
import { servicesNamed, settingsReadable } from "./settings.ts";
import { oneSource, portFree } from "./shared-port.ts";

/** Before Knative is led to a gateway of somebody else. */
export const adoptedPreflight = (gateway: FoundGateway, { versions, servesTls }: Intent): readonly Check[] => {
  const version = versions["net-istio"];
  const { namespace = "", name } = SHARED;
  return [
    ownerKnown(gateway.id),
    namespacesSeen,
    settingsReadable(version),
    servicesNamed(version),
    oneServiceProbed(version, { namespace, name, service: hostOf(gateway), selector: gateway.selector }),
    oneCertificateForm(version),
    oneSource(gateway),
    ...(servesTls ? [portFree(gateway), secretsReadable(gateway)] : []),
  ];
};
