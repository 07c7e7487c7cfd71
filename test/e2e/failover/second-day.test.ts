/** What comes after: a failover that ended half done, and a scenario of which only the store still knows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askAuthority } from '../../../hack/harness/dns.ts';
import { type ExecutionSight, untilExecuted } from '../../../hack/harness/executions.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { Fields } from '../../../src/api/fields.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  conditionIn,
  FAILED_FOR,
  installOn,
  untilScenario,
} from '../support/antipode.ts';

const NAMESPACE = 'second-day-dr';
let lab: Lab;
let antipode: Antipode;

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab);
  await apply(lab.objective, [aNamespace(NAMESPACE)]);
});

afterAll(async () => {
  await antipode?.remove();
  await lab?.source.start();
});

const isProtected = ({ phase }: Fields): boolean => phase === 'Protected';
const until = (name: string, what: string, accept: (status: Fields) => boolean, seconds?: number) =>
  untilScenario(lab, antipode, { namespace: NAMESPACE, name }, what, accept, seconds);

/** A scenario of a namespace of its own name with one ConfigMap. */
async function declare(name: string, spec: Fields = {}): Promise<void> {
  await apply(lab.objective, [aScenario(lab, { namespace: NAMESPACE, name, namespaces: [name], spec })]);
}

async function protect(name: string, spec: Fields = {}): Promise<void> {
  const settings = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: name },
    data: { colour: 'green' },
  };
  await apply(lab.source, [aNamespace(name), settings]);
  await declare(name, spec);
  await until(name, 'Protected', isProtected);
}

async function failOver(scenario: string): Promise<ExecutionSight> {
  const execution = {
    apiVersion: 'antipode.dev/v1alpha1',
    kind: 'DRExecution',
    metadata: { name: `${scenario}-go`, namespace: NAMESPACE },
    spec: { scenario, kind: 'Failover' },
  };
  await apply(lab.objective, [execution]);
  return untilExecuted(lab.objective, { namespace: NAMESPACE, scenario }, 180);
}

const inRecovery = (namespace: string) =>
  lab.recovery.kubectl(['-n', namespace, 'get', 'configmap', 'settings', '-o', 'jsonpath={.data.colour}']);

const [SOURCE, RECOVERY] = ['192.0.2.77', '198.51.100.77'];
const hostnameOf = (name: string): string => `${name}.dr.test`;
const dnsOf = (name: string): Fields => ({
  records: [
    {
      hostname: hostnameOf(name),
      source: { addresses: [SOURCE] },
      recovery: { addresses: [RECOVERY] },
    },
  ],
  authoritativeServers: [lab.dns.server],
});
const answerOf = (name: string) => askAuthority(lab.dns.server, hostnameOf(name));
const answering = (name: string, address: string) =>
  waitFor({ what: `${hostnameOf(name)} to answer ${address}`, seconds: 120 }, async () => {
    const answer = await answerOf(name);
    return answer?.includes(address) === true ? answer : undefined;
  });
const isAway = (seen: Fields): boolean => conditionIn(seen, 'DNSReady')?.reason === 'NamesElsewhere';

describe('a failover that has moved the names and failed after that', () => {
  const name = 'half-done';

  it('leaves them where they are, also after a restart, and says how to go on and how to go back', async () => {
    const hooks = [
      {
        name: 'reindex',
        when: 'AfterRestore',
        namespace: name,
        podSelector: { app: 'of-nobody' },
        command: ['reindex'],
      },
    ];
    await protect(name, {
      // Of every step: those before the hook must have had the time to succeed.
      failover: { stepTimeout: '20s' },
      replication: { hooks },
      dns: dnsOf(name),
    });
    await answering(name, SOURCE);

    const { status } = await failOver(name);

    expect(status.phase).toBe('Failed');
    expect(await inRecovery(name)).toBe('green');
    await answering(name, RECOVERY);
    await until(name, 'told that names are elsewhere', isAway);
    await antipode.killAndRestart();
    await apply(lab.source, [{ ...aNamespace(name), metadata: { name, labels: { changed: 'yes' } } }]);
    const held = await until(name, 'held', (seen) => conditionIn(seen, 'Protected')?.status === 'False');
    expect(conditionIn(held, 'DNSReady')?.message).toMatch(/create another DRExecution.*annotate service/);
    expect(await answerOf(name)).toEqual([RECOVERY]);
  });

  it('gives them back to the source when a person says so, and protects it again', async () => {
    const seen = await until(name, 'judged', (status) => conditionIn(status, 'DNSReady') !== undefined);
    const command = /kubectl (-n \S+ annotate service -l \S+ --overwrite \S+)/.exec(
      conditionIn(seen, 'DNSReady')?.message ?? '',
    )?.[1];
    await lab.objective.kubectl((command ?? '').replace(/[.,]$/, '').split(' '));

    expect(await answering(name, SOURCE)).toEqual([SOURCE]);
    await until(name, 'Protected again', isProtected);
  });
});

describe('a scenario that was made anew after a failover', () => {
  it('touches no name, and says that they are elsewhere', async () => {
    const name = 'made-anew-after';
    await protect(name, { dns: dnsOf(name) });
    await answering(name, SOURCE);
    expect((await failOver(name)).status.phase).toBe('Succeeded');
    await answering(name, RECOVERY);

    await lab.objective.kubectl(['-n', NAMESPACE, 'delete', 'drs', name]);
    await declare(name, { dns: dnsOf(name) });

    const seen = await until(name, 'told that names are elsewhere', isAway);
    expect(conditionIn(seen, 'DNSReady')?.message).toContain('exchange source and recovery');
    expect(await answerOf(name)).toEqual([RECOVERY]);
  });
});

describe('a scenario that was made anew while its source is down', () => {
  it('is recovered from what its store has, with a warning that nobody has compared it', async () => {
    const name = 'made-anew';
    await protect(name);
    await lab.objective.kubectl(['-n', NAMESPACE, 'delete', 'drs', name]);
    await lab.source.kill();
    await waitFor({ what: 'the source to be Failed', seconds: FAILED_FOR + 120 }, async () => {
      const verdict = ['get', 'rh', lab.source.name, '-o', 'jsonpath={.status.verdict}'];
      return (await lab.objective.kubectl(verdict)) === 'Failed' ? true : undefined;
    });

    await declare(name);
    const listed = await until(name, 'told of its points', (seen) => seen['recoveryPoints'] !== undefined);
    expect(conditionIn(listed, 'Protected')?.status).toBe('False');
    const { status } = await failOver(name);

    expect(status.phase).toBe('Succeeded');
    expect(await inRecovery(name)).toBe('green');
    expect(status.report?.warnings).toContainEqual(expect.stringMatching(/read back whole.*NOT compared/));
  });
});
