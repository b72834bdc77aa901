/**
 * Fields by their numbers in protobuf (generated.proto of k8s.io/api and k8s.io/apimachinery), of the kinds that `kubectl create` sends in
 * that form. Behind a name stands its type, a text where none does. `[]` before it: repeated; `{}` around it: a map; `?` behind it: a pointer, of
 * which an empty value means something. `...` in place of a name: embedded, its fields are those of the message around it. `ignored`: the server
 * leaves it out of what is created.
 */
export const TYPES: Readonly<Record<string, string>> = {
  ObjectMeta:
    "1 name, 2 generateName, 3 namespace, 4 selfLink, 5 uid, 6 resourceVersion, 7 generation int, 8 creationTimestamp Time, 9 deletionTimestamp Time, 10 deletionGracePeriodSeconds int?, 11 labels {}, 12 annotations {}, 13 ownerReferences []OwnerReference, 14 finalizers []",
  OwnerReference: "1 kind, 3 name, 4 uid, 5 apiVersion, 6 controller bool?, 7 blockOwnerDeletion bool?",
  LabelSelector: "1 matchLabels {}, 2 matchExpressions []LabelSelectorRequirement",
  LabelSelectorRequirement: "1 key, 2 operator, 3 values []",
  Time: "1 seconds int, 2 nanos int",

  Namespace: "1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status ignored",
  NamespaceSpec: "1 finalizers []",
  ConfigMap: "1 metadata ObjectMeta, 2 data {}, 3 binaryData {bytes}, 4 immutable bool?",
  Secret: "1 metadata ObjectMeta, 2 data {bytes}, 3 type, 4 stringData {}, 5 immutable bool?",
  ServiceAccount: "1 metadata ObjectMeta, 4 automountServiceAccountToken bool?",
  Service: "1 metadata ObjectMeta, 2 spec ServiceSpec, 3 status ignored",
  ServiceSpec:
    "1 ports []ServicePort, 2 selector {}, 3 clusterIP, 4 type, 5 externalIPs [], 7 sessionAffinity, 8 loadBalancerIP, 9 loadBalancerSourceRanges [], 10 externalName, 11 externalTrafficPolicy, 12 healthCheckNodePort int, 13 publishNotReadyAddresses bool, 18 clusterIPs [], 19 ipFamilies []",
  ServicePort: "1 name, 2 protocol, 3 port int, 4 targetPort IntOrString, 5 nodePort int, 6 appProtocol text?",
  IntOrString: "1 type int, 2 intVal int, 3 strVal",
  Quantity: "1 string",

  Deployment: "1 metadata ObjectMeta, 2 spec DeploymentSpec, 3 status ignored",
  DeploymentSpec:
    "1 replicas int?, 2 selector LabelSelector?, 3 template PodTemplateSpec, 4 strategy DeploymentStrategy, 5 minReadySeconds int, 6 revisionHistoryLimit int?, 7 paused bool, 9 progressDeadlineSeconds int?",
  DeploymentStrategy: "1 type",
  Job: "1 metadata ObjectMeta, 2 spec JobSpec, 3 status ignored",
  JobSpec:
    "1 parallelism int?, 2 completions int?, 3 activeDeadlineSeconds int?, 4 selector LabelSelector?, 5 manualSelector bool?, 6 template PodTemplateSpec, 7 backoffLimit int?, 8 ttlSecondsAfterFinished int?, 9 completionMode text?, 10 suspend bool?",
  CronJob: "1 metadata ObjectMeta, 2 spec CronJobSpec, 3 status ignored",
  CronJobSpec:
    "1 schedule, 2 startingDeadlineSeconds int?, 3 concurrencyPolicy, 4 suspend bool?, 5 jobTemplate JobTemplateSpec, 6 successfulJobsHistoryLimit int?, 7 failedJobsHistoryLimit int?, 8 timeZone text?",
  JobTemplateSpec: "1 metadata ObjectMeta, 2 spec JobSpec",

  PodTemplateSpec: "1 metadata ObjectMeta, 2 spec PodSpec",
  PodSpec:
    "1 volumes []Volume, 2 containers []Container, 3 restartPolicy, 4 terminationGracePeriodSeconds int?, 5 activeDeadlineSeconds int?, 6 dnsPolicy, 7 nodeSelector {}, 8 serviceAccountName, 9 serviceAccount, 10 nodeName, 11 hostNetwork bool, 12 hostPID bool, 13 hostIPC bool, 14 securityContext PodSecurityContext?, 15 imagePullSecrets []LocalObjectReference, 16 hostname, 17 subdomain, 19 schedulerName, 20 initContainers []Container, 21 automountServiceAccountToken bool?, 22 tolerations []Toleration, 24 priorityClassName, 30 enableServiceLinks bool?",
  PodSecurityContext:
    "2 runAsUser int?, 3 runAsNonRoot bool?, 4 supplementalGroups []int, 5 fsGroup int?, 6 runAsGroup int?, 10 seccompProfile SeccompProfile?",
  SeccompProfile: "1 type, 2 localhostProfile text?",
  Toleration: "1 key, 2 operator, 3 value, 4 effect, 5 tolerationSeconds int?",
  LocalObjectReference: "1 name",
  Container:
    "1 name, 2 image, 3 command [], 4 args [], 5 workingDir, 6 ports []ContainerPort, 7 env []EnvVar, 8 resources ResourceRequirements, 9 volumeMounts []VolumeMount, 13 terminationMessagePath, 14 imagePullPolicy, 15 securityContext SecurityContext?, 16 stdin bool, 17 stdinOnce bool, 18 tty bool, 19 envFrom []EnvFromSource, 20 terminationMessagePolicy",
  ContainerPort: "1 name, 2 hostPort int, 3 containerPort int, 4 protocol, 5 hostIP",
  ResourceRequirements: "1 limits {Quantity}, 2 requests {Quantity}",
  SecurityContext:
    "1 capabilities Capabilities?, 2 privileged bool?, 4 runAsUser int?, 5 runAsNonRoot bool?, 6 readOnlyRootFilesystem bool?, 7 allowPrivilegeEscalation bool?, 8 runAsGroup int?, 11 seccompProfile SeccompProfile?",
  Capabilities: "1 add [], 2 drop []",
  EnvVar: "1 name, 2 value, 3 valueFrom EnvVarSource?",
  EnvVarSource: "1 fieldRef ObjectFieldSelector?, 3 configMapKeyRef KeySelector?, 4 secretKeyRef KeySelector?",
  ObjectFieldSelector: "1 apiVersion, 2 fieldPath",
  KeySelector: "1 ... LocalObjectReference, 2 key, 3 optional bool?",
  EnvFromSource: "1 prefix, 2 configMapRef OptionalReference?, 3 secretRef OptionalReference?",
  OptionalReference: "1 ... LocalObjectReference, 2 optional bool?",
  VolumeMount: "1 name, 2 readOnly bool, 3 mountPath, 4 subPath",
  Volume: "1 name, 2 ... VolumeSource",
  VolumeSource:
    "2 emptyDir EmptyDir?, 6 secret SecretVolume?, 10 persistentVolumeClaim ClaimVolume?, 19 configMap ConfigMapVolume?",
  EmptyDir: "1 medium",
  SecretVolume: "1 secretName, 2 items []KeyToPath, 3 defaultMode int?, 4 optional bool?",
  ConfigMapVolume: "1 ... LocalObjectReference, 2 items []KeyToPath, 3 defaultMode int?, 4 optional bool?",
  KeyToPath: "1 key, 2 path, 3 mode int?",
  ClaimVolume: "1 claimName, 2 readOnly bool",

  Role: "1 metadata ObjectMeta, 2 rules []PolicyRule",
  ClusterRole: "1 metadata ObjectMeta, 2 rules []PolicyRule",
  PolicyRule: "1 verbs [], 2 apiGroups [], 3 resources [], 4 resourceNames [], 5 nonResourceURLs []",
  RoleBinding: "1 metadata ObjectMeta, 2 subjects []Subject, 3 roleRef RoleRef",
  ClusterRoleBinding: "1 metadata ObjectMeta, 2 subjects []Subject, 3 roleRef RoleRef",
  Subject: "1 kind, 2 apiGroup, 3 name, 4 namespace",
  RoleRef: "1 apiGroup, 2 kind, 3 name",
  SelfSubjectAccessReview: "1 metadata ObjectMeta, 2 spec ReviewSpec, 3 status ignored",
  ReviewSpec: "1 resourceAttributes ResourceAttributes?, 2 nonResourceAttributes NonResourceAttributes?",
  ResourceAttributes: "1 namespace, 2 verb, 3 group, 4 version, 5 resource, 6 subresource, 7 name",
  NonResourceAttributes: "1 path, 2 verb",
};

/** Those that stand at the beginning of a body. */
export const KINDS: readonly string[] = [
  "Namespace",
  "ConfigMap",
  "Secret",
  "ServiceAccount",
  "Service",
  "Deployment",
  "Job",
  "CronJob",
  "Role",
  "ClusterRole",
  "RoleBinding",
  "ClusterRoleBinding",
  "SelfSubjectAccessReview",
];
