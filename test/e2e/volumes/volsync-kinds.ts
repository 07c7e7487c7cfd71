/**
 * VolSync's kinds without VolSync: definitions with nothing behind them, so that
 * a test can play its controllers. They check nothing; the fields are those that
 * VolSync 0.14 documents.
 */

const definition = (kind: string, plural: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.volsync.backube`, annotations: { 'antipode.dev/stand-in': 'for tests' } },
  spec: {
    group: 'volsync.backube',
    scope: 'Namespaced',
    names: { kind, plural, singular: kind.toLowerCase() },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

export const VOLSYNC_KINDS: readonly object[] = [
  definition('ReplicationSource', 'replicationsources'),
  definition('ReplicationDestination', 'replicationdestinations'),
];
