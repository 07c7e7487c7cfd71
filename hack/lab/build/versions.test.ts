import { describe, expect, test } from 'vitest';
import { fits, goDirective, parseVersion } from './versions.ts';

describe('parseVersion', () => {
  test.each([
    ['Kubernetes v1.35.4', 1, 35, 4],
    ['etcd Version: 3.6.5\nGit SHA: abc', 3, 6, 5],
    ['CoreDNS-1.14.7\nlinux/amd64, go1.26.8', 1, 14, 7],
    ['v4.2.4+g1a2b3c', 4, 2, 4],
    ['go version go1.26 linux/amd64', 1, 26, 0],
    ['kwok version v0.8.0 go1.26 (linux/amd64)', 0, 8, 0],
  ])('%s', (text, major, minor, patch) => {
    expect(parseVersion(text)).toEqual({ major, minor, patch });
  });

  test('finds nothing where there is no version', () => {
    expect(parseVersion('command not found')).toBeUndefined();
  });
});

describe('fits', () => {
  test('the same minor takes any patch but no other minor', () => {
    const rule = { version: '1.35.4', precision: 'minor' } as const;

    expect(fits('Kubernetes v1.35.0', rule)).toBe(true);
    expect(fits('Kubernetes v1.36.4', rule)).toBe(false);
    expect(fits('Kubernetes v2.35.4', rule)).toBe(false);
  });

  test('exact takes nothing but that version, major any of its line', () => {
    expect(fits('v0.8.1', { version: '0.8.0', precision: 'exact' })).toBe(false);
    expect(fits('v0.8.0', { version: '0.8.0', precision: 'exact' })).toBe(true);
    expect(fits('v4.9.1+g12', { version: '4.2.4', precision: 'major' })).toBe(true);
    expect(fits('v3.19.0', { version: '4.2.4', precision: 'major' })).toBe(false);
  });

  test('output without a version never fits', () => {
    expect(fits('unknown flag: --version', { version: '1.2.3', precision: 'major' })).toBe(false);
  });
});

test('goDirective reads the language version and not that of a requirement', () => {
  expect(goDirective('module x\n\ngo 1.26.1\n\nrequire go.uber.org/zap v1.2.3\n')).toBe('1.26.1');
});
