import { UserError } from "../ports/error.ts";
import { isRecord, type KubeObject, textAt } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";

/** `path` as Docker Hub spells it in full (`library/nginx`); `suffix` is `:tag`, `@digest`, both or nothing. */
interface Reference {
  readonly registry: string;
  readonly path: string;
  readonly suffix: string;
}

const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const SUFFIX = /^(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[a-z0-9+._-]+:[0-9a-fA-F]{32,})?$/;
const HOST = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;

/** A first component is a host when it could be nothing else: the rule of github.com/distribution/reference. */
const isHost = (component: string): boolean => /[.:]/.test(component) || component === "localhost";

const parse = (image: string): Reference | undefined => {
  const slash = image.indexOf("/");
  const first = slash < 0 ? "" : image.slice(0, slash);
  const registry = isHost(first) ? first : "docker.io";
  const rest = isHost(first) ? image.slice(slash + 1) : image;
  const end = rest.search(/[:@]/);
  const name = end < 0 ? rest : rest.slice(0, end);
  const suffix = end < 0 ? "" : rest.slice(end);
  if (!HOST.test(registry) || !PATH.test(name) || !SUFFIX.test(suffix)) return undefined;
  const hub = registry === "docker.io" || registry === "index.docker.io";
  return { registry, path: hub && !name.includes("/") ? `library/${name}` : name, suffix };
};

/** A host without a dot or port (but localhost) would silently mean a path on Docker Hub. */
const checkRegistry = (registry: string): void => {
  if (parse(`${registry}/x`)?.registry === registry.split("/")[0]) return;
  throw new UserError({
    id: "release.registry",
    what: `"${registry}" is no place that images can be taken from.`,
    why: "An image registry is HOST[:PORT][/PATH]; the host has a dot or a port (or is localhost), the path is in lower case.",
    remedy: {
      text: "For example:",
      command: sh`kn-bootstrap install --image-registry registry.example.com:5000/mirror`,
    },
    kind: "input",
  });
};

/**
 * One reference moved to another registry, with its repository path, tag and digest: `gcr.io/a/b@sha256:…` →
 * `REGISTRY/a/b@sha256:…`, `nginx` → `REGISTRY/library/nginx`. One that is there already stays.
 * @param registry `HOST[:PORT][/PATH]` without a slash at its end
 * @throws UserError `release.image` when `image` is no reference, `release.registry` when `registry` is none (both exit 2)
 */
export const rewriteImage = (image: string, registry: string): string => {
  checkRegistry(registry);
  if (image.startsWith(`${registry}/`)) return image;
  const reference = parse(image);
  if (reference) return `${registry}/${reference.path}${reference.suffix}`;
  throw new UserError({
    id: "release.image",
    what: `"${image}" is no image reference, so it cannot be taken from ${registry}.`,
    remedy: "Use manifests as the project published them.",
    kind: "input",
  });
};

const CONTAINERS = ["containers", "initContainers", "ephemeralContainers"];
const ARGUMENT = /^(--?[\w-]*image=)(.+)$/;
const DATA_KEYS = ["queue-sidecar-image", "queueSidecarImage"];

type Visit = (image: string) => string;
type Fields = Record<string, unknown>;

/** Arguments and variables are images by convention of their names only, so `yes` and the like stay. */
const guess = (value: string, visit: Visit): string => (/[/:@]/.test(value) && parse(value) ? visit(value) : value);

/** In a pod that is a gateway of Istio's: the image that istiod puts there, from its own settings. */
const INJECTED = "auto";

const inContainer = (container: unknown, visit: Visit): unknown => {
  if (!isRecord(container)) return container;
  const copy: Fields = { ...container };
  if (typeof copy.image === "string" && copy.image !== INJECTED) copy.image = visit(copy.image);
  for (const list of ["args", "command"]) {
    if (!Array.isArray(copy[list])) continue;
    copy[list] = copy[list].map((argument: unknown) => {
      const [, flag, value] = ARGUMENT.exec(textAt(argument)) ?? [];
      return flag && value ? flag + guess(value, visit) : argument;
    });
  }
  if (Array.isArray(copy.env)) {
    copy.env = copy.env.map((variable: unknown) => {
      if (!isRecord(variable) || typeof variable.value !== "string" || !/(?:^|_)IMAGE$/.test(textAt(variable, "name")))
        return variable;
      return { ...variable, value: guess(variable.value, visit) };
    });
  }
  return copy;
};

const inVolume = (volume: unknown, visit: Visit): unknown =>
  isRecord(volume) && isRecord(volume.image) && typeof volume.image.reference === "string"
    ? { ...volume, image: { ...volume.image, reference: visit(volume.image.reference) } }
    : volume;

/** Pod specs are found wherever they are: Deployments, Jobs, CronJobs, Knative Services. */
const inFields = (value: unknown, visit: Visit): unknown => {
  if (Array.isArray(value)) return value.map((item) => inFields(item, visit));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      if (Array.isArray(field) && CONTAINERS.includes(key)) return [key, field.map((item) => inContainer(item, visit))];
      if (Array.isArray(field) && key === "volumes") return [key, field.map((item) => inVolume(item, visit))];
      return [key, inFields(field, visit)];
    }),
  );
};

/** The image that istiod puts into pods: a hub, a name and a tag, which its injector puts together. */
const inInjectorValues = (text: string, visit: Visit): string => {
  const { hub, tag, proxy } = (parsedJson(text) as { global?: Record<string, unknown> } | undefined)?.global ?? {};
  const name = textAt(proxy, "image");
  if (typeof hub !== "string" || typeof tag !== "string" || name === "") return text;
  if (name.includes("/")) return text.replaceAll(JSON.stringify(name), JSON.stringify(visit(name)));
  const rest = `/${name}:${tag}`;
  const moved = visit(hub + rest);
  return text.replaceAll(JSON.stringify(hub), JSON.stringify(moved.slice(0, -rest.length)));
};

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const inConfigMap = (object: KubeObject, visit: Visit): KubeObject => {
  const { name } = object.metadata;
  const inValue = (key: string, value: string): string => {
    if (name === "config-deployment" && DATA_KEYS.includes(key)) return visit(value);
    return name.startsWith("istio-sidecar-injector") && key === "values" ? inInjectorValues(value, visit) : value;
  };
  if (!isRecord(object.data)) return object;
  const data = Object.entries(object.data).map(([key, value]) => [
    key,
    typeof value === "string" ? inValue(key, value) : value,
  ]);
  return { ...object, data: Object.fromEntries(data) };
};

const inObject = (object: KubeObject, visit: Visit): KubeObject => {
  if (object.kind === "CustomResourceDefinition") return object;
  if (object.kind === "ConfigMap") return inConfigMap(object, visit);
  if (
    object.kind === "Image" &&
    object.apiVersion.startsWith("caching.internal.knative.dev/") &&
    isRecord(object.spec)
  ) {
    return { ...object, spec: { ...object.spec, image: visit(textAt(object.spec, "image")) } };
  }
  return isRecord(object.spec) ? { ...object, spec: inFields(object.spec, visit) } : object;
};

/** Every image that the objects refer to, each once, sorted: what an air-gapped registry must hold. */
export const imagesOf = (objects: readonly KubeObject[]): readonly string[] => {
  const images = new Set<string>();
  const collect: Visit = (image) => {
    images.add(image);
    return image;
  };
  for (const object of objects) inObject(object, collect);
  return [...images].sort();
};

/**
 * The objects with every image reference moved to `registry`: containers of all sorts, image
 * volumes, `…_IMAGE` variables, `--…image=` arguments, config-deployment's queue-proxy, the `Image` resource, Istio's sidecar.
 */
export const rewriteImages = (objects: readonly KubeObject[], registry: string): readonly KubeObject[] =>
  objects.map((object) => inObject(object, (image) => rewriteImage(image, registry)));
