import { expect, test } from 'vitest';
import { drScenarioSpec } from '../api/v1alpha1/dr-scenario.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { createStores, placeKey } from './stores.ts';

const stores = createStores('/var/lib/antipode', {
  clock: manualClock(),
  random: () => 0,
  threads: 4,
  secrets: () => Promise.reject(new Error('no Secret is read before a bucket is used')),
});

const specWith = (store: object) =>
  drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop'] },
    replication: { store },
  });

test("a scenario's own directory is used when it names one, else the operator's", () => {
  expect(stores.place(specWith({}))).toEqual({ filesystem: { path: '/var/lib/antipode' } });
  const own = stores.place(specWith({ filesystem: { path: '/mnt/own' } }));
  expect(own).toEqual({ filesystem: { path: '/mnt/own' } });
  expect(stores.at(own).location).toBe('file:///mnt/own');
});

test("a scenario's bucket is its place, whole, with the defaults of the schema", () => {
  const place = stores.place(specWith({ s3: { bucket: 'points', prefix: 'dr/antipode' } }));
  expect(place).toEqual({
    s3: { bucket: 'points', prefix: 'dr/antipode', region: 'us-east-1', forcePathStyle: false },
  });
  expect(stores.at(place).location).toBe('s3://points/dr/antipode/');
  const elsewhere = stores.place(specWith({ s3: { bucket: 'points', endpoint: 'https://s3.example.com' } }));
  expect(stores.at(elsewhere).location).toBe('s3://points/ at https://s3.example.com');
});

test('the same place has one store, however its fields are ordered', () => {
  const place = { s3: { bucket: 'points', region: 'us-east-1', forcePathStyle: false } };
  const same = { s3: { forcePathStyle: false, region: 'us-east-1', bucket: 'points' } };
  expect(stores.at(place)).toBe(stores.at(same));
});

test('whatever changes how a bucket is used makes another place', () => {
  const place = { bucket: 'points', region: 'us-east-1', forcePathStyle: false };
  const keys = [
    { filesystem: { path: '/points' } },
    { s3: place },
    { s3: { ...place, prefix: 'dr' } },
    { s3: { ...place, region: 'eu-west-1' } },
    { s3: { ...place, endpoint: 'https://s3.example.com' } },
    { s3: { ...place, credentialsSecret: 'bucket' } },
    { s3: { ...place, encryption: { algorithm: 'aws:kms' as const } } },
    { s3: { ...place, encryption: { algorithm: 'aws:kms' as const, kmsKeyId: 'a' } } },
  ].map(placeKey);
  expect(new Set(keys).size).toBe(keys.length);
});
