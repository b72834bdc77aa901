/** Renewal information (RFC 9773). */

import { X509Certificate } from "node:crypto";
import type { Reply } from "./call.ts";
import { fromBase64url } from "./jws.ts";
import { type Certificate, hoursFrom, type Office } from "./office.ts";
import type { RenewalWindow } from "./options.ts";
import { malformed, notFound } from "./problem.ts";

const ASK_AGAIN_SECONDS = 6 * 3600;

/** RFC 9773 §4.1. */
export const idOf = ({ authority }: Office, { serial }: Certificate): string =>
  `${authority.keyId.toString("base64url")}.${Buffer.from(serial, "hex").toString("base64url")}`;

/** Throws a {@link Problem} whose text begins with `what`. */
export const findCertificate = (office: Office, id: unknown, what: string): Certificate => {
  const parts = String(id).split(".");
  const [keyId, serial] = parts.map(fromBase64url);
  if (parts.length !== 2 || !keyId?.length || !serial?.length) throw malformed(`${what} invalid certID`);
  if (!keyId.equals(office.authority.keyId))
    throw malformed(`${what} path contained an Authority Key Identifier that did not match a known issuer`, 404);
  const hex = serial.toString("hex").toUpperCase();
  const certificate = office.certificates.find((each) => each.serial === hex);
  if (!certificate) throw notFound("certificate");
  return certificate;
};

const middleOfLastThird = (notBefore: Date, notAfter: Date): RenewalWindow => {
  const ninth = (notAfter.getTime() - notBefore.getTime()) / 9;
  return { start: new Date(notAfter.getTime() - 2 * ninth), end: new Date(notAfter.getTime() - ninth) };
};

/** The hour that has just passed: renew at once. */
export const pastWindow = (now: Date): RenewalWindow => ({ start: hoursFrom(now, -1), end: now });

export const windowOf = (office: Office, certificate: Certificate): RenewalWindow => {
  if (certificate.window) return certificate.window;
  const { notBefore, notAfter } = certificate;
  return (office.options.renewalWindow ?? middleOfLastThird)(notBefore, notAfter);
};

export const renewalInfo = (office: Office, id: string): Reply => {
  const { start, end, explanationURL } = windowOf(office, findCertificate(office, id, "While parsing ARI CertID:"));
  return {
    status: 200,
    headers: { "retry-after": String(ASK_AGAIN_SECONDS) },
    body: {
      suggestedWindow: { start: start.toISOString(), end: end.toISOString() },
      ...(explanationURL === undefined ? {} : { explanationURL }),
    },
  };
};

export const derOf = (pem: string): Buffer => new X509Certificate(pem).raw;
