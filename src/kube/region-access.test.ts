import { expect, test } from 'vitest';
import type { KubeObject } from '../api/object.ts';
import { instant } from '../domain/time.ts';
import { expiry, kubeconfigText, regionConnection, secretPlace } from './region-access.ts';
import { CERTIFICATE, KEY_OF_CERTIFICATE } from './testing/certificates.ts';

const region: KubeObject = {
  apiVersion: 'antipode.dev/v1alpha1',
  kind: 'RegionHealth',
  metadata: { name: 'eu-west' },
  spec: { clusterRef: { secretName: 'eu-west-kubeconfig', key: 'kubeconfig' } },
};
const place = {
  region: 'eu-west',
  namespace: 'antipode',
  secretName: 'eu-west-kubeconfig',
  key: 'kubeconfig',
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secret = (data?: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'eu-west-kubeconfig', namespace: 'antipode' },
  data,
});
const kubeconfig = JSON.stringify({
  'current-context': 'x',
  contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
  clusters: [{ name: 'x', cluster: { server: 'https://api' } }],
  users: [
    {
      name: 'x',
      user: { 'client-certificate-data': base64(CERTIFICATE), 'client-key-data': base64(KEY_OF_CERTIFICATE) },
    },
  ],
});
const IN_2026 = instant(Date.parse('2026-06-01T00:00:00Z'));
const IN_2028 = instant(Date.parse('2028-06-01T00:00:00Z'));

test('the Secret is the one the RegionHealth names, in the namespace of the operator', () => {
  expect(secretPlace(region, 'antipode')).toEqual(place);
});

test('a missing Secret is told with its name and the command that makes it', () => {
  const found = kubeconfigText(undefined, place);
  expect(found).toMatchObject({ kind: 'unavailable', reason: 'KubeconfigSecretNotFound' });
  expect(found).toHaveProperty(
    'message',
    expect.stringContaining(
      'kubectl -n antipode create secret generic eu-west-kubeconfig --from-file=kubeconfig=',
    ),
  );
});

test('a Secret without the key is told with the keys it has, never their values', () => {
  const found = kubeconfigText(secret({ config: base64('hunter2') }), place);
  expect(found).toMatchObject({ kind: 'unavailable', reason: 'KubeconfigInvalid' });
  expect(found).toHaveProperty('message', expect.stringContaining('has no key kubeconfig (it has config)'));
  expect(JSON.stringify(found)).not.toContain(base64('hunter2'));
});

test('an unusable kubeconfig is told with where it is and what is wrong', () => {
  const found = regionConnection('hunter2', place, IN_2026);
  expect(found).toHaveProperty(
    'message',
    'the kubeconfig of RegionHealth eu-west (Secret antipode/eu-west-kubeconfig, key kubeconfig) cannot be used: ' +
      'not a kubeconfig: the text is not a YAML mapping. Replace it in the Secret; it is picked up at once',
  );
});

test('a certificate that was valid when it was read is noticed when it has expired', () => {
  const read = kubeconfigText(secret({ kubeconfig: base64(kubeconfig) }), place);
  const found = read.kind === 'text' ? regionConnection(read.text, place, IN_2026) : read;
  expect(found.kind).toBe('connection');
  if (found.kind !== 'connection') return;
  expect(expiry(found.connection, place, IN_2026)).toBeUndefined();
  expect(expiry(found.connection, place, IN_2028)).toMatchObject({
    reason: 'KubeconfigInvalid',
    message: expect.stringContaining('expired at 2027-01-01'),
  });
});
