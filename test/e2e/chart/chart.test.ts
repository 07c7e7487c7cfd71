/** The Helm chart on real API servers: it renders, is let in, and gives each account what it needs and no more. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import { getLab } from '../lab.ts';
import { CHART, helm, install, kubectlPath, notes, RELEASE, remove, render, uninstall } from './helm.ts';
import {
  canI,
  expectPermissions,
  hookPermissions,
  narrowRecoveryPermissions,
  operatorPermissions,
  recoveryPermissions,
  sourcePermissions,
} from './permissions.ts';

const OPERATOR = `${RELEASE}-antipode`;
const REGION = `${RELEASE}-antipode-region`;
let lab: Lab;

beforeAll(async () => {
  lab = await getLab();
});

describe('helm', () => {
  it('finds nothing to complain about', async () => {
    await expect(helm(['lint', '--strict', CHART])).resolves.toContain('0 chart(s) failed');
  });

  it.each([
    ['an unknown part', 'part=everything', 'part'],
    ['an unknown value', 'replica=2', 'replica'],
    ['a log level that does not exist', 'logLevel=loud', 'logLevel'],
    ['several replicas that share no store', 'replicas=2', 'existingClaim'],
    ['a negative number of replicas', 'replicas=-1', 'replicas'],
    ['a port out of range', 'service.port=70000', 'port'],
    ['a namespace that cannot be one', 'scenarioNamespaces={Shop}', 'scenarioNamespaces'],
    ['reading every custom group, which would be writing', 'source.customGroups={*}', 'customGroups'],
    ['a size that is none', 'store.sizeLimit=large', 'sizeLimit'],
  ])('refuses %s', async (_what, value, field) => {
    await expect(render([value])).rejects.toThrow(field);
  });

  it('leaves the CRDs in the cluster when the release is uninstalled', async () => {
    const manifests = await render([]);

    expect(manifests.match(/^kind: CustomResourceDefinition$/gm)).toHaveLength(3);
    expect(manifests.match(/^ +helm.sh\/resource-policy: keep$/gm)).toHaveLength(3);
    expect(await render(['crds.install=false'])).not.toContain('CustomResourceDefinition');
  });

  it('writes a ServiceMonitor only when asked', async () => {
    expect(await render([])).not.toContain('ServiceMonitor');
    expect(await render(['serviceMonitor.enabled=true'])).toContain('kind: ServiceMonitor');
  });
});

describe('The operator, installed,', () => {
  let removable: string;

  beforeAll(async () => {
    removable = await render(['crds.install=false']);
    await install(lab.objective, await render([]));
  });

  afterAll(() => uninstall(lab.objective, removable));

  it('is let into a namespace for restricted Pods only', async () => {
    const wait = ['wait', `deployment/${OPERATOR}`, '--for=condition=Available', '--timeout=120s'];

    await expect(lab.objective.kubectl([...wait, '-n', RELEASE])).resolves.toContain('condition met');
  });

  it('may do what it needs in the objective cluster, and no more', async () => {
    await expectPermissions(lab.objective, OPERATOR, operatorPermissions);
  });

  it('may write Services and ConfigMaps in the namespaces of scenarios only, when these are listed', async () => {
    const values = ['crds.install=false', 'scenarioNamespaces={default}'];
    await remove(lab.objective, removable);
    removable = await render(values);
    await install(lab.objective, removable);

    await expectPermissions(lab.objective, OPERATOR, {
      allowed: [
        'create services default',
        'patch services default',
        'list services',
        'patch configmaps default',
      ],
      denied: [
        'create services kube-system',
        'patch services',
        'patch configmaps',
        'get configmaps kube-system',
      ],
    });
  });
});

describe('The account for a source region', () => {
  let manifests: string;

  beforeAll(async () => {
    manifests = await render(['part=source']);
    await install(lab.source, manifests);
  });

  afterAll(() => uninstall(lab.source, manifests));

  it('may read what is copied, and write nothing, not even through a proxy', async () => {
    await expectPermissions(lab.source, REGION, sourcePermissions);
  });

  it('answers kubectl auth can-i accordingly', async () => {
    expect(await canI(lab.source, REGION, ['list', 'nodes'])).toBe('yes');
    expect(await canI(lab.source, REGION, ['delete', 'pods', '-n', 'default'])).toBe('no');
  });

  it('may run programs in Pods when hooks are enabled, and no more', async () => {
    const enabled = await render(['part=source', 'hooks.enabled=true']);
    await lab.source.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: enabled });

    await expectPermissions(lab.source, REGION, hookPermissions);

    await lab.source.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
      input: manifests,
    });
    await expectPermissions(lab.source, REGION, sourcePermissions);
  });

  it('has a kubeconfig after the commands that the notes show', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'antipode-chart-'));
    const commands = shownCommands(await notes(['part=source']));
    const kubectl = await kubectlPath();
    const environment = {
      ...process.env,
      PATH: `${path.dirname(kubectl)}:${process.env['PATH']}`,
      KUBECONFIG: lab.source.kubeconfig,
    };

    await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], {
      cwd: directory,
      env: environment,
    });
    const made = path.join(directory, 'eu-west.kubeconfig');
    const whoami = await promisify(execFile)(kubectl, ['--kubeconfig', made, 'auth', 'whoami']);
    await rm(directory, { recursive: true });

    expect(whoami.stdout).toContain(`system:serviceaccount:${RELEASE}:${REGION}`);
  });
});

describe('The account for a recovery region', () => {
  let manifests: string;

  beforeAll(async () => {
    manifests = await render(['part=recovery', 'token.create=true']);
    await install(lab.recovery, manifests);
  });

  afterAll(() => uninstall(lab.recovery, manifests));

  it('may read and create what is restored, roles included, and delete nothing but snapshots', async () => {
    await expectPermissions(lab.recovery, REGION, recoveryPermissions);
  });

  it('gets a token that does not expire, when asked', async () => {
    const get = ['get', 'secret', REGION, '-n', RELEASE, '-o', 'jsonpath={.data.token}'];

    await expect.poll(() => lab.recovery.kubectl(get), { timeout: 120_000 }).not.toBe('');
  });

  it('is kept from exec, proxies and tokens when the custom groups are listed', async () => {
    await lab.recovery.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
      input: await render(['part=recovery', 'recovery.customGroups={shop.example.com}']),
    });

    await expectPermissions(lab.recovery, REGION, narrowRecoveryPermissions);
  });
});

/** The indented lines of the notes that run in the region's cluster: all but the last block. */
function shownCommands(text: string): string {
  const here = text.slice(0, text.indexOf('SERVER must be'));
  return here
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .join('\n');
}
