/**
 * Certificate authorities and the certificates they sign, for the lab's own
 * servers and users only: ECDSA P-256, SHA-256, no revocation. One authority
 * per cluster, so that a client that reaches the wrong cluster is told so by TLS.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

/** A private key and its certificate, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends KeyPair {
  readonly commonName: string;
}

/** The subject as Kubernetes reads it: user and groups. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

export interface Validity {
  /** Wall-clock milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAlternativeName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** First byte of the KeyUsage bit string, RFC 5280 section 4.2.1.3, with its unused trailing bits. */
const DIGITAL_SIGNATURE = { bits: 0x80, unused: 7 };
const SIGN_CERTIFICATES = { bits: 0x06, unused: 1 };

/** A self-signed authority. */
export function createAuthority(commonName: string, validity: Validity): Authority {
  const { publicKey, privateKey } = newKey();
  const certificate = encode({
    issuer: { commonName },
    subject: { commonName },
    validity,
    publicKey,
    signer: privateKey,
    extensions: [extension(OID.basicConstraints, true, sequence(boolean(true))), keyUsage(SIGN_CERTIFICATES)],
  });
  return { commonName, certificate, key: pem(privateKey) };
}

/** A certificate for a server that answers at these names and IPv4 addresses. */
export function issueServer(
  authority: Authority,
  subject: Subject,
  hosts: { readonly names: readonly string[]; readonly addresses: readonly string[] },
  validity: Validity,
): KeyPair {
  const alternatives = sequence(
    ...hosts.names.map((name) => implicit(2, Buffer.from(name, 'ascii'))),
    ...hosts.addresses.map((address) => implicit(7, Buffer.from(address.split('.').map(Number)))),
  );
  return issue(authority, subject, validity, [
    extendedKeyUsage(OID.serverAuth),
    extension(OID.subjectAlternativeName, false, alternatives),
  ]);
}

/** A certificate with which a user logs in. */
export function issueClient(authority: Authority, subject: Subject, validity: Validity): KeyPair {
  return issue(authority, subject, validity, [extendedKeyUsage(OID.clientAuth)]);
}

/** The key pair with which service account tokens are signed. */
export function createSigningKey(): { readonly publicKey: string; readonly privateKey: string } {
  const { publicKey, privateKey } = newKey();
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: pem(privateKey),
  };
}

function issue(
  authority: Authority,
  subject: Subject,
  validity: Validity,
  purpose: readonly Buffer[],
): KeyPair {
  const { publicKey, privateKey } = newKey();
  const certificate = encode({
    issuer: { commonName: authority.commonName },
    subject,
    validity,
    publicKey,
    signer: createPrivateKey(authority.key),
    extensions: [keyUsage(DIGITAL_SIGNATURE), ...purpose],
  });
  return { certificate, key: pem(privateKey) };
}

function encode(options: {
  readonly issuer: Subject;
  readonly subject: Subject;
  readonly validity: Validity;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}): string {
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256));
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    algorithm,
    distinguishedName(options.issuer),
    sequence(time(options.validity.notBefore), time(options.validity.notAfter)),
    distinguishedName(options.subject),
    options.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...options.extensions)),
  );
  const signature = sign('sha256', toBeSigned, { key: options.signer, dsaEncoding: 'der' });
  const der = sequence(toBeSigned, algorithm, bitString(signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(subject: Subject): Buffer {
  return sequence(
    ...(subject.organizations ?? []).map((name) => attribute(OID.organization, name)),
    attribute(OID.commonName, subject.commonName),
  );
}

function attribute(oid: string, value: string): Buffer {
  return set(sequence(objectIdentifier(oid), utf8String(value)));
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value));
}

function keyUsage(usage: { readonly bits: number; readonly unused: number }): Buffer {
  return extension(OID.keyUsage, true, bitString(Buffer.from([usage.bits]), usage.unused));
}

function extendedKeyUsage(purpose: string): Buffer {
  return extension(OID.extendedKeyUsage, false, sequence(objectIdentifier(purpose)));
}

function newKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** "EC PRIVATE KEY", the only EC form that every Kubernetes component reads. */
function pem(key: KeyObject): string {
  return key.export({ type: 'sec1', format: 'pem' }).toString();
}
