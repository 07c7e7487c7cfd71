/** Manifests for tests of admission: the smallest that are accepted, and variations of their spec. */
import { API_VERSION } from '../../../src/api/v1alpha1/common.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

type Spec = Readonly<Record<string, unknown>>;

/** The smallest scenario, with fields of its spec replaced or added; one given as undefined is left out. */
export function scenario(spec: Spec = {}, name = 'shop', namespace = 'default'): Manifest {
  return {
    apiVersion: API_VERSION,
    kind: 'DRScenario',
    metadata: { name, namespace },
    spec: {
      source: { region: 'eu-west' },
      recovery: { region: 'eu-north' },
      objectives: { rpo: '5m', rto: '10m' },
      resources: { namespaces: ['shop'] },
      ...spec,
    },
  };
}

export function region(spec: Spec = {}, name = 'eu-west'): Manifest {
  return {
    apiVersion: API_VERSION,
    kind: 'RegionHealth',
    metadata: { name },
    spec: { region: 'eu-west-1', clusterRef: { secretName: 'eu-west-kubeconfig' }, ...spec },
  };
}

export function execution(spec: Spec = {}, name = 'shop-1', namespace = 'default'): Manifest {
  return {
    apiVersion: API_VERSION,
    kind: 'DRExecution',
    metadata: { name, namespace },
    spec: { scenario: 'shop', kind: 'Failover', ...spec },
  };
}

/** A DNS record of a scenario from addresses of its two sides. */
export function dnsOf(source: readonly string[], recovery: readonly string[]): Spec {
  return {
    dns: {
      records: [
        { hostname: 'shop.example.com', source: { addresses: source }, recovery: { addresses: recovery } },
      ],
    },
  };
}
