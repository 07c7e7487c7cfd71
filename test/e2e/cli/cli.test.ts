/** The built command line against a real objective cluster and source, with the operator publishing the graph. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployShop, loadShop, type Shop } from '../../../hack/harness/shop.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { Fields } from '../../../src/api/fields.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  installOn,
  untilScenario,
} from '../support/antipode.ts';

const NAMESPACE = 'cli-test';
const KEY = { namespace: NAMESPACE, name: 'shop' };
const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli', 'main.js');
let lab: Lab;
let antipode: Antipode;
let shop: Shop;
let directory: string;

beforeAll(async () => {
  lab = await getLab();
  directory = await mkdtemp(join(tmpdir(), 'antipode-'));
  antipode = await installOn(lab);
  shop = await loadShop('cli-shop');
  await deployShop(lab.source, shop);
  const [front] = shop.namespaces;
  const scenario = aScenario(lab, { ...KEY, namespaces: [front] });
  await apply(lab.objective, [aNamespace(NAMESPACE), scenario]);
  await untilScenario(lab, antipode, KEY, 'is protected', ({ recoveryPoint }) => recoveryPoint !== undefined);
  await writeFile(join(directory, 'admin.kubeconfig'), await lab.objective.linkedKubeconfig(), {
    mode: 0o600,
  });
});

afterAll(async () => {
  await antipode?.remove();
  await lab.source.kubectl(['delete', 'namespace', ...shop.namespaces, '--wait=false']);
  await lab.objective.kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  await rm(directory, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function cli(...args: readonly string[]): Promise<Ended> {
  const kubeconfig = ['--kubeconfig', join(directory, 'admin.kubeconfig'), '-n', NAMESPACE];
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args, ...kubeconfig], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

async function planOf(spec: Fields, ...args: readonly string[]): Promise<Ended> {
  const file = join(directory, 'new.yaml');
  await writeFile(file, dump(aScenario(lab, { ...KEY, namespaces: [...shop.namespaces], spec })));
  return cli('plan', '-f', file, ...args);
}

/** Everything of the objective's and the source's namespaces that a command could have changed. */
async function resourceVersions(): Promise<string> {
  const format = [
    '-o',
    'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.generation}{"\\n"}{end}',
  ];
  const scenarios = await lab.objective.kubectl(['get', 'drs,rh', '-A', ...format]);
  const [front] = shop.namespaces;
  return scenarios + (await lab.source.kubectl(['-n', front, 'get', 'all,cm,secret', ...format]));
}

describe('antipode graph', () => {
  test('shows the graph that the operator published, with the evidence', async () => {
    const { code, stdout, stderr } = await waitFor(
      { what: 'the published graph', seconds: 120 },
      async () => {
        const ended = await cli('graph', 'shop');
        return ended.code === 0 ? ended : undefined;
      },
    );

    expect(code).toBe(0);
    // The scenario protects the front only: what it calls in the other namespace is said, not copied.
    expect(stderr).toContain('note: Deployment.apps/cli-shop/cart refers to Service/cli-shop-data/db');
    expect(stdout).toContain('needs Namespace/cli-shop (wave 1), being in it');
    expect(stdout).toMatch(/Deployment\/cli-shop\/\S+ spec\.templ\S+ \(\S+\)/);
    for (const value of shop.secretValues) expect(stdout).not.toContain(value);
  });

  test('belongs to its scenario, and is not written again while nothing changes', async () => {
    const read = ['-n', NAMESPACE, 'get', 'configmap', 'antipode-graph-shop', '-o'];
    const version = () => lab.objective.kubectl([...read, 'jsonpath={.metadata.resourceVersion}']);
    const before = await version();
    const { recoveryPoint } = await untilScenario(lab, antipode, KEY, 'has a point', () => true);

    await untilScenario(
      lab,
      antipode,
      KEY,
      'has a newer point',
      (status) => JSON.stringify(status['recoveryPoint']) !== JSON.stringify(recoveryPoint),
    );

    expect(await version()).toBe(before);
    expect(await lab.objective.kubectl([...read, 'jsonpath={.metadata.ownerReferences[0].name}'])).toBe(
      'shop',
    );
  });

  test('exits with 1 and says what to do for a scenario that is not there', async () => {
    expect(await cli('graph', 'nothing')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('no DRScenario cli-test/nothing'),
    });
  });
});

describe('antipode plan', () => {
  test('shows what the second namespace would add, and changes nothing', async () => {
    const before = await resourceVersions();

    const { code, stdout, stderr } = await planOf({});

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}\+ StatefulSet\/cli-shop-data\/db /m);
    expect(stdout).toMatch(/^ {2}RTO 2m: predicted/m);
    expect(await resourceVersions()).toBe(before);
  });

  test('passes on what the API server has against a spec', async () => {
    const { code, stderr } = await planOf({ recovery: { region: lab.source.name } });

    expect(code).toBe(1);
    expect(stderr).toContain('a region cannot recover itself');
  });

  test('says that it does not know the objects when the kubeconfigs may not be read', async () => {
    const { code, stdout, stderr } = await planOf({}, '--operator-namespace', 'somewhere-else');

    expect(code).toBe(0);
    expect(stdout).toContain('resources.namespaces  + cli-shop-data');
    expect(stderr).toContain('the source cannot be read from here');
  });
});
