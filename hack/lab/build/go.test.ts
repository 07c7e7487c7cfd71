import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MODULES_DIRECTORY } from '../binaries.ts';
import { compilerVersion, goEnvironment } from './go.ts';

test('settings of the user that would break or change the build are not passed on', () => {
  const environment = goEnvironment({
    PATH: '/bin',
    GOPROXY: 'https://proxy.example',
    GOFLAGS: '-mod=vendor',
    GOWORK: '/src/go.work',
    GOOS: 'plan9',
    GOARCH: 'arm',
    CGO_ENABLED: '1',
  });

  expect(environment).toEqual({
    PATH: '/bin',
    GOPROXY: 'https://proxy.example',
    GOFLAGS: '',
    GOWORK: 'off',
    CGO_ENABLED: '0',
  });
});

test('without Go the message says which version to install', async () => {
  const asked = compilerVersion(join(MODULES_DIRECTORY, 'tether'), { PATH: '/nowhere' });

  await expect(asked).rejects.toMatchObject({
    code: 'GoUnusable',
    message: expect.stringContaining('Go 1.26.0 or newer'),
  });
});
