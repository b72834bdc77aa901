/** Deployments, ReplicaSets, DaemonSets, StatefulSets, Jobs and CronJobs. */

import type { Obj } from "../../types.ts";
import { FIELDS_SINCE } from "../ages.ts";
import type { Fields } from "../json.ts";
import { equal, fieldsOf, fill, isFields } from "../json.ts";
import type { Rules } from "../resource.ts";
import { matchesLabelSelector } from "../selectors.ts";
import type { FieldError } from "../status.ts";
import { immutable, required, wrong, wrongText } from "../status.ts";
import { goTemplate } from "./go-template.ts";
import { nameIsSubdomain } from "./names.ts";
import { defaultTemplate, podSpecErrors } from "./pods.ts";

function templateErrors(object: Obj): FieldError[] {
  const spec = fieldsOf(object.spec);
  const labels = fieldsOf(fieldsOf(fieldsOf(spec.template).metadata).labels) as Record<string, string>;
  const errors: FieldError[] = [];
  if (!isFields(spec.selector)) errors.push(required("spec.selector"));
  else if (!matchesLabelSelector(spec.selector, labels))
    errors.push(wrong("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
  return [...errors, ...podSpecErrors(fieldsOf(spec.template).spec, "spec.template.spec")];
}

const selectorErrors = (object: Obj, old: Obj | undefined): FieldError[] =>
  old && !equal(object.spec?.selector, old.spec?.selector) ? [immutable("spec.selector", object.spec?.selector)] : [];

const validate = (object: Obj, old: Obj | undefined): FieldError[] => [
  ...templateErrors(object),
  ...selectorErrors(object, old),
];

export const deploymentRules: Rules = {
  name: nameIsSubdomain,
  defaults: (draft) => {
    const spec = fieldsOf(draft.spec);
    fill(spec, { replicas: 1, strategy: {}, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
    const strategy = fieldsOf(spec.strategy);
    fill(strategy, { type: "RollingUpdate" });
    if (strategy.type === "RollingUpdate") {
      fill(strategy, { rollingUpdate: {} });
      fill(fieldsOf(strategy.rollingUpdate), { maxUnavailable: "25%", maxSurge: "25%" });
    }
    defaultTemplate(spec.template);
  },
  validate,
  generation: (object) => [object.spec, object.metadata.annotations],
  statusKeeps: ["labels"],
};

export const replicaSetRules: Rules = {
  name: nameIsSubdomain,
  defaults: (draft) => {
    fill(fieldsOf(draft.spec), { replicas: 1 });
    defaultTemplate(draft.spec?.template);
  },
  validate,
  generation: (object) => object.spec,
};

export const daemonSetRules: Rules = {
  name: nameIsSubdomain,
  defaults: (draft) => {
    const spec = fieldsOf(draft.spec);
    fill(spec, { revisionHistoryLimit: 10, updateStrategy: {} });
    const strategy = fieldsOf(spec.updateStrategy);
    fill(strategy, { type: "RollingUpdate" });
    if (strategy.type === "RollingUpdate") {
      fill(strategy, { rollingUpdate: {} });
      fill(fieldsOf(strategy.rollingUpdate), { maxUnavailable: 1, maxSurge: 0 });
    }
    defaultTemplate(spec.template);
  },
  validate,
  generation: (object) => object.spec,
};

export const statefulSetRules: Rules = {
  name: nameIsSubdomain,
  defaults: (draft) => {
    const spec = fieldsOf(draft.spec);
    fill(spec, {
      replicas: 1,
      revisionHistoryLimit: 10,
      podManagementPolicy: "OrderedReady",
      updateStrategy: {},
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    });
    const strategy = fieldsOf(spec.updateStrategy);
    fill(strategy, { type: "RollingUpdate" });
    if (strategy.type === "RollingUpdate") {
      fill(strategy, { rollingUpdate: {} });
      fill(fieldsOf(strategy.rollingUpdate), { partition: 0 });
    }
    defaultTemplate(spec.template);
  },
  validate,
  generation: (object) => object.spec,
};

function defaultJobSpec(spec: Fields, minor: number): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  fill(spec, { parallelism: 1, backoffLimit: 6, completionMode: "NonIndexed", suspend: false, manualSelector: false });
  if (minor >= (FIELDS_SINCE["JobSpec.podReplacementPolicy"] ?? 0))
    fill(spec, { podReplacementPolicy: spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed" });
  // The pod default Always is not for Jobs: it is put in and then refused, so absence has to be seen first.
  const template = fieldsOf(fieldsOf(spec.template).spec);
  const policy = template.restartPolicy;
  defaultTemplate(spec.template);
  if (policy === undefined) delete template.restartPolicy;
}

/** Selector and labels that tie a Job to its pods, from its uid. */
function labelJob(draft: Obj): void {
  const spec = fieldsOf(draft.spec);
  if (spec.manualSelector === true) return;
  const uid = String(draft.metadata.uid);
  const { name } = draft.metadata;
  const labels = {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  };
  draft.metadata.labels = { ...draft.metadata.labels, ...labels };
  const template = fieldsOf(spec.template);
  const metadata = fieldsOf(template.metadata);
  template.metadata = { ...metadata, labels: { ...fieldsOf(metadata.labels), ...labels } };
  spec.selector = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
}

export const jobRules = (minor: number): Rules => ({
  name: nameIsSubdomain,
  orphansByDefault: true,
  applyAlwaysWrites: true,
  defaults: (draft) => defaultJobSpec(fieldsOf(draft.spec), minor),
  prepare: (draft, old) => {
    if (!old) labelJob(draft);
    else {
      // An applied or replaced manifest does not repeat what the server generated.
      const spec = fieldsOf(draft.spec);
      if (spec.selector === undefined || spec.selector === null) spec.selector = old.spec?.selector;
    }
  },
  validate: (object, old) => {
    const spec = fieldsOf(object.spec);
    const template = fieldsOf(spec.template);
    const errors = podSpecErrors(template.spec, "spec.template.spec");
    const policy = fieldsOf(template.spec).restartPolicy;
    if (policy !== "Never" && policy !== "OnFailure")
      errors.push(required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"'));
    if (!old) return errors;
    for (const field of ["completions", "selector"] as const)
      if (!equal(spec[field], old.spec?.[field])) errors.push(immutable(`spec.${field}`, spec[field]));
    if (!equal(template, old.spec?.template) && old.spec?.suspend !== true)
      errors.push(wrongText("spec.template", goTemplate(template), "field is immutable"));
    return errors;
  },
  generation: (object) => object.spec,
  fieldSelectors: { "status.successful": (job) => String(job.status?.succeeded ?? 0) },
});

export const cronJobRules: Rules = {
  name: nameIsSubdomain,
  defaults: (draft) => {
    const spec = fieldsOf(draft.spec);
    fill(spec, {
      concurrencyPolicy: "Allow",
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    const job = fieldsOf(fieldsOf(spec.jobTemplate).spec);
    const template = fieldsOf(fieldsOf(job.template).spec);
    const policy = template.restartPolicy;
    defaultTemplate(job.template);
    if (policy === undefined) delete template.restartPolicy;
  },
  validate: (object) => {
    const spec = fieldsOf(object.spec);
    const errors: FieldError[] = spec.schedule ? [] : [required("spec.schedule")];
    const template = fieldsOf(fieldsOf(fieldsOf(fieldsOf(spec.jobTemplate).spec).template).spec);
    errors.push(...podSpecErrors(template, "spec.jobTemplate.spec.template.spec"));
    if (template.restartPolicy !== "Never" && template.restartPolicy !== "OnFailure")
      errors.push(required("spec.jobTemplate.spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"'));
    return errors;
  },
  generation: (object) => object.spec,
};
