/** Every built-in resource the server serves. */

import { ENDPOINTS_DEPRECATED_SINCE, flowControl, sinceBeta } from "../ages.ts";
import { fieldsAt } from "../apply/field-set.ts";
import { limitRangeRules } from "../plugins/limit-ranges.ts";
import type { Resource, Rules, ScalePaths, Subresource } from "../resource.ts";
import { builtin } from "../schema/builtin.ts";
import { decode } from "../schema/decode.ts";
import {
  claimRules,
  configMapRules,
  eventRules,
  leaseRules,
  namespaceRules,
  secretRules,
  serviceAccountRules,
} from "./core.ts";
import { apiServiceRules, definitionRules } from "./definitions.ts";
import { nameIsSubdomain } from "./names.ts";
import { podRules } from "./pods.ts";
import {
  autoscalerFromV1,
  autoscalerRules,
  autoscalerToV1,
  budgetRules,
  ingressRules,
  networkPolicyRules,
} from "./policy.ts";
import { bindingRules, roleRules } from "./rbac.ts";
import { endpointSliceRules, serviceRules, sliceFromBeta, sliceToBeta } from "./services.ts";
import { mutatingWebhookRules, validatingWebhookRules } from "./webhooks.ts";
import {
  cronJobRules,
  daemonSetRules,
  deploymentRules,
  jobRules,
  replicaSetRules,
  statefulSetRules,
} from "./workloads.ts";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const SCALE: ScalePaths = {
  specReplicas: ["spec", "replicas"],
  statusReplicas: ["status", "replicas"],
  selector: ["spec", "selector"],
};

interface Row {
  readonly plural: string;
  readonly rules?: Rules;
  /** Name of the client library's model; `V1` + kind by default. */
  readonly model?: string;
  readonly cluster?: boolean;
  readonly short?: readonly string[];
  readonly categories?: readonly string[];
  readonly status?: boolean;
  readonly scale?: ScalePaths;
  readonly verbs?: readonly string[];
  readonly others?: readonly Subresource[];
  readonly extra?: Partial<Resource>;
}

function resourceOf(minor: number, group: string, version: string, kind: string, row: Row): Resource {
  const schema = builtin(row.model ?? `V1${kind}`, minor);
  const rules = row.rules ?? { name: nameIsSubdomain };
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const keeps = (rules.statusKeeps ?? []).map((field) => ["metadata", field]);
  return {
    group,
    version,
    kind,
    plural: row.plural,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    namespaced: row.cluster !== true,
    shortNames: row.short ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs ?? VERBS,
    status: row.status ?? false,
    ...(row.scale ? { scale: row.scale } : {}),
    others: row.others ?? [],
    schema,
    zero: { ...decode(schema, {}, []), kind, apiVersion, metadata: {} },
    rules,
    excluded: row.status ? fieldsAt(["status"]) : fieldsAt(),
    statusExcluded: fieldsAt(["spec"], ...keeps),
    ...row.extra,
  };
}

const all = ["all"];
const RBAC = "rbac.authorization.k8s.io";
const ADMISSION = "admissionregistration.k8s.io";

/** What a server of this minor serves, in the order discovery lists groups. */
export function builtinResources(minor: number): Resource[] {
  const resource = (group: string, version: string, kind: string, row: Row): Resource =>
    resourceOf(minor, group, version, kind, row);
  const review = (kind: string, model: string, plural: string, cluster = true): Resource =>
    resource("authorization.k8s.io", "v1", kind, {
      plural,
      model,
      cluster,
      verbs: ["create"],
      extra: { virtual: true },
    });
  return [
    resource("", "v1", "ConfigMap", { plural: "configmaps", short: ["cm"], rules: configMapRules }),
    resource("", "v1", "Endpoints", {
      plural: "endpoints",
      short: ["ep"],
      extra: {
        listKind: "EndpointsList",
        ...(minor >= ENDPOINTS_DEPRECATED_SINCE
          ? { deprecated: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice" }
          : {}),
      },
    }),
    resource("", "v1", "Event", { plural: "events", short: ["ev"], model: "CoreV1Event", rules: eventRules }),
    resource("", "v1", "LimitRange", { plural: "limitranges", short: ["limits"], rules: limitRangeRules }),
    resource("", "v1", "Namespace", {
      plural: "namespaces",
      short: ["ns"],
      cluster: true,
      status: true,
      verbs: VERBS.filter((verb) => verb !== "deletecollection"),
      others: [{ name: "finalize", kind: "Namespace", verbs: ["update"] }],
      rules: namespaceRules,
    }),
    resource("", "v1", "Node", { plural: "nodes", short: ["no"], cluster: true, status: true }),
    resource("", "v1", "PersistentVolumeClaim", {
      plural: "persistentvolumeclaims",
      short: ["pvc"],
      status: true,
      rules: claimRules,
    }),
    resource("", "v1", "PersistentVolume", { plural: "persistentvolumes", short: ["pv"], cluster: true, status: true }),
    resource("", "v1", "Pod", {
      plural: "pods",
      short: ["po"],
      categories: all,
      status: true,
      others: [
        { name: "log", kind: "Pod", verbs: ["get"] },
        { name: "portforward", kind: "PodPortForwardOptions", verbs: ["create", "get"] },
      ],
      rules: podRules,
    }),
    resource("", "v1", "ResourceQuota", { plural: "resourcequotas", short: ["quota"], status: true }),
    resource("", "v1", "Secret", { plural: "secrets", rules: secretRules }),
    resource("", "v1", "ServiceAccount", {
      plural: "serviceaccounts",
      short: ["sa"],
      others: [
        { name: "token", kind: "TokenRequest", verbs: ["create"], group: "authentication.k8s.io", version: "v1" },
      ],
      rules: serviceAccountRules,
    }),
    resource("", "v1", "Service", {
      plural: "services",
      short: ["svc"],
      categories: all,
      status: true,
      rules: serviceRules,
    }),

    resource("apps", "v1", "DaemonSet", {
      plural: "daemonsets",
      short: ["ds"],
      categories: all,
      status: true,
      rules: daemonSetRules,
    }),
    resource("apps", "v1", "Deployment", {
      plural: "deployments",
      short: ["deploy"],
      categories: all,
      status: true,
      scale: SCALE,
      rules: deploymentRules,
    }),
    resource("apps", "v1", "ReplicaSet", {
      plural: "replicasets",
      short: ["rs"],
      categories: all,
      status: true,
      scale: SCALE,
      rules: replicaSetRules,
    }),
    resource("apps", "v1", "StatefulSet", {
      plural: "statefulsets",
      short: ["sts"],
      categories: all,
      status: true,
      scale: SCALE,
      rules: statefulSetRules,
    }),

    resource("authentication.k8s.io", "v1", "SelfSubjectReview", {
      plural: "selfsubjectreviews",
      cluster: true,
      verbs: ["create"],
      extra: { virtual: true },
    }),
    review("LocalSubjectAccessReview", "V1LocalSubjectAccessReview", "localsubjectaccessreviews", false),
    review("SelfSubjectAccessReview", "V1SelfSubjectAccessReview", "selfsubjectaccessreviews"),
    review("SelfSubjectRulesReview", "V1SelfSubjectRulesReview", "selfsubjectrulesreviews"),
    review("SubjectAccessReview", "V1SubjectAccessReview", "subjectaccessreviews"),

    resource("autoscaling", "v2", "HorizontalPodAutoscaler", {
      plural: "horizontalpodautoscalers",
      model: "V2HorizontalPodAutoscaler",
      short: ["hpa"],
      categories: all,
      status: true,
      rules: autoscalerRules,
    }),
    resource("autoscaling", "v1", "HorizontalPodAutoscaler", {
      plural: "horizontalpodautoscalers",
      short: ["hpa"],
      categories: all,
      status: true,
      rules: autoscalerRules,
      extra: { convert: { from: autoscalerToV1, to: autoscalerFromV1 } },
    }),
    resource("batch", "v1", "CronJob", {
      plural: "cronjobs",
      short: ["cj"],
      categories: all,
      status: true,
      rules: cronJobRules,
    }),
    resource("batch", "v1", "Job", { plural: "jobs", categories: all, status: true, rules: jobRules(minor) }),
    ...flowControl(minor).flatMap((version) => [
      resource("flowcontrol.apiserver.k8s.io", version, "FlowSchema", {
        plural: "flowschemas",
        model: "V1FlowSchema",
        cluster: true,
        status: true,
      }),
      resource("flowcontrol.apiserver.k8s.io", version, "PriorityLevelConfiguration", {
        plural: "prioritylevelconfigurations",
        model: "V1PriorityLevelConfiguration",
        cluster: true,
        status: true,
      }),
    ]),
    resource("networking.k8s.io", "v1", "IngressClass", { plural: "ingressclasses", cluster: true }),
    resource("networking.k8s.io", "v1", "Ingress", {
      plural: "ingresses",
      short: ["ing"],
      status: true,
      rules: ingressRules,
    }),
    resource("networking.k8s.io", "v1", "NetworkPolicy", {
      plural: "networkpolicies",
      short: ["netpol"],
      rules: networkPolicyRules,
    }),
    ...sinceBeta(minor).map((version) =>
      resource("policy", version, "PodDisruptionBudget", {
        plural: "poddisruptionbudgets",
        model: "V1PodDisruptionBudget",
        short: ["pdb"],
        status: true,
        rules: budgetRules,
      }),
    ),
    resource(RBAC, "v1", "ClusterRoleBinding", { plural: "clusterrolebindings", cluster: true, rules: bindingRules }),
    resource(RBAC, "v1", "ClusterRole", { plural: "clusterroles", cluster: true, rules: roleRules }),
    resource(RBAC, "v1", "RoleBinding", { plural: "rolebindings", rules: bindingRules }),
    resource(RBAC, "v1", "Role", { plural: "roles", rules: roleRules }),
    resource("storage.k8s.io", "v1", "StorageClass", { plural: "storageclasses", short: ["sc"], cluster: true }),
    resource(ADMISSION, "v1", "MutatingWebhookConfiguration", {
      plural: "mutatingwebhookconfigurations",
      categories: ["api-extensions"],
      cluster: true,
      rules: mutatingWebhookRules,
    }),
    resource(ADMISSION, "v1", "ValidatingWebhookConfiguration", {
      plural: "validatingwebhookconfigurations",
      categories: ["api-extensions"],
      cluster: true,
      rules: validatingWebhookRules,
    }),
    resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", {
      plural: "customresourcedefinitions",
      short: ["crd", "crds"],
      categories: ["api-extensions"],
      cluster: true,
      status: true,
      rules: definitionRules,
    }),
    resource("apiregistration.k8s.io", "v1", "APIService", {
      plural: "apiservices",
      categories: ["api-extensions"],
      cluster: true,
      status: true,
      rules: apiServiceRules,
    }),
    resource("scheduling.k8s.io", "v1", "PriorityClass", { plural: "priorityclasses", short: ["pc"], cluster: true }),
    resource("coordination.k8s.io", "v1", "Lease", { plural: "leases", rules: leaseRules }),
    ...sinceBeta(minor).map((version) =>
      resource("discovery.k8s.io", version, "EndpointSlice", {
        plural: "endpointslices",
        model: "V1EndpointSlice",
        rules: endpointSliceRules,
        ...(version === "v1beta1" ? { extra: { convert: { from: sliceToBeta, to: sliceFromBeta } } } : {}),
      }),
    ),
  ];
}
