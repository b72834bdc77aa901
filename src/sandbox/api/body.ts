/** Request bodies: JSON or YAML, and the words with which unreadable ones are refused. */

import { load, YAMLException } from "js-yaml";
import { parseJson, SyntaxFailure } from "./go-json.ts";
import type { Fields } from "./json.ts";
import { isFields } from "./json.ts";
import type { Resource } from "./resource.ts";
import { apiVersionOf, splitApiVersion } from "./resource.ts";
import { badRequest, refuse } from "./status.ts";

/** 415. */
export const unknownFormat = (accepted: string): Error =>
  refuse(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );

/** A patch body in JSON. Throws StatusError 400. */
export function readJson(body: unknown): unknown {
  if (typeof body !== "string") return body;
  try {
    return parseJson(body);
  } catch (error) {
    if (error instanceof SyntaxFailure) throw badRequest(error.message);
    throw error;
  }
}

/** An applied object, in JSON or YAML. Throws StatusError 400. */
export function readYaml(body: unknown): Fields {
  const value = typeof body === "string" ? parseYaml(body) : body;
  if (isFields(value)) return value;
  throw badRequest(
    "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type map[string]interface {}",
  );
}

/** Most YAML that programs send is JSON, which parses many times faster. */
function parseYaml(text: string): unknown {
  try {
    if (text.startsWith("{")) return JSON.parse(text);
  } catch {
    // Braces that are no JSON may still be YAML.
  }
  try {
    return load(text);
  } catch (error) {
    throw yamlError(error instanceof YAMLException ? error : undefined);
  }
}

function yamlError(error: YAMLException | undefined): Error {
  const line = (error?.mark?.line ?? 0) + 1;
  const open = /flow collection|missed comma|unexpected end of the stream within a flow/.test(error?.reason ?? "");
  const why = open ? "did not find expected ',' or ']'" : (error?.reason ?? "could not find expected ':'");
  return badRequest(`error decoding YAML: error converting YAML to JSON: yaml: line ${open ? 1 : line}: ${why}`);
}

/** The object of a POST or PUT, checked against the resource it is sent to. Throws StatusError 400 or 415. */
export function readObject(resource: Resource, body: unknown, contentType: string): Fields {
  let value: unknown = body;
  if (contentType === "application/yaml") value = readYaml(body);
  else if (contentType !== "" && contentType !== "application/json")
    throw unknownFormat("application/json, application/yaml");
  else if (typeof body === "string") {
    try {
      value = parseJson(body);
    } catch (error) {
      if (!(error instanceof SyntaxFailure)) throw error;
      throw badRequest(
        `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind; json parse error: ${error.message} (${body})`,
      );
    }
  }
  if (!isFields(value))
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(value) ? "array" : typeof value} into Go value of type struct`,
    );
  checkKind(resource, value);
  return value;
}

function checkKind(resource: Resource, value: Fields): void {
  const kind = value.kind === undefined ? resource.kind : String(value.kind);
  const apiVersion = value.apiVersion === undefined ? apiVersionOf(resource) : String(value.apiVersion);
  if (kind === resource.kind && apiVersion === apiVersionOf(resource)) return;
  const { group, version } = splitApiVersion(apiVersion);
  if (resource.custom)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${apiVersionOf(resource)})`,
    );
  const what = `${kind} in version "${version}" cannot be handled as a ${resource.kind}`;
  if (group === resource.group && version === resource.version)
    throw badRequest(
      `${what}: converting (${version}.${kind}) to (${group === "" ? "core" : (group.split(".")[0] ?? "")}.${resource.kind}): unknown conversion`,
    );
  throw badRequest(
    `${what}: no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
  );
}
