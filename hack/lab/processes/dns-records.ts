/**
 * DNS records in etcd as CoreDNS reads them and external-dns writes them
 * (SkyDNS layout): the name's labels reversed as a path, with one more part to
 * tell several records of a name apart.
 */
import { sendOk } from './http.ts';

export const RECORD_PREFIX = '/skydns';
const TTL_SECONDS = 30;
/** The last part of the path is no label of the name. */
const EXTRA_PARTS = 1;

/**
 * Writes an A record and the ownership TXT that external-dns looks for, as an
 * external-dns with another owner id would have.
 */
export async function seedRecord(
  dns: { readonly etcd: string },
  record: { readonly hostname: string; readonly address: string; readonly owner: string },
): Promise<void> {
  const ownership = `heritage=external-dns,external-dns/owner=${record.owner},external-dns/resource=service/elsewhere/foreign`;
  await put(dns.etcd, recordKey(record.hostname), {
    host: record.address,
    ttl: TTL_SECONDS,
    targetstrip: EXTRA_PARTS,
  });
  await put(dns.etcd, recordKey(`a-${record.hostname}`), {
    text: `"${ownership}"`,
    ttl: TTL_SECONDS,
    targetstrip: EXTRA_PARTS,
  });
}

/** Where the lab's own record of a name is kept. */
export function recordKey(hostname: string): string {
  return [RECORD_PREFIX, ...hostname.split('.').toReversed(), 'foreign'].join('/');
}

async function put(etcd: string, key: string, value: object): Promise<void> {
  await sendOk({
    url: `${etcd}/v3/kv/put`,
    method: 'POST',
    body: { key: base64(key), value: base64(JSON.stringify(value)) },
  });
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
