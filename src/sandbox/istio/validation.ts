import type { Obj } from "../types.ts";

/** What istiod's validating webhook says against a Gateway (istio pkg/config/validation/validation.go). */

/** The minor of Istio that began to refuse a server with two sources of its certificate. */
const ONE_SOURCE_SINCE = 27;

export const gatewayRefusal = ({ spec }: Obj, minor: number): string | undefined => {
  const servers: readonly Obj[] = spec?.servers ?? [];
  if (servers.length === 0) return "gateway must have at least one server";
  const names = servers.map(({ port }): string => port?.name ?? "");
  const errors = [
    ...servers.flatMap((server) => serverErrors(server, minor)),
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `port names in servers must be unique: duplicate name ${name}`),
  ];
  if (errors.length < 2) return errors[0];
  return `${errors.length} errors occurred:\n${errors.map((error) => `\t* ${error}\n`).join("")}\n`;
};

const serverErrors = ({ hosts, port, tls }: Obj, minor: number): readonly string[] => {
  const isTls = /^(HTTPS|TLS)$/i.test(port?.protocol ?? "");
  return [
    ...(hosts?.length > 0 ? [] : ["server config must contain at least one host"]),
    ...(port ? [] : ["port is required"]),
    ...(port && !port.name ? [`port name must be set: number:${port.number} protocol:"${port.protocol}"`] : []),
    ...(tls ? tlsErrors(tls, minor) : isTls ? ["server must have TLS settings for HTTPS/TLS protocols"] : []),
  ];
};

const tlsErrors = (tls: Obj, minor: number): readonly string[] => {
  const hasFiles = Boolean(tls.serverCertificate && tls.privateKey);
  const isTwofold = hasFiles && Boolean(tls.credentialName) && minor >= ONE_SOURCE_SINCE;
  const needsOne = tls.mode === "SIMPLE" || tls.mode === "MUTUAL";
  return [
    ...(isTwofold
      ? [
          "only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified",
        ]
      : []),
    ...(needsOne && !tls.credentialName && !tls.serverCertificate
      ? [`${tls.mode} TLS requires a server certificate`]
      : []),
    ...(needsOne && !tls.credentialName && !tls.privateKey ? [`${tls.mode} TLS requires a private key`] : []),
  ];
};
