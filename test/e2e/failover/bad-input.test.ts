/** What users and the world get wrong: each time a plain message, and nothing that was protected is lost. */
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executionsOf, untilExecuted } from '../../../hack/harness/executions.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import { at, type Fields } from '../../../src/api/fields.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  conditionIn,
  installOn,
  untilScenario,
} from '../support/antipode.ts';
import { aQuota, namespaceWithQuota } from '../support/quota.ts';

const NAMESPACE = 'bad-input-dr';
let lab: Lab;
let antipode: Antipode;

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab);
  await apply(lab.objective, [aNamespace(NAMESPACE)]);
});

afterAll(() => antipode?.remove());

const aConfigMap = (namespace: string, name: string, data: Fields = { a: 'b' }): Fields => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
const pointOf = (status: Fields): unknown => at(status, 'recoveryPoint', 'name');
const until = (name: string, what: string, accept: (status: Fields) => boolean, seconds?: number) =>
  untilScenario(lab, antipode, { namespace: NAMESPACE, name }, what, accept, seconds);
const declare = (name: string, namespaces: readonly string[], spec: Fields = {}) =>
  apply(lab.objective, [aScenario(lab, { namespace: NAMESPACE, name, namespaces, spec })]);

/** A namespace with one ConfigMap in the source, protected by a scenario of the same name. */
async function protectedNamespace(name: string, spec: Fields = {}): Promise<Fields> {
  await apply(lab.source, [aNamespace(name), aConfigMap(name, 'settings')]);
  await declare(name, [name], spec);
  return until(name, 'Protected', ({ phase }) => phase === 'Protected');
}

function execute(scenario: string) {
  return apply(lab.objective, [
    {
      apiVersion: 'antipode.dev/v1alpha1',
      kind: 'DRExecution',
      metadata: { name: `${scenario}-go`, namespace: NAMESPACE },
      spec: { scenario, kind: 'Failover' },
    },
  ]);
}

const ended = (scenario: string) => untilExecuted(lab.objective, { namespace: NAMESPACE, scenario }, 180);

/** The message of the first step that is running and blocked. */
const stepMessage = (scenario: string, part: string) =>
  waitFor({ what: `a step of ${scenario} to say "${part}"`, seconds: 120 }, async () => {
    const [execution] = await executionsOf(lab.objective, { namespace: NAMESPACE, scenario });
    return execution?.status.steps
      ?.map(({ message }) => message ?? '')
      .find((message) => message.includes(part));
  });

describe('a scenario', () => {
  it('that names an unknown region is not accepted, with the known ones and the remedy', async () => {
    await declare('unknown-region', ['default'], { recovery: { region: 'atlantis' } });
    const status = await until(
      'unknown-region',
      'judged',
      (seen) => conditionIn(seen, 'Accepted') !== undefined,
    );
    expect(conditionIn(status, 'Accepted')).toMatchObject({
      status: 'False',
      reason: 'RegionNotFound',
      message: expect.stringMatching(/atlantis.*known: eu-north, eu-west.*correct the name/),
    });
  });

  it('that is edited badly keeps what was accepted, and goes on protecting', async () => {
    const before = await protectedNamespace('bad-edit');
    await declare('bad-edit', ['bad-edit'], { recovery: { region: 'atlantis' } });
    const rejected = await until(
      'bad-edit',
      'rejected',
      (seen) => conditionIn(seen, 'Accepted')?.status === 'False',
    );
    expect(conditionIn(rejected, 'Accepted')?.message).toContain('generation 1 stays in force');
    expect(rejected['acceptedSpec']).toEqual(before['acceptedSpec']);
    await apply(lab.source, [aConfigMap('bad-edit', 'settings', { a: 'changed' })]);
    await until(
      'bad-edit',
      'captured again',
      (seen) => pointOf(seen) !== pointOf(before) && seen['phase'] === 'Protected',
    );
  });

  it('whose new edge names nothing keeps what was accepted, goes on protecting, and takes it when there is what it names', async () => {
    const name = 'bad-edge-edit';
    const before = await protectedNamespace(name);
    const edges = [{ before: `ConfigMap/${name}/settings`, after: `ConfigMap/${name}/late` }];
    await declare(name, [name], { dependencies: { edges } });
    const verdicts: unknown[] = [];
    const isRefused = (seen: Fields) => conditionIn(seen, 'Accepted')?.reason === 'UnknownDependency';
    const rejected = await until(name, 'rejected', isRefused);
    expect(conditionIn(rejected, 'Accepted')?.message).toContain('generation 1 stays in force');
    await apply(lab.source, [aConfigMap(name, 'settings', { a: 'changed' })]);
    const after = await until(name, 'captured again', (seen) => {
      verdicts.push(conditionIn(seen, 'Accepted')?.status);
      return pointOf(seen) !== pointOf(before) && seen['phase'] === 'Protected';
    });
    expect(new Set(verdicts)).toEqual(new Set(['False']));
    expect(after['acceptedSpec']).toEqual(before['acceptedSpec']);
    await apply(lab.source, [aConfigMap(name, 'late')]);
    const taken = await until(name, 'accepted', (seen) => conditionIn(seen, 'Accepted')?.status === 'True');
    expect(at(taken, 'acceptedSpec', 'dependencies', 'edges')).toEqual(edges);
  });

  it('whose edge names what has been deleted in the source goes on without it, and says so', async () => {
    const name = 'gone-edge';
    await apply(lab.source, [aNamespace(name), aConfigMap(name, 'settings'), aConfigMap(name, 'early')]);
    const edges = [{ before: `ConfigMap/${name}/early`, after: `ConfigMap/${name}/settings` }];
    await declare(name, [name], { dependencies: { edges } });
    const before = await until(name, 'Protected', ({ phase }) => phase === 'Protected');
    await lab.source.kubectl(['-n', name, 'delete', 'configmap', 'early']);
    const after = await until(name, 'captured without it', (seen) => pointOf(seen) !== pointOf(before));
    expect(JSON.stringify(at(after, 'graph', 'warnings'))).toContain(`ConfigMap/${name}/early`);
    expect(conditionIn(after, 'Accepted')?.status).toBe('True');
  });

  it('whose namespace is missing in the source says which', async () => {
    await declare('no-namespace', ['never-made']);
    const status = await until(
      'no-namespace',
      'judged',
      (seen) => conditionIn(seen, 'Replicated')?.status === 'False',
    );
    expect(conditionIn(status, 'Replicated')).toMatchObject({
      reason: 'NothingSelected',
      message: expect.stringContaining('never-made'),
    });
  });

  it('whose edge names nothing says which edge', async () => {
    await apply(lab.source, [aNamespace('bad-edge'), aConfigMap('bad-edge', 'settings')]);
    const edges = [{ before: 'ConfigMap/bad-edge/settings', after: 'Deployment/bad-edge/typo' }];
    await declare('bad-edge', ['bad-edge'], { dependencies: { edges } });
    const status = await until(
      'bad-edge',
      'judged',
      (seen) => conditionIn(seen, 'Accepted')?.status === 'False',
    );
    expect(conditionIn(status, 'Accepted')).toMatchObject({
      reason: 'UnknownDependency',
      message: expect.stringContaining('Deployment/bad-edge/typo'),
    });
  });
});

describe('a store', () => {
  it('that is not a directory fails the capture with its path and the remedy, and earlier points stay', async () => {
    const path = join(antipode.storeDir, '..', 'own-store');
    // A link, which can be replaced at once: between two steps a capture would make the directory anew.
    const [directory, file, link] = [`${path}-directory`, `${path}-file`, `${path}-link`];
    await mkdir(directory);
    await writeFile(file, 'in the way');
    await symlink(directory, path);
    const before = await protectedNamespace('lost-store', {
      replication: { store: { filesystem: { path } } },
    });
    await symlink(file, link);
    await rename(link, path);
    const failed = await until(
      'lost-store',
      'failing',
      (seen) => conditionIn(seen, 'Replicated')?.status === 'False',
    );
    expect(conditionIn(failed, 'Replicated')?.message).toContain(path);
    expect(pointOf(failed)).toBe(pointOf(before));
    await rm(path);
    await until(
      'lost-store',
      'capturing again',
      (seen) => conditionIn(seen, 'Replicated')?.status === 'True',
    );
  });
});

describe('a failover', () => {
  it('into a namespace with a foreign object of the same name touches nothing and names it', async () => {
    await protectedNamespace('foreign');
    await apply(lab.recovery, [aNamespace('foreign'), aConfigMap('foreign', 'settings', { mine: 'yes' })]);
    await execute('foreign');
    const { status } = await ended('foreign');
    expect(status.phase).toBe('Failed');
    expect(JSON.stringify(status)).toContain('ConfigMap/foreign/settings');
    const kept: { data: Fields } = JSON.parse(
      await lab.recovery.kubectl(['-n', 'foreign', 'get', 'configmap', 'settings', '-o', 'json']),
    );
    expect(kept.data).toEqual({ mine: 'yes' });
  });

  it('into a full recovery cluster names the quota, waits, and goes on when there is room', async () => {
    await protectedNamespace('full');
    const quota = { namespace: 'full', name: 'tight', resource: 'configmaps' } as const;
    await namespaceWithQuota(lab.recovery, { ...quota, most: 1 });
    await execute('full');
    expect(await stepMessage('full', 'quota')).toMatch(/ConfigMap\/full\/settings.*tight/s);
    await apply(lab.recovery, [aQuota({ ...quota, most: 10 })]);
    expect((await ended('full')).status.phase).toBe('Succeeded');
  });

  it('into a namespace that is being deleted waits until it is gone', async () => {
    await protectedNamespace('terminating');
    const held = {
      ...aConfigMap('terminating', 'held'),
      metadata: { name: 'held', namespace: 'terminating', finalizers: ['test.example.com/hold'] },
    };
    await apply(lab.recovery, [aNamespace('terminating'), held]);
    await lab.recovery.kubectl(['delete', 'namespace', 'terminating', '--wait=false']);
    await execute('terminating');
    expect(await stepMessage('terminating', 'being deleted')).toContain('terminating');
    await lab.recovery.kubectl([
      '-n',
      'terminating',
      'patch',
      'configmap',
      'held',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ]);
    expect((await ended('terminating')).status.phase).toBe('Succeeded');
  });

  it('of a scenario that does not exist is refused', async () => {
    await execute('nothing-of-that-name');
    const { status } = await ended('nothing-of-that-name');
    expect(status).toMatchObject({
      phase: 'Refused',
      message: expect.stringContaining('nothing-of-that-name'),
    });
  });

  it('while the source is alive says that it was not fenced', async () => {
    await protectedNamespace('unfenced');
    await execute('unfenced');
    const { status } = await ended('unfenced');
    expect(status.phase).toBe('Succeeded');
    expect(status.report?.warnings.join('\n')).toContain('NOT been fenced');
  });

  it('of a name that another external-dns owner holds fails at DNS and names the owner', async () => {
    const hostname = 'held.dr.test';
    await lab.dns.seedForeignRecord(hostname, '127.9.9.9', 'somebody-else');
    await protectedNamespace('held', {
      dns: {
        records: [{ hostname, source: { addresses: ['127.1.1.1'] }, recovery: { addresses: ['127.2.1.1'] } }],
        authoritativeServers: [lab.dns.server],
        timeout: '15s',
      },
    });
    await execute('held');
    const { status } = await ended('held');
    expect(status.phase).toBe('Failed');
    expect(status.steps?.find(({ kind }) => kind === 'DNS')?.message).toContain('somebody-else');
  });
});
