import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BINARY_MODULES, type BinaryModule } from '../binaries.ts';
import { findInstalled } from './find-installed.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'installed-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const VERSIONS = {
  etcd: 'etcd Version: 3.6.9',
  'kube-apiserver': 'Kubernetes v1.35.1',
  'kube-controller-manager': 'Kubernetes v1.35.1',
  'kube-scheduler': 'Kubernetes v1.35.1',
  kubectl: 'Client Version: v1.35.1',
};

test('programs of one release are used when all of them are there, from KUBEBUILDER_ASSETS and PATH together', async () => {
  const assets = directory('assets', { 'kube-apiserver': VERSIONS['kube-apiserver'], etcd: VERSIONS.etcd });
  const path = directory('bin', { ...VERSIONS, etcd: 'etcd Version: 3.5.0' });

  const found = await findInstalled(kubernetes(), { KUBEBUILDER_ASSETS: assets, PATH: path });

  expect(found?.get('etcd')).toBe(join(assets, 'etcd'));
  expect(found?.get('kube-scheduler')).toBe(join(path, 'kube-scheduler'));
});

test('one program of another minor release makes all of them unfit', async () => {
  const path = directory('bin', { ...VERSIONS, 'kube-scheduler': 'Kubernetes v1.34.9' });

  expect(await findInstalled(kubernetes(), { PATH: path })).toBeUndefined();
});

test('a missing program makes the others unfit', async () => {
  const { etcd: _etcd, ...rest } = VERSIONS;

  expect(await findInstalled(kubernetes(), { PATH: directory('bin', rest) })).toBeUndefined();
});

test('a program that fails when asked for its version does not fit', async () => {
  const path = directory('bin', VERSIONS);
  script(join(path, 'etcd'), 'exit 1');

  expect(await findInstalled(kubernetes(), { PATH: path })).toBeUndefined();
});

function kubernetes(): BinaryModule {
  const module = BINARY_MODULES.find((candidate) => candidate.module === 'kubernetes');
  if (module === undefined) throw new Error('the manifest has no kubernetes');
  return module;
}

function directory(name: string, programs: Readonly<Record<string, string>>): string {
  const path = join(root, name);
  mkdirSync(path);
  for (const [program, version] of Object.entries(programs)) script(join(path, program), `echo '${version}'`);
  return path;
}

function script(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}
