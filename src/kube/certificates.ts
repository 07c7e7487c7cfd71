/**
 * Looks at the certificates of a loaded kubeconfig: can they be read, do
 * certificate and key belong together, is now within the certificate's dates.
 * Found out here, each is one clear sentence; found out by the server it is a
 * bare 401 or a failed handshake.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { fromRfc3339, type Instant, toRfc3339 } from '../domain/time.ts';

/** The dates between which a client certificate is accepted. */
export interface Validity {
  readonly notBefore: Instant;
  readonly notAfter: Instant;
}

export type CertificateCheck =
  | { readonly kind: 'checked'; readonly validity: Validity | undefined }
  | { readonly kind: 'invalid'; readonly message: string };

export function checkCertificates(kubeConfig: KubeConfig, now: Instant): CertificateCheck {
  const cluster = kubeConfig.getCurrentCluster();
  const authority = bytesOf(cluster?.caFile, cluster?.caData);
  if (authority !== undefined && readCertificate(authority) === undefined)
    return invalid('certificate-authority-data is not a PEM certificate');
  const user = kubeConfig.getCurrentUser();
  const pem = bytesOf(user?.certFile, user?.certData);
  const key = bytesOf(user?.keyFile, user?.keyData);
  if (pem === undefined || key === undefined) return { kind: 'checked', validity: undefined };
  const certificate = readCertificate(pem);
  if (certificate === undefined) return invalid('client-certificate-data is not a PEM certificate');
  const match = matches(certificate, key);
  if (match === 'unreadable') return invalid('client-key-data is not a PEM private key');
  if (match === 'different') return invalid('client-key-data does not belong to client-certificate-data');
  const validity = validityOf(certificate);
  if (validity === undefined) return invalid('the dates of the client certificate cannot be read');
  const problem = validityProblem(validity, now);
  return problem === undefined ? { kind: 'checked', validity } : invalid(problem);
}

/** Why a certificate is not accepted at `now`; undefined when it is. */
export function validityProblem(validity: Validity, now: Instant): string | undefined {
  if (now > validity.notAfter) return `the client certificate expired at ${toRfc3339(validity.notAfter)}`;
  if (now < validity.notBefore)
    return `the client certificate is not valid before ${toRfc3339(validity.notBefore)}`;
  return undefined;
}

const invalid = (message: string): CertificateCheck => ({ kind: 'invalid', message });

function bytesOf(file: string | undefined, data: string | undefined): Buffer | undefined {
  if (file !== undefined && file !== '') return readFileSync(file);
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64');
  return undefined;
}

function readCertificate(pem: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function matches(certificate: X509Certificate, key: Buffer): 'same' | 'different' | 'unreadable' {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key)) ? 'same' : 'different';
  } catch {
    return 'unreadable';
  }
}

/** Node writes the dates as OpenSSL does: `Nov 23 12:00:00 2026 GMT`. */
function validityOf(certificate: X509Certificate): Validity | undefined {
  const notBefore = fromRfc3339(certificate.validFrom);
  const notAfter = fromRfc3339(certificate.validTo);
  return notBefore === undefined || notAfter === undefined ? undefined : { notBefore, notAfter };
}
