import { FLUENT_BIT, OUTPUT_CREDENTIALS } from "../../checks/logging/names.ts";
import type { Config } from "../../config/config.ts";
import type { KubeObject } from "../../ports/object.ts";
import { heldIn } from "./credentials.ts";
import { CA_FOLDER, fluentBitYaml, VARIABLES } from "./fluent-bit.ts";
import { configMap, inContainer, isOf, rolledBy } from "./objects.ts";

/** Fluent Bit with its configuration, and what it shows its output. */
export const fluentBit = (
  manifests: readonly KubeObject[],
  config: Config,
  secret: KubeObject | undefined,
): readonly KubeObject[] => {
  const held = heldIn(secret);
  const settings = configMap(FLUENT_BIT.name, { "fluent-bit.yaml": fluentBitYaml(config, held) });
  const keys = [
    ...(held.password ? (["username", "password"] as const) : []),
    ...(held.token ? (["token"] as const) : []),
  ];
  const env = keys.map((key) => ({
    name: VARIABLES[key],
    valueFrom: { secretKeyRef: { name: OUTPUT_CREDENTIALS.name, key } },
  }));
  const showing = (pods: KubeObject): KubeObject => {
    const shown = inContainer(pods, (container) => ({
      ...container,
      env: [...(container.env as unknown[]), ...env],
      ...(held.ca ? { volumeMounts: [...(container.volumeMounts as unknown[]), CA_MOUNT] } : {}),
    }));
    return held.ca ? withVolume(shown, CA_VOLUME) : shown;
  };
  return [
    ...manifests.map((object) =>
      isOf(object, "DaemonSet") ? rolledBy(showing(object), [settings.data, secret?.data]) : object,
    ),
    settings,
    ...(secret ? [secret] : []),
  ];
};

const CA_MOUNT = { name: "credentials", mountPath: CA_FOLDER, readOnly: true };
const CA_VOLUME = {
  name: "credentials",
  secret: { secretName: OUTPUT_CREDENTIALS.name, items: [{ key: "ca.crt", path: "ca.crt" }] },
};

const withVolume = (pods: KubeObject, volume: object): KubeObject => {
  const copy = structuredClone(pods);
  const { template } = copy.spec as { template: { spec: { volumes: unknown[] } } };
  template.spec.volumes = [...template.spec.volumes, volume];
  return copy;
};
