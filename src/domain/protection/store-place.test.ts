import { describe, expect, it } from 'vitest';
import { drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { storeFindings } from './store-place.ts';

const specWith = (store: object) =>
  drScenarioSpec.parse({
    source: { region: 'west' },
    recovery: { region: 'north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop'] },
    replication: { store },
  });
const bucket = (more: object) => specWith({ s3: { bucket: 'points', ...more } });

describe('case 23, an object store that would be dead with the source region', () => {
  it('is told with the bucket, the region and the remedy', () => {
    expect(storeFindings(bucket({ region: 'eu-west-1' }), 'eu-west-1')).toEqual([
      {
        object: 'spec.replication.store.s3',
        reason: 'StoreInSourceRegion',
        message:
          'bucket points is in eu-west-1, the region of the source west: with that region lost, no recovery point could be read',
        remedy: 'keep recovery points in a bucket of another region',
      },
    ]);
  });

  it.each(['https://s3.eu-west-1.example.com', 'http://minio-EU-WEST-1:9000'])(
    'is known by the host name of its own server: %s',
    (endpoint) => {
      expect(storeFindings(bucket({ endpoint }), 'eu-west-1')).toMatchObject([
        { message: expect.stringContaining(endpoint) },
      ]);
    },
  );

  it.each([
    ['a bucket of another region', bucket({ region: 'eu-north-1' })],
    ['a server that says another region', bucket({ endpoint: 'https://s3.eu-west-10.example.com' })],
    [
      'a server whose region is only a default',
      bucket({ endpoint: 'https://s3.example.com', region: 'eu-west-1' }),
    ],
    ['a directory', specWith({ filesystem: { path: '/points' } })],
    ["the operator's own place", specWith({})],
  ])('is not suspected in %s', (_, spec) => {
    expect(storeFindings(spec, 'eu-west-1')).toEqual([]);
  });

  it('is not suspected while the region of the source is not known', () => {
    expect(storeFindings(bucket({ region: 'eu-west-1' }), undefined)).toEqual([]);
  });
});
