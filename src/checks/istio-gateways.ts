import { namespacesSeen } from "../ingress/istio/preflight/members.ts";
import { secretsReadable } from "../ingress/istio/preflight/secret-rights.ts";
import { oneSource, portFree } from "../ingress/istio/preflight/shared-port.ts";
import { FOUND_BY } from "./found.ts";
import { healthCheck, type Reading } from "./health-check.ts";
import { ISTIO_FOUND_BY, whereIstioServes } from "./istio.ts";

/** Whose gateway it is matters to these: what else is on its pods, and what Istio lets it have. */

const GATEWAYS_FOUND_BY = [
  ...FOUND_BY,
  ...ISTIO_FOUND_BY,
  "Gateway.networking.istio.io",
] as const satisfies readonly Reading[];

const istioMembers = healthCheck({
  id: "istio.members",
  title: namespacesSeen.title,
  needs: ["knative.installed"],
  reads: [...FOUND_BY, ...ISTIO_FOUND_BY, "ServiceMeshControlPlane.maistra.io", "ServiceMeshMemberRoll.maistra.io"],
  meaning:
    "A control plane of OpenShift Service Mesh 2 looks at the namespaces of its member roll and at no others: what Knative says of its Routes does not reach the gateway.",
  todo: "Add knative-serving, kn-bootstrap and the namespaces of your Services to the ServiceMeshMemberRoll.",
  run: whereIstioServes(namespacesSeen),
});

const istioSharedPort = healthCheck({
  id: "istio.shared-port",
  title: portFree().title,
  needs: ["istio.owner"],
  reads: GATEWAYS_FOUND_BY,
  meaning:
    "Two Gateways have a TLS server for the same host on the same pods. Istio drops the one of the younger Gateway whole, and says so in its own log alone (istioctl analyze: IST0145).",
  todo: "Let the other Gateway have only the names that it is for.",
  run: whereIstioServes(portFree()),
});

const istioCertificateSource = healthCheck({
  id: "istio.certificate-source",
  title: oneSource().title,
  needs: ["istio.owner"],
  reads: GATEWAYS_FOUND_BY,
  meaning: "Istio 1.27 and newer refuse such a server, and with it every change of its Gateway.",
  todo: "Leave one of them: `credentialName`, or `serverCertificate` and `privateKey`.",
  run: whereIstioServes(oneSource()),
});

const istioSecretRights = healthCheck({
  id: "istio.secret-rights",
  title: secretsReadable().title,
  needs: ["istio.owner"],
  reads: [
    ...GATEWAYS_FOUND_BY,
    "RoleBinding.rbac.authorization.k8s.io",
    "ClusterRoleBinding.rbac.authorization.k8s.io",
    "Role.rbac.authorization.k8s.io",
    "ClusterRole.rbac.authorization.k8s.io",
  ],
  meaning: "Istio gives a gateway a certificate only where its ServiceAccount may list Secrets in its namespace.",
  todo: "Give the ServiceAccount a Role with get, watch and list of Secrets there.",
  run: whereIstioServes(secretsReadable()),
});

export const istioGatewayChecks = [istioMembers, istioSharedPort, istioCertificateSource, istioSecretRights] as const;
