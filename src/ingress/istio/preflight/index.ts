import type { Check } from "../../../core/check.ts";
import type { Intent } from "../../provider.ts";
import { ownerKnown } from "../preflight.ts";
import { oneCertificateForm } from "./certificate-forms.ts";
import { oneServiceProbed } from "./probed-service.ts";
import { servicesNamed, settingsReadable } from "./settings.ts";
import { oneSource, portFree } from "./shared-port.ts";

/** The pods of the release's own gateway. */
const GATEWAY = { app: "istio-ingressgateway", istio: "ingressgateway" };

export const preflight = ({ versions, servesTls }: Intent): readonly Check[] => {
  const version = versions["net-istio"];
  return [
    ownerKnown(),
    settingsReadable(version),
    servicesNamed(version),
    oneServiceProbed(version),
    oneCertificateForm(version),
    oneSource(),
    ...(servesTls ? [portFree({ labels: GATEWAY })] : []),
  ];
};
