import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DRScenarioSpec, drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { type AcceptanceFacts, accept, explicitCycle, specRejections } from './acceptance.ts';

const facts: AcceptanceFacts = {
  regions: new Map([
    ['eu-west', { providerRegion: 'eu-west-1' }],
    ['eu-north', { providerRegion: 'eu-north-1' }],
    ['eu-west-copy', { providerRegion: 'eu-west-1' }],
  ]),
  objectiveRegion: 'us-east-1',
};

const spec = (changes: object = {}): DRScenarioSpec =>
  drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop'] },
    ...changes,
  });

describe('accepting a scenario', () => {
  it('accepts two known regions with the operator in a third', () => {
    expect(accept(spec(), facts)).toEqual({ kind: 'accepted' });
  });

  it('names the unknown region, the known ones and the remedy', () => {
    const result = accept(spec({ recovery: { region: 'mars' } }), facts);
    expect(result).toMatchObject({ kind: 'rejected', reason: 'RegionNotFound' });
    expect(result.kind === 'rejected' && result.message).toContain(
      'spec.recovery.region is "mars", but there is no RegionHealth of that name (known: eu-north, eu-west, eu-west-copy)',
    );
  });

  it('refuses two names for the same region', () => {
    const result = accept(spec({ recovery: { region: 'eu-west-copy' } }), facts);
    expect(result).toMatchObject({ kind: 'rejected', reason: 'InvalidSpec' });
  });

  it('refuses the same name for both, also when nothing is known of regions', () => {
    const same = spec({ recovery: { region: 'eu-west' } });
    expect(specRejections(same).map(({ reason }) => reason)).toEqual(['InvalidSpec']);
    expect(accept(same, facts)).toMatchObject({
      kind: 'rejected',
      message: 'spec.recovery.region is "eu-west", the same as spec.source.region: choose another',
    });
  });

  it('tells of a spec by itself all that is wrong, one for each sort', () => {
    const edges = ['a', 'b'].map((name, index) => ({
      before: `Deployment/shop/${name}`,
      after: `Deployment/shop/${index === 0 ? 'b' : 'a'}`,
    }));
    const wrong = spec({ recovery: { region: 'eu-west' }, dependencies: { edges } });
    expect(specRejections(wrong).map(({ reason }) => reason)).toEqual(['InvalidSpec', 'DependencyCycle']);
    expect(specRejections(spec())).toEqual([]);
  });

  it('refuses to run in a region it protects', () => {
    const result = accept(spec(), { ...facts, objectiveRegion: 'eu-north-1' });
    expect(result).toMatchObject({ kind: 'rejected', reason: 'ObjectiveInProtectedRegion' });
  });

  it.each(['rpo', 'rto'])('refuses an objective %s of zero', (field) => {
    const objectives = { rpo: '5m', rto: '10m', [field]: '0s' };
    const result = accept({ ...spec(), objectives }, facts);
    expect(result.kind === 'rejected' && result.message).toContain(`spec.objectives.${field} is "0s"`);
  });

  it('refuses what the engine cannot do', () => {
    const replication = {
      engine: 'velero',
      store: { s3: { bucket: 'points' } },
      volumes: { strategy: 'VolSync' },
    };
    expect(accept(spec({ replication }), facts)).toMatchObject({
      kind: 'rejected',
      reason: 'InvalidSpec',
      message: expect.stringContaining('spec.replication.volumes.strategy is VolSync'),
    });
  });

  it('names the transforms that cannot be applied, all at once', () => {
    const transforms = [
      { name: 'edge', match: 'object.', ingressClasses: [{ from: 'alb', to: 'nginx' }] },
      { name: 'places', namespaces: [{ from: 'shop', to: 'pay' }] },
    ];
    const result = accept(
      spec({ resources: { namespaces: ['shop', 'pay'] }, replication: { transforms } }),
      facts,
    );
    expect(result).toMatchObject({ kind: 'rejected', reason: 'InvalidSpec' });
    expect(result.kind === 'rejected' && result.message).toMatch(
      /^spec\.replication\.transforms\[edge\]\.match is not a valid .*; spec\.replication\.transforms\[places\]\.namespaces maps shop to pay, which is protected too/,
    );
  });

  it('refuses hooks in namespaces that are not protected, and labels that no Pod has', () => {
    const hook = { when: 'BeforeCapture', command: ['sync'] };
    const hooks = [
      { ...hook, name: 'freeze', namespace: 'kube-system', podSelector: { app: 'db' } },
      { ...hook, name: 'flush', namespace: 'shop', podSelector: { 'a/b/c': 'x' } },
    ];
    const result = accept(spec({ replication: { hooks } }), facts);
    expect(result).toMatchObject({
      kind: 'rejected',
      reason: 'InvalidSpec',
      message:
        'spec.replication.hooks[freeze].namespace is kube-system, which is not protected: name one of spec.resources.namespaces, as in the source; ' +
        'spec.replication.hooks[flush].podSelector has "a/b/c: x", which no Pod can have as a label: correct it',
    });
  });

  it('names a time zone of an exclusion window that there is not', () => {
    const window = { from: '02:00', to: '04:00', timeZone: 'Mars/Olympus' };
    const result = accept(spec({ replication: { schedule: { exclusionWindows: [window] } } }), facts);
    expect(result.kind === 'rejected' && result.message).toContain(
      'spec.replication.schedule.exclusionWindows[0].timeZone: there is no time zone Mars/Olympus',
    );
  });

  it('shows the path of a cycle among explicit edges', () => {
    const edges = [
      { before: 'Deployment/shop/a', after: 'Deployment/shop/b' },
      { before: 'Deployment/shop/b', after: 'Deployment/shop/c' },
      { before: 'Deployment/shop/c', after: 'Deployment/shop/a' },
    ];
    const result = accept(spec({ dependencies: { edges } }), facts);
    expect(result).toMatchObject({ kind: 'rejected', reason: 'DependencyCycle' });
    expect(result.kind === 'rejected' && result.message).toContain(
      'Deployment/shop/a -> Deployment/shop/b -> Deployment/shop/c -> Deployment/shop/a',
    );
  });
});

describe('accepting the rules of a scenario', () => {
  const rule = (name: string, match: string) => ({
    name,
    match,
    needs: { object: "'StatefulSet/shop/queue'" },
  });

  it('accepts rules that can be read', () => {
    const rules = [rule('queue-first', "object.kind == 'Deployment'")];
    expect(accept(spec({ dependencies: { rules } }), facts)).toEqual({ kind: 'accepted' });
  });

  it('names the rule, its expression, what is wrong with it and the remedy', () => {
    const rules = [rule('fine', 'true'), rule('queue-first', "object.kind.matches('(a+)+$')")];
    const result = accept(spec({ dependencies: { rules } }), facts);
    expect(result).toMatchObject({ kind: 'rejected', reason: 'InvalidRule' });
    expect(result.kind === 'rejected' && result.message).toContain(
      'spec.dependencies.rules[1] ("queue-first"), match: "object.kind.matches(\'(a+)+$\')" calls matches(), which rules cannot use: they can use has, contains',
    );
  });

  it('judges the rules of readiness alike', () => {
    const readiness = [{ name: 'db', match: 'true', ready: 'object.status.phase' }];
    expect(accept(spec({ dependencies: { readiness } }), facts)).toEqual({ kind: 'accepted' });
    const broken = {
      dependencies: { rules: [rule('a', '1')], readiness: [{ ...readiness[0], ready: '1' }] },
    };
    const result = accept(spec(broken), facts);
    expect(result).toMatchObject({ kind: 'rejected', reason: 'InvalidRule' });
    expect(result.kind === 'rejected' && result.message).toMatch(
      /rules\[0\] \("a"\), match: .*; spec\.dependencies\.readiness\[0\] \("db"\), ready: /,
    );
  });

  it('tells several problems at once, but not more than a message can hold', () => {
    const long = (name: string) => rule(name, `${'x'.repeat(1023)}=`);
    const rules = ['a', 'b', 'c', 'd', 'e'].map(long);
    const result = accept(spec({ dependencies: { rules } }), facts);
    expect(result.kind === 'rejected' && result.message).toMatch(/rules\[2\].*; and 2 more$/);
    expect(result.kind === 'rejected' && result.message.length).toBeLessThan(4096);
  });
});

describe('cycles among explicit edges', () => {
  const node = fc.integer({ min: 0, max: 9 }).map((n) => `Deployment/shop/n${n}`);
  const edges = fc.array(fc.record({ before: node, after: node }), { maxLength: 30 });

  it('finds none when every edge goes from a smaller to a larger name', () => {
    fc.assert(
      fc.property(edges, (all) => {
        expect(explicitCycle(all.filter(({ before, after }) => before < after))).toBeUndefined();
      }),
    );
  });

  it('answers a closed path made of given edges, exactly when repeated removal of sources leaves something', () => {
    fc.assert(
      fc.property(edges, (all) => {
        const path = explicitCycle(all);
        let rest = all;
        for (let size = -1; size !== rest.length; ) {
          size = rest.length;
          const current = rest;
          rest = current.filter(({ before }) => current.some(({ after }) => after === before));
        }
        expect(path !== undefined).toBe(rest.length > 0);
        if (path === undefined) return;
        expect(path[0]).toBe(path.at(-1));
        for (const [index, before] of path.slice(0, -1).entries()) {
          expect(all).toContainEqual({ before, after: path[index + 1] });
        }
      }),
    );
  });
});
