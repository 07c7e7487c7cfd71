import { describe, expect, it } from 'vitest';
import { anObject, aWorkload, ownedBy } from '../../testing/objects.ts';
import { buildGraph } from './order.ts';
import { API, api, DB, secret, unitsOf, using, WEB, web } from './testing/shop-objects.ts';

describe('cycles', () => {
  it('are shown with their path and what causes them', () => {
    const objects = [web(), api(), aWorkload('StatefulSet', 'shop/db')];
    const explicit = [
      { before: 'Deployment/shop/web', after: 'Deployment/shop/api' },
      { before: 'Deployment/shop/api', after: 'StatefulSet/shop/db' },
      { before: 'StatefulSet/shop/db', after: 'Deployment/shop/web' },
    ];

    expect(buildGraph(objects, explicit, true, [])).toEqual({
      kind: 'cycle',
      path: [API, WEB, DB, API],
      because: [
        { from: API, to: WEB, rule: 'explicit', field: 'spec.dependencies.edges[0]', certainty: 'certain' },
        { from: WEB, to: DB, rule: 'explicit', field: 'spec.dependencies.edges[2]', certainty: 'certain' },
        { from: DB, to: API, rule: 'explicit', field: 'spec.dependencies.edges[1]', certainty: 'certain' },
      ],
    });
  });

  it('arise where the user contradicts a reference', () => {
    const explicit = [{ before: 'Deployment/shop/web', after: 'Secret/shop/pw' }];

    const result = buildGraph([web(using('pw')), secret('pw')], explicit, true, []);

    expect(result).toMatchObject({ kind: 'cycle', path: [WEB, 'Secret/shop/pw', WEB] });
  });

  it('may be of one object that is to come before itself', () => {
    const explicit = [{ before: 'Deployment/shop/web', after: 'Deployment.apps/shop/web' }];

    expect(buildGraph([web()], explicit, true, [])).toMatchObject({ kind: 'cycle', path: [WEB, WEB] });
  });

  it('are not made by ownership: a driver that owns the ConfigMap it mounts comes after it', () => {
    const driver = anObject('Pod', 'shop/driver', { spec: { volumes: [{ configMap: { name: 'conf' } }] } });
    const conf = anObject('ConfigMap', 'shop/conf', { metadata: { ownerReferences: [ownedBy(driver)] } });

    expect(unitsOf([driver, conf])).toEqual({
      'Pod/shop/driver': ['ConfigMap/shop/conf', 'Pod/shop/driver'],
    });
  });

  it('are not made by an account whose Secret is made by what the account logs in for', () => {
    const external = 'external-secrets.io/v1';
    const store = anObject('SecretStore', 'shop/vault', {
      apiVersion: external,
      spec: { provider: { vault: { auth: { kubernetes: { serviceAccountRef: { name: 'app' } } } } } },
    });
    const made = anObject('ExternalSecret', 'shop/made', {
      apiVersion: external,
      spec: { secretStoreRef: { name: 'vault', kind: 'SecretStore' } },
    });
    const listed = [{ name: 'made' }];
    const account = anObject('ServiceAccount', 'shop/app', { imagePullSecrets: listed, secrets: listed });

    const copied = anObject('Secret', 'shop/made', { metadata: { ownerReferences: [ownedBy(made)] } });

    const withoutCopy = buildGraph([account, made, store], [], true, []);

    expect(withoutCopy.kind).toBe('graph');
    expect(unitsOf([account, made, store, copied])).toMatchObject({
      'SecretStore.external-secrets.io/shop/vault': [
        'Secret/shop/made',
        'ServiceAccount/shop/app',
        'SecretStore.external-secrets.io/shop/vault',
      ],
    });
  });
});
