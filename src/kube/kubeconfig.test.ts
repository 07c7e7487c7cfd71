import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { instant } from '../domain/time.ts';
import { type KubeconfigOrigin, parseKubeconfig } from './kubeconfig.ts';
import { CERTIFICATE, KEY_OF_CERTIFICATE, OTHER_KEY } from './testing/certificates.ts';

const IN_2026 = instant(Date.parse('2026-06-01T00:00:00Z'));
const fromSecret: KubeconfigOrigin = { kind: 'secret' };
const base64 = (plain: string): string => Buffer.from(plain).toString('base64');

const user = { token: 'hunter2-token' };
const cluster = { server: 'https://api.example:6443', 'certificate-authority-data': base64(CERTIFICATE) };
function text(parts: { cluster?: object; user?: object; extra?: object } = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'main',
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { ...cluster, ...parts.cluster } }],
    users: [{ name: 'u', user: parts.user ?? user }],
    ...parts.extra,
  });
}
const messageOf = (config: string, now = IN_2026): string => {
  const parsed = parseKubeconfig(config, fromSecret, now);
  return parsed.kind === 'invalid' ? parsed.message : 'valid';
};

test('a kubeconfig with a token is accepted and names its server', () => {
  const parsed = parseKubeconfig(text(), fromSecret, IN_2026);
  expect(parsed).toMatchObject({
    kind: 'valid',
    connection: { server: 'https://api.example:6443', host: 'api.example:6443', validity: undefined },
  });
});

test('the path of a server is kept and the default port is named', () => {
  const parsed = parseKubeconfig(
    text({ cluster: { server: 'https://rancher.example/k8s/c-1/' } }),
    fromSecret,
    IN_2026,
  );
  expect(parsed).toMatchObject({
    connection: { server: 'https://rancher.example/k8s/c-1', host: 'rancher.example:443' },
  });
});

test.each([
  ['{ not: [yaml, "hunter2"', 'not valid YAML'],
  ['hunter2', 'not a kubeconfig'],
  ['', 'is empty'],
  [text({ extra: { 'current-context': '' } }), 'no current-context'],
  [text({ extra: { 'current-context': 'hunter2' } }), 'names a context that is not among contexts'],
  [text({ extra: { clusters: [] } }), 'names a cluster that is not among clusters'],
  [text({ extra: { users: null } }), 'names a user that is not among users'],
  [text({ cluster: { server: '' } }), 'has no server'],
  [text({ cluster: { server: 'http://hunter2.example' } }), 'not an https:// URL'],
  [text({ cluster: { server: 'https://me:hunter2@api.example' } }), 'must not hold a user name'],
  [text({ cluster: { 'insecure-skip-tls-verify': true } }), 'insecure-skip-tls-verify is refused'],
  [text({ cluster: { 'proxy-url': 'http://hunter2' } }), 'proxy-url is not supported'],
  [text({ cluster: { 'certificate-authority-data': base64('hunter2') } }), 'not a PEM certificate'],
  [text({ cluster: { 'certificate-authority': '/etc/ca' } }), 'refers to a file (certificate-authority)'],
  [text({ user: {} }), 'has no credentials'],
  [text({ user: { 'client-certificate-data': base64(CERTIFICATE) } }), 'has no credentials'],
  [text({ user: { tokenFile: '/etc/passwd' } }), 'refers to a file (tokenFile)'],
  [text({ user: { 'token-file': '/etc/passwd' } }), 'refers to a file (token-file)'],
  [text({ user: { exec: { command: 'sh', args: ['hunter2'] } } }), 'asks to run a command'],
  [text({ user: { 'auth-provider': { name: 'gcp', config: { 'cmd-path': 'sh' } } } }), 'its auth-provider'],
  [
    text({ user: { 'auth-provider': { name: 'oidc', config: { 'id-token': 'hunter2' } } } }),
    'auth-provider oidc, whose token could not be renewed: use a token, or client-certificate-data and client-key-data',
  ],
])('an unusable kubeconfig is told in words that repeat nothing of it: %#', (config, words) => {
  const message = messageOf(config);
  expect(message).toContain(words);
  expect(message).not.toContain('hunter2');
});

const withCertificate = (key: string): string =>
  text({ user: { 'client-certificate-data': base64(CERTIFICATE), 'client-key-data': base64(key) } });

test('a client certificate is refused outside its dates, with the date', () => {
  const config = withCertificate(KEY_OF_CERTIFICATE);
  expect(messageOf(config)).toBe('valid');
  expect(messageOf(config, instant(Date.parse('2027-03-01T00:00:00Z')))).toBe(
    'the client certificate expired at 2027-01-01T00:00:00.000Z',
  );
  expect(messageOf(config, instant(Date.parse('2025-03-01T00:00:00Z')))).toBe(
    'the client certificate is not valid before 2026-01-01T00:00:00.000Z',
  );
});

test('a key that does not belong to the certificate is found out', () => {
  expect(messageOf(withCertificate(OTHER_KEY))).toContain('does not belong to');
  expect(messageOf(withCertificate('hunter2'))).toBe('client-key-data is not a PEM private key');
});

test('a file of the operator with a provider of tokens that cannot renew them is told what can', () => {
  const config = text({ user: { 'auth-provider': { name: 'oidc', config: { 'id-token': 'hunter2' } } } });
  expect(parseKubeconfig(config, { kind: 'file', directory: '/' }, IN_2026)).toEqual({
    kind: 'invalid',
    message: expect.stringContaining('use exec with a credential plugin, a tokenFile, a token,') as unknown,
  });
});

test('a file of the operator may refer to files beside it, and entries of other contexts are not touched', () => {
  const directory = mkdtempSync(join(tmpdir(), 'antipode-kubeconfig-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'token'), 'secret-token\n');
  const other = { name: 'other', user: { 'token-file': '/does/not/exist' } };
  const config = text({ extra: { users: [{ name: 'u', user: { tokenFile: 'token' } }, other] } });
  const parsed = parseKubeconfig(config, { kind: 'file', directory }, IN_2026);
  expect(parsed.kind).toBe('valid');
  if (parsed.kind !== 'valid') return;
  expect(parsed.connection.kubeConfig.getCurrentUser()?.authProvider).toEqual({
    name: 'tokenFile',
    config: { tokenFile: join(directory, 'token') },
  });
});

test('a file that refers to a missing file is told as that', () => {
  const config = text({
    cluster: { 'certificate-authority-data': undefined, 'certificate-authority': 'gone.crt' },
  });
  const parsed = parseKubeconfig(config, { kind: 'file', directory: '/nowhere' }, IN_2026);
  expect(parsed).toEqual({ kind: 'invalid', message: 'a file that the kubeconfig refers to cannot be read' });
});
