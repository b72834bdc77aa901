import type { Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import { horizontalPodAutoscalers } from "./autoscalers.ts";
import { claims } from "./claims.ts";
import type { CronJobs } from "./cron-jobs.ts";
import { deployments } from "./deployments.ts";
import { disruptionBudgets } from "./disruption-budgets.ts";
import { endpointMirrors } from "./endpoint-mirrors.ts";
import { endpointSlices } from "./endpoint-slices.ts";
import { endpoints } from "./endpoints.ts";
import { jobs } from "./jobs.ts";
import { type KubeletOptions, kubelet } from "./kubelet.ts";
import { type LoadBalancer, loadBalancers } from "./load-balancers.ts";
import { daemonSets, statefulSets } from "./pod-sets.ts";
import { replicaSets } from "./replica-sets.ts";
import { scheduler } from "./scheduler.ts";

/** Kubernetes' own controllers, scheduler and kubelet, as far as workloads need them. */
export const kubernetesControllers = (
  stage: Stage,
  options: KubeletOptions & { readonly loadBalancer: LoadBalancer; readonly cronJobs: CronJobs },
): readonly Reconciler[] => [
  deployments(stage),
  replicaSets(stage),
  statefulSets(stage),
  daemonSets(stage),
  claims(stage),
  jobs(stage),
  options.cronJobs.reconciler,
  scheduler(stage),
  kubelet(stage, options),
  endpointSlices(stage),
  endpoints(stage),
  endpointMirrors(stage),
  loadBalancers(stage, options.loadBalancer),
  horizontalPodAutoscalers(stage),
  disruptionBudgets(stage),
];
