import { at, type KubeObject, textAt } from "../../ports/object.ts";
import type { Reading } from "../health-check.ts";

/** A name under which Knative says that something is reached. */
export interface GivenHost {
  readonly object: KubeObject;
  readonly host: string;
  readonly isHttps: boolean;
  /** Where it stands. */
  readonly field: string;
  /** Of the traffic that has a name of its own. */
  readonly tag?: string;
}

const given = (object: KubeObject, url: string, field: string, tag = ""): readonly GivenHost[] => {
  const [, scheme, host = ""] = /^(https?):\/\/([^/:]+)/.exec(url) ?? [];
  return host === "" ? [] : [{ object, host, isHttps: scheme === "https", field, ...(tag ? { tag } : {}) }];
};

/** The Service's own, and one for each tag of its traffic (knative/serving pkg/reconciler/route/domains). */
export const hostsOfService = (service: KubeObject): readonly GivenHost[] => {
  const traffic = at(service, "status", "traffic");
  return [
    ...given(service, textAt(service, "status", "url"), ".status.url"),
    ...(Array.isArray(traffic) ? traffic : []).flatMap((target, index) => {
      const tag = textAt(target, "tag");
      return tag ? given(service, textAt(target, "url"), `.status.traffic[${index}].url`, tag) : [];
    }),
  ];
};

/** Its name is the host, whether Knative has got as far as to say so or not. */
export const hostOfMapping = (mapping: KubeObject): GivenHost => ({
  object: mapping,
  host: mapping.metadata.name,
  isHttps: textAt(mapping, "status", "url").startsWith("https:"),
  field: ".metadata.name",
});

/** `Service default/hello`, `tag blue of Service default/hello` */
export const whose = ({ object: { kind, metadata }, tag }: GivenHost): string =>
  `${tag ? `tag ${tag} of ` : ""}${kind} ${metadata.namespace}/${metadata.name}`;

export const MAPPINGS = "DomainMapping.serving.knative.dev" satisfies Reading;
