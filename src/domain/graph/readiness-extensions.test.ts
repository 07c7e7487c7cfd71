import { describe, expect, it } from 'vitest';
import { anObject } from '../../testing/objects.ts';
import { readinessOf } from './readiness.ts';
import { condition, context, inWords, plain, type ReadinessRow } from './testing/readiness.ts';

const ADMISSION = 'admissionregistration.k8s.io/v1';
/** @param services of the webhooks; one with a question mark need not be asked */
const webhooks = (...services: readonly string[]) =>
  anObject('MutatingWebhookConfiguration', 'x', {
    apiVersion: ADMISSION,
    webhooks: services.map((service) => ({
      clientConfig: { service: { namespace: 'shop', name: service.replace('?', '') } },
      ...(service.endsWith('?') ? { failurePolicy: 'Ignore' } : {}),
    })),
  });
const elsewhere = {
  apiVersion: ADMISSION,
  webhooks: [{ clientConfig: { url: 'https://policy.example.com' } }],
};

const rows: readonly ReadinessRow[] = [
  [
    'definition, served',
    plain('CustomResourceDefinition', {}, { conditions: [condition('Established', 'True')] }),
    'ready',
  ],
  ['definition, new', plain('CustomResourceDefinition', {}, {}), 'progressing: not served yet'],
  [
    'definition, name taken',
    plain(
      'CustomResourceDefinition',
      {},
      { conditions: [condition('NamesAccepted', 'False', { message: 'taken by y' })] },
    ),
    'failed: taken by y',
  ],
  [
    'APIService, available',
    plain('APIService', {}, { conditions: [condition('Available', 'True')] }),
    'ready',
  ],
  [
    'APIService, no endpoints',
    plain(
      'APIService',
      {},
      { conditions: [condition('Available', 'False', { reason: 'MissingEndpoints' })] },
    ),
    'progressing: MissingEndpoints',
  ],
  ['webhooks, answered', webhooks('up'), 'ready'],
  [
    'webhooks, one not answered',
    webhooks('up', 'down'),
    'progressing: nothing answers at Service/shop/down yet',
  ],
  ['webhooks, of a Service that is not there', webhooks('nowhere'), 'ready'],
  ['webhooks, that need not be asked', webhooks('down?'), 'ready'],
  ['webhooks, elsewhere', anObject('ValidatingWebhookConfiguration', 'x', elsewhere), 'ready'],
];

describe('readinessOf', () => {
  it.each(rows)('%s', (_, object, expected) => {
    expect(inWords(readinessOf(object, context))).toBe(expected);
  });
});
