import { createPrivateKey, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAuthority, issueClient, issueServer } from './certificate.ts';
import { integer, objectIdentifier, octetString } from './der.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2030, 0, 1);
const VALIDITY = { notBefore: NOW, notAfter: NOW + DAY };

describe('certificate', () => {
  test('a server certificate is signed by its authority and holds the names and addresses asked for', () => {
    const authority = createAuthority('lab-ca', VALIDITY);

    const issued = issueServer(
      authority,
      { commonName: 'kube-apiserver' },
      { names: ['localhost'], addresses: ['127.0.0.1', '10.96.0.1'] },
      VALIDITY,
    );

    const read = new X509Certificate(issued.certificate);
    const ca = new X509Certificate(authority.certificate);
    expect(ca.ca).toBe(true);
    expect(read.checkIssued(ca)).toBe(true);
    expect(read.verify(ca.publicKey)).toBe(true);
    expect(read.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:10.96.0.1');
    expect(read.checkPrivateKey(createPrivateKey(issued.key))).toBe(true);
  });

  test('a certificate of another authority of the same name does not verify', () => {
    const ours = createAuthority('lab-ca', VALIDITY);
    const theirs = createAuthority('lab-ca', VALIDITY);

    const issued = issueClient(theirs, { commonName: 'mallory' }, VALIDITY);

    expect(
      new X509Certificate(issued.certificate).verify(new X509Certificate(ours.certificate).publicKey),
    ).toBe(false);
  });

  test('a client certificate names the user and all groups', () => {
    const authority = createAuthority('lab-ca', VALIDITY);

    const issued = issueClient(
      authority,
      { commonName: 'admin', organizations: ['system:masters', 'ops'] },
      VALIDITY,
    );

    expect(new X509Certificate(issued.certificate).subject).toBe('O=system:masters\nO=ops\nCN=admin');
  });

  test('validity is kept to the second, on both sides of 2050', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(1971, 0, 1) / 1000, max: Date.UTC(2090, 0, 1) / 1000 }),
        fc.integer({ min: 1, max: 400_000_000 }),
        (from, seconds) => {
          const validity = { notBefore: from * 1000, notAfter: (from + seconds) * 1000 };

          const read = new X509Certificate(createAuthority('lab-ca', validity).certificate);

          expect(Date.parse(read.validFrom)).toBe(validity.notBefore);
          expect(Date.parse(read.validTo)).toBe(validity.notAfter);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('DER', () => {
  test('an integer is as short as possible and never reads as negative', () => {
    expect(integer(Buffer.from([0, 0, 1])).toString('hex')).toBe('020101');
    expect(integer(Buffer.from([0x80])).toString('hex')).toBe('02020080');
  });

  test('an object identifier splits large numbers into groups of seven bits', () => {
    expect(objectIdentifier('1.2.840.10045.4.3.2').toString('hex')).toBe('06082a8648ce3d040302');
  });

  test('a long element says its length in several bytes', () => {
    expect(octetString(Buffer.alloc(300)).subarray(0, 4).toString('hex')).toBe('0482012c');
  });
});
