/** Services, EndpointSlices and what they are allocated (pkg/registry/core/service). */

import type { Obj } from "../../types.ts";
import type { Fields } from "../json.ts";
import { equal, fieldsOf, fill, listOf, objectsOf } from "../json.ts";
import type { Rules } from "../resource.ts";
import type { FieldError } from "../status.ts";
import { required, unsupported, wrong } from "../status.ts";
import type { Store } from "../store.ts";
import { nameIsDns1035, nameIsSubdomain } from "./names.ts";

const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;

function defaultService(draft: Obj): void {
  const spec = fieldsOf(draft.spec);
  fill(spec, { sessionAffinity: "None", type: "ClusterIP" });
  if (spec.sessionAffinity === "ClientIP")
    fill(spec, { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } });
  for (const port of objectsOf(spec.ports)) {
    fill(port, { protocol: "TCP" });
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === "") port.targetPort = port.port;
  }
  if (exposesNodePorts(spec)) fill(spec, { externalTrafficPolicy: "Cluster" });
  if (spec.type !== "ExternalName") fill(spec, { internalTrafficPolicy: "Cluster" });
  if (spec.type === "LoadBalancer") fill(spec, { allocateLoadBalancerNodePorts: true });
  for (const ingress of objectsOf(fieldsOf(fieldsOf(draft.status).loadBalancer).ingress))
    if (ingress.ip !== undefined) fill(ingress, { ipMode: "VIP" });
}

const exposesNodePorts = (spec: Fields): boolean => spec.type === "NodePort" || spec.type === "LoadBalancer";

/** Fields of another type that were not asked for again go away with it. */
function dropUnused(draft: Obj, old: Obj): void {
  const spec = fieldsOf(draft.spec);
  const before = fieldsOf(old.spec);
  if (spec.type === before.type) return;
  if (!exposesNodePorts(spec)) {
    if (spec.externalTrafficPolicy === before.externalTrafficPolicy) delete spec.externalTrafficPolicy;
    const taken = new Set(objectsOf(before.ports).map((port) => port.nodePort));
    for (const port of objectsOf(spec.ports)) if (taken.has(port.nodePort)) delete port.nodePort;
  }
  if (spec.type !== "LoadBalancer") {
    delete spec.allocateLoadBalancerNodePorts;
    draft.status = { ...fieldsOf(draft.status), loadBalancer: {} };
  }
  if (spec.type === "ExternalName")
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"])
      delete spec[field];
}

function allocate(draft: Obj, old: Obj | undefined, store: Store): void {
  const spec = fieldsOf(draft.spec);
  const before = fieldsOf(old?.spec);
  if (old) {
    // What was allocated stays when the request leaves it out.
    if (before.type !== "ExternalName" && spec.type !== "ExternalName")
      for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
        if (spec[field] === undefined) spec[field] = before[field];
    const ports = new Map(objectsOf(before.ports).map((port) => [`${port.port}/${port.protocol}`, port.nodePort]));
    if (exposesNodePorts(spec))
      for (const port of objectsOf(spec.ports))
        if (port.nodePort === undefined) {
          const known = ports.get(`${port.port}/${port.protocol}`);
          if (known !== undefined) port.nodePort = known;
        }
    dropUnused(draft, old);
  }
  if (spec.type !== "ExternalName") {
    if (!spec.clusterIP) spec.clusterIP = spec.clusterIPs === undefined ? freeIp(store) : listOf(spec.clusterIPs)[0];
    if (spec.clusterIPs === undefined || (old && !equal(listOf(spec.clusterIPs)[0], spec.clusterIP)))
      spec.clusterIPs = [spec.clusterIP];
    fill(spec, { ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
  }
  if (exposesNodePorts(spec) && spec.allocateLoadBalancerNodePorts !== false) {
    const used = usedNodePorts(store, draft);
    for (const port of objectsOf(spec.ports))
      if (port.nodePort === undefined) {
        let free = FIRST_NODE_PORT;
        while (used.has(free)) free++;
        used.add(free);
        port.nodePort = free;
      }
  }
}

const servicesIn = (store: Store): readonly Obj[] => store.list("/services");

function freeIp(store: Store): string {
  const used = new Set(servicesIn(store).map((service) => service.spec?.clusterIP));
  for (let n = 10; ; n++) {
    const ip = `10.96.${n >> 8}.${n & 255}`;
    if (!used.has(ip)) return ip;
  }
}

function usedNodePorts(store: Store, except: Obj): Set<number> {
  const used = new Set<number>();
  for (const service of servicesIn(store)) {
    if (service.metadata.uid === except.metadata.uid) continue;
    for (const port of objectsOf(service.spec?.ports)) if (typeof port.nodePort === "number") used.add(port.nodePort);
  }
  return used;
}

function serviceErrors(object: Obj, old: Obj | undefined, store: Store): FieldError[] {
  const spec = fieldsOf(object.spec);
  const errors: FieldError[] = [];
  const ports = objectsOf(spec.ports);
  if (ports.length === 0 && spec.type !== "ExternalName" && spec.clusterIP !== "None")
    errors.push(required("spec.ports"));
  if (spec.type === "ExternalName" && !spec.externalName)
    errors.push(required("spec.externalName", "ExternalName services must have an externalName"));
  // All Services are looked through for it: where none is asked for, for nothing.
  const used = ports.some(({ nodePort }) => nodePort !== undefined) ? usedNodePorts(store, object) : new Set();
  ports.forEach((port, index) => {
    const path = `spec.ports[${index}]`;
    if (ports.length > 1 && !port.name) errors.push(required(`${path}.name`));
    const { port: number, nodePort } = port;
    if (typeof number !== "number" || number < 1 || number > 65_535)
      errors.push(wrong(`${path}.port`, number, "must be between 1 and 65535, inclusive"));
    if (typeof nodePort !== "number") return;
    if (nodePort < FIRST_NODE_PORT || nodePort > LAST_NODE_PORT)
      errors.push(
        wrong(
          `${path}.nodePort`,
          nodePort,
          `provided port is not in the valid range. The range of valid ports is ${FIRST_NODE_PORT}-${LAST_NODE_PORT}`,
        ),
      );
    else if (used.has(nodePort)) errors.push(wrong(`${path}.nodePort`, nodePort, "provided port is already allocated"));
  });
  const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
  if (!types.includes(String(spec.type))) errors.push(unsupported("spec.type", spec.type, types));
  const before = fieldsOf(old?.spec);
  if (
    before.clusterIP &&
    spec.type !== "ExternalName" &&
    before.type !== "ExternalName" &&
    spec.clusterIP !== before.clusterIP
  )
    errors.push(wrong("spec.clusterIPs[0]", spec.clusterIPs, "may not change once set"));
  return errors;
}

export const serviceRules: Rules = {
  name: nameIsDns1035,
  returnsDeleted: true,
  defaults: defaultService,
  prepare: allocate,
  validate: serviceErrors,
};

const IP = /^((\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]*:[0-9a-fA-F:.]+)$/;

export const endpointSliceRules: Rules = {
  name: nameIsSubdomain,
  defaults: (draft) => {
    for (const port of objectsOf(draft.ports)) fill(port, { name: "", protocol: "TCP" });
  },
  validate: (object) => {
    const errors: FieldError[] = [];
    if (object.addressType === "") errors.push(required("addressType"));
    objectsOf(object.endpoints).forEach((endpoint, index) => {
      listOf(endpoint.addresses).forEach((address, place) => {
        if (object.addressType !== "FQDN" && !IP.test(String(address)))
          errors.push(
            wrong(
              `endpoints[${index}].addresses[${place}]`,
              address,
              "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            ),
          );
      });
    });
    return errors;
  },
  generation: (object) => [object.endpoints, object.ports, object.metadata.labels],
};

const HOSTNAME = "kubernetes.io/hostname";
const ZONE = "topology.kubernetes.io/zone";

/** discovery.k8s.io/v1beta1 says in `topology` where an endpoint is (pkg/apis/discovery/v1beta1/conversion.go). */
export function sliceToBeta(stored: Obj): Obj {
  const endpoints = objectsOf(stored.endpoints).map(({ nodeName, zone, ...endpoint }) => ({
    ...endpoint,
    topology: {
      ...(nodeName === undefined ? {} : { [HOSTNAME]: nodeName }),
      ...(zone === undefined ? {} : { [ZONE]: zone }),
    },
  }));
  return { ...stored, apiVersion: "discovery.k8s.io/v1beta1", endpoints };
}

export function sliceFromBeta(object: Obj): Obj {
  const endpoints = objectsOf(object.endpoints).map(({ topology, ...endpoint }) => {
    const { [HOSTNAME]: nodeName, [ZONE]: zone } = fieldsOf(topology);
    return { ...endpoint, ...(nodeName === undefined ? {} : { nodeName }), ...(zone === undefined ? {} : { zone }) };
  });
  return { ...object, apiVersion: "discovery.k8s.io/v1", endpoints };
}
