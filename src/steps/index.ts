import { hasTls } from "../certificates/index.ts";
import type { Reached } from "../checks/proven.ts";
import type { Step } from "../core/step.ts";
import { certManager, clusterIssuer, routeTls, usesCertManager } from "./cert-manager/index.ts";
import { domain } from "./domain/index.ts";
import { certificate, gatewayTls, noTls } from "./gateway-certificate/index.ts";
import { address, ingress } from "./ingress/index.ts";
import type { Installation, Removal } from "./installation.ts";
import { proof } from "./proof/index.ts";
import { keepReached } from "./proof/reached.ts";
import { records } from "./records/index.ts";
import { cronRemoval } from "./renewal/step.ts";
import { admission, core, crds, draining, hpa, namespaces, resources, webhook } from "./serving/index.ts";
import { givenBack, state } from "./state/index.ts";
import { workloads } from "./workloads/index.ts";

/**
 * The installation, in order. A step starts as soon as the steps it needs are done, so what is independent runs at once;
 * `uninstall` is the same list with the goal "absent", backwards.
 */
export const steps = (install: Installation, removal?: Removal): readonly Step[] => [
  state(install, removal), //     the namespace kn-bootstrap, and what was chosen
  namespaces(install), //         knative-serving, kourier-system
  crds(install), //               Knative's kinds, waited for by name
  core(install), //               Knative Serving, its configuration already in
  webhook(install), //            … runs, and its webhook really answers
  resources(install), //          objects that only this webhook lets in
  hpa(install), //                the HPA autoscaler, on request
  ingress(install), //            the gateway and its controller
  address(install), //            where the gateway can be reached
  ...(install.dns ? [records(install, install.dns)] : []), // names that lead to that address
  domain(install), //             one default domain, ours
  ...(usesCertManager(install) || removal
    ? [
        certManager(install), //  for each Route that Knative makes
        clusterIssuer(install, removal), // told whom to ask, and how to prove that the domain is ours
      ]
    : []),
  ...(usesCertManager(install)
    ? [routeTls(install)] //      Knative asks it
    : hasTls(install.config)
      ? [
          certificate(install), //  for every URL that Knative will print
          gatewayTls(install), //   served, https in every URL, http redirected
        ]
      : [noTls(install)]),
  ...proved(install), //          a temporary Service answers like a user's will
  // For the way back: the CronJob first, other people's values, and their workloads before what they need.
  ...(removal
    ? [givenBack(), draining(), workloads(removal), admission(), cronRemoval(["admission", "given-back"])]
    : []),
];

/** With node ports, what the proof has found is kept for every URL from then on. */
const proved = (install: Installation): readonly Step[] => {
  if (install.config.expose !== "nodeport") return [proof(install)];
  const reached: Reached = {};
  return [proof(install, { reached }), keepReached(install, reached)];
};
