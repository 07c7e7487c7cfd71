/** Readiness of webhook configurations: it is that of what answers for them, which they only name. */
import { arrayAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { ReadinessRule } from '../types.ts';
import { progressing, ready } from './verdict.ts';

/**
 * While nothing answers for a webhook that must be asked, the API server refuses
 * what it judges. One whose Service is not there is not waited for: nothing that
 * comes later would bring it.
 */
export const webhooks: ReadinessRule = (object, context) => {
  const silent = backendsOf(object).find(
    ({ namespace, name }) => context.isAnswered(namespace, name) === false,
  );
  return silent === undefined
    ? ready
    : progressing(`nothing answers at Service/${silent.namespace}/${silent.name} yet`);
};

/** The Services behind those webhooks of a configuration that must be asked. */
export function backendsOf(
  configuration: KubeObject,
): readonly { readonly namespace: string; readonly name: string }[] {
  return arrayAt(configuration, 'webhooks').flatMap((webhook) => {
    const namespace = textAt(webhook, 'clientConfig', 'service', 'namespace');
    const name = textAt(webhook, 'clientConfig', 'service', 'name');
    const isOptional = textAt(webhook, 'failurePolicy') === 'Ignore';
    return namespace === undefined || name === undefined || isOptional ? [] : [{ namespace, name }];
  });
}
