import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BINARY_MODULES, BINARY_NAMES, CORE_NAMES, MODULES_DIRECTORY } from './binaries.ts';
import { buildFlags, cacheDirectory } from './build/build-module.ts';

const goMod = (module: string) => readFileSync(join(MODULES_DIRECTORY, module, 'go.mod'), 'utf8');

/** As `tool PACKAGE`, or on a line of its own in a block. */
const toolLine = (name: string): RegExp => new RegExp(`^(tool |\\t)${name.replaceAll('.', '\\.')}$`, 'm');

test('every program comes from exactly one module, in the order in which they are needed', () => {
  expect(BINARY_MODULES.flatMap((module) => module.names)).toEqual([...BINARY_NAMES]);
});

test('a lab without add-ons builds and waits for nothing of theirs', () => {
  const core = BINARY_MODULES.filter((module) => module.names.some((name) => CORE_NAMES.includes(name)));

  expect(core.flatMap((module) => module.names)).toEqual([...CORE_NAMES]);
  expect(CORE_NAMES).toContain('helm');
  expect(CORE_NAMES).not.toContain('velero');
});

test.each(BINARY_MODULES.map((module) => [module.module, module.executable, module] as const))(
  '%s, %s: the module file agrees with the manifest',
  (name, _executable, module) => {
    const text = goMod(name);

    expect(text).toContain(`module antipode.dev/lab/${name}\n`);
    expect(text).toMatch(/^go 1\.26\.\d+$/m);
    expect(text).toMatch(module.package === '.' ? '' : toolLine(module.package));
    expect(text).toContain(name === 'tether' ? '' : ` v${module.version}`);
  },
);

test('every check of an installed program asks for what the module pins', () => {
  for (const module of BINARY_MODULES) {
    for (const [name, check] of Object.entries(module.installed ?? {})) {
      const pinned =
        name === 'etcd' ? /etcd\/server\/v3 v(\S+)/.exec(goMod('kubernetes'))?.[1] : module.version;
      expect(check.rule.version).toBe(pinned);
    }
  }
});

test('programs are stripped, and told their version where they do not know it themselves', () => {
  const kubernetes = BINARY_MODULES.find((module) => module.module === 'kubernetes');

  expect(kubernetes && buildFlags(kubernetes)).toEqual([
    '-trimpath',
    '-ldflags',
    '-s -w -X k8s.io/component-base/version.gitVersion=v1.35.4',
  ]);
});

test('the cache follows XDG_CACHE_HOME', () => {
  expect(cacheDirectory({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/antipode/lab');
});
