/**
 * Servers that extend the API server: admission webhooks, conversion webhooks
 * and aggregated APIs. Each is registered by an object that names a Service;
 * registered before that is answered, it makes the API server refuse what it
 * would have judged, converted or served.
 */
import { arrayAt, at, textAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject, refKey } from '../../../api/object.ts';
import type { World } from '../world.ts';
import { answeredBy, CUSTOM, clusterWide, type Found, type Rule } from './rule.ts';

const ADMISSION = 'admissionregistration.k8s.io';
const DEFINITION = 'CustomResourceDefinition.apiextensions.k8s.io';

export const WEBHOOK_KINDS: readonly string[] = [
  `ValidatingWebhookConfiguration.${ADMISSION}`,
  `MutatingWebhookConfiguration.${ADMISSION}`,
];
/** The rule whose edges lead from a webhook configuration to what answers for it. */
export const WEBHOOK_RULE = 'webhook-backend';

export const extensionRules: readonly Rule[] = [
  {
    name: WEBHOOK_RULE,
    kinds: WEBHOOK_KINDS,
    reads: 'webhooks[*].clientConfig.service',
    certainty: 'certain',
    stays: true,
    sentence: 'A webhook is registered once what answers for its Service is ready.',
    sees: 'others',
    find: (object, world) => backendsOf(object).flatMap((found) => answeredBy(found, world)),
  },
  {
    name: 'api-service-backend',
    kinds: ['APIService.apiregistration.k8s.io'],
    reads: 'spec.service',
    certainty: 'certain',
    stays: true,
    sentence: 'An aggregated API is registered once what answers for its Service is ready.',
    sees: 'others',
    find: (object, world) => backendsOf(object).flatMap((found) => answeredBy(found, world)),
  },
  {
    // The definition does not wait: its converter is mostly the operator itself, which cannot start without it.
    name: 'conversion-service',
    kinds: [DEFINITION],
    reads: 'spec.conversion.webhook.clientConfig.service',
    certainty: 'certain',
    only: 'search',
    stays: true,
    sentence: 'A definition with several versions names the Service that converts between them.',
    find: (object) => backendsOf(object),
  },
  {
    name: 'conversion-webhook',
    kinds: [CUSTOM],
    reads: 'spec.conversion.webhook.clientConfig.service of its definition',
    certainty: 'certain',
    stays: true,
    sentence:
      'A custom resource can be written once what converts between the versions of its kind is ready.',
    sees: 'others',
    find: conversion,
  },
  {
    name: 'admission-policy',
    kinds: [`ValidatingAdmissionPolicyBinding.${ADMISSION}`, `MutatingAdmissionPolicyBinding.${ADMISSION}`],
    reads: 'spec.policyName',
    certainty: 'certain',
    sentence: 'A binding puts an admission policy into force.',
    find: (binding) =>
      clusterWide(
        ADMISSION,
        binding.kind.replace(/Binding$/, ''),
        at(binding, 'spec', 'policyName'),
        'spec.policyName',
      ),
  },
];

/**
 * The Services that an extension calls, itself and not what answers for them.
 * Empty for one that is reached by URL, and for any other object.
 */
export function backendsOf(object: KubeObject): readonly Found[] {
  const configs =
    object.kind === 'APIService'
      ? [{ config: at(object, 'spec'), path: 'spec' }]
      : object.kind === 'CustomResourceDefinition'
        ? [
            {
              config: at(object, 'spec', 'conversion', 'webhook', 'clientConfig'),
              path: 'spec.conversion.webhook.clientConfig',
            },
          ]
        : arrayAt(object, 'webhooks').map((webhook, index) => ({
            config: at(webhook, 'clientConfig'),
            path: `webhooks[${index}].clientConfig`,
          }));
  return configs.flatMap(({ config, path }) => {
    const namespace = textAt(config, 'service', 'namespace');
    const name = textAt(config, 'service', 'name');
    if (namespace === undefined || name === undefined) return [];
    return [{ to: { group: '', kind: 'Service', namespace, name }, field: `${path}.service.name` }];
  });
}

/** The operator's own objects are not spared: one of its kind that it needs to start would never have been written. */
function conversion(object: KubeObject, world: World): readonly Found[] {
  const definition = world.definitionOf(groupOf(object.apiVersion), object.kind);
  const crd = definition === undefined ? undefined : world.objects.get(refKey(definition));
  if (crd === undefined) return [];
  return backendsOf(crd)
    .flatMap((found) => answeredBy(found, world))
    .map((found) => ({
      ...found,
      field: `${found.field} of ${refKey(refOfDefinition(crd))}`,
      optional: true,
    }));
}

const refOfDefinition = ({ metadata: { name } }: KubeObject) => ({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  name,
});
