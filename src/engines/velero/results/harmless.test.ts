import { expect, test } from 'vitest';
import { harmless } from './harmless.ts';

test.each([
  ['an object as Go prints it', 'patch failed: map[data:map[password:hunter2]]', 'patch failed: …'],
  ['an object as JSON', 'denied: {"data":{"password":"hunter2"}} hunter2', 'denied: …'],
  ['a signature', 'Put "https://s3/points/b?X-Amz-Signature=abc": EOF', 'Put "https://s3/points/b": EOF'],
  ['encoded data', `Invalid value: ${'aHVudGVy/Mg1'.repeat(5)}==: odd`, 'Invalid value: …: odd'],
  ['a key', `with ${'0123456789abcdef'.repeat(4)}`, 'with …'],
])('nothing that may be a secret is left: %s', (_, text, shown) => {
  expect(harmless(text, 100)).toBe(shown);
});

test.each([
  'persistentvolumeclaims/shop/datavolumeofthedatabase is not there',
  'error restoring customresourcedefinitions.apiextensions.k8s.io/widgets.shop.example.com: is forbidden',
  'backup dr-shop-20260102030405-0123456789abcdef and claim 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed',
])('names and sentences stay: %s', (text) => {
  expect(harmless(text, 200)).toBe(text);
});

test('what is too long is cut', () => {
  expect(harmless('too long', 3)).toBe('too…');
});
