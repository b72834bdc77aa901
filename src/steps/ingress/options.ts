import { CHANGING, CHOOSING, type OptionRow } from "../../config/option.ts";
import { hostOrAddress, serviceName } from "../../config/syntax.ts";
import { ids as ingressIds } from "../../ingress/index.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "ingress", kind: "choice", choices: ingressIds, group: "Ingress and domain", commands: CHOOSING, default: "kourier", help: "Network layer", means: () => "Another gateway takes over, at another address; the plan says for how long URLs do not answer." },
  { key: "istioGateway", kind: "text", value: "NAMESPACE/NAME", syntax: serviceName, belongsTo: ["ingress"], group: "Ingress and domain", commands: ["install", "plan", "rehearse"], unset: "the only one there is", help: "Service of the gateway, in an Istio that is there already", means: () => "Knative's Gateways, its Service for names inside the cluster and config-istio go to that gateway." },
  { key: "profile", kind: "choice", choices: ["standard", "small"], belongsTo: ["ingress"], group: "Ingress and domain", commands: CHANGING, default: "standard", help: "Size of the ingress and of Elasticsearch; small is for a laptop, with --ingress istio or --logging elasticsearch", means: () => "The gateway and what steers it, and Elasticsearch, get other replicas and resources." },
  { key: "expose", kind: "choice", choices: ["loadbalancer", "nodeport"], group: "Ingress and domain", commands: CHANGING, default: "loadbalancer", help: "How the gateway is reached; nodeport uses 31080 and 31443", means: () => "The gateway's Service changes its type, and with it its address and ports." },
  { key: "address", kind: "text", value: "HOST", syntax: hostOrAddress, belongsTo: ["expose"], group: "Ingress and domain", commands: CHANGING, unset: "what the cluster says", help: "IP address or host name of the gateway, where the cluster cannot tell", means: () => "Records, and names made from the address, lead there." },
] as const satisfies readonly OptionRow[];
