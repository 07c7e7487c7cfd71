/** Rows of what extends the API server: webhooks, aggregated APIs, converters and policies. */
import { anObject, aWorkload } from '../../../../testing/objects.ts';
import { type Row } from './row.ts';

const guarded = { namespace: 'shop', name: 'guard' };
/** The Service of all webhooks here. */
export const guard = anObject('Service', 'shop/guard', { spec: { selector: { app: 'guard' } } });
/** What answers for that Service. */
export const backend = aWorkload('Deployment', 'shop/guard');
/** A definition whose converter is that Service. */
export const crd = anObject('CustomResourceDefinition', 'promotions.shop.example', {
  spec: {
    group: 'shop.example',
    names: { kind: 'Promotion', plural: 'promotions' },
    conversion: { webhook: { clientConfig: { service: guarded } } },
  },
});

/** What must answer before others can be written. */
export const inExtensions: readonly Row[] = [
  ...['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'].flatMap((kind) =>
    [
      ['Service/shop/guard', undefined] as const,
      ['Deployment.apps/shop/guard', [guard, backend]] as const,
    ].map(([to, besides]) => ({
      rule: 'webhook-backend',
      from: anObject(kind, 'guard', {
        apiVersion: 'admissionregistration.k8s.io/v1',
        webhooks: [{ clientConfig: { url: 'https://x' } }, { clientConfig: { service: guarded } }],
      }),
      besides: besides ?? [],
      to,
      field: 'webhooks[1].clientConfig.service.name',
    })),
  ),
  {
    rule: 'api-service-backend',
    from: anObject('APIService', 'v1.shop.example', { spec: { service: guarded } }),
    to: 'Service/shop/guard',
    field: 'spec.service.name',
  },
  {
    rule: 'conversion-service',
    from: crd,
    to: 'Service/shop/guard',
    field: 'spec.conversion.webhook.clientConfig.service.name',
  },
  {
    rule: 'conversion-webhook',
    from: anObject('Promotion', 'shop/spring', { apiVersion: 'shop.example/v1' }),
    besides: [crd, guard, backend],
    to: 'Deployment.apps/shop/guard',
    field:
      'spec.conversion.webhook.clientConfig.service.name of CustomResourceDefinition.apiextensions.k8s.io/promotions.shop.example',
  },
  {
    rule: 'admission-policy',
    from: anObject('ValidatingAdmissionPolicyBinding', 'b', {
      apiVersion: 'admissionregistration.k8s.io/v1',
      spec: { policyName: 'no-latest' },
    }),
    to: 'ValidatingAdmissionPolicy.admissionregistration.k8s.io/no-latest',
    field: 'spec.policyName',
  },
];
