/** Objects whose readiness is judged, as small as they can be. */
import type { Fields } from '../../../src/api/fields.ts';

/** For a Pod that no node takes. */
export const NOWHERE = { nodeSelector: { 'test.example.com/no-such-node': 'true' } };

export const template = (name: string, spec: Fields = {}) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: 'app', image: 'registry.example.com/app:1' }], ...spec },
});

/** Builds objects of a namespace. */
export const objectIn =
  (namespace: string) =>
  (apiVersion: string, kind: string, name: string, spec: Fields): Fields => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    spec,
  });
