/** The part of a DRScenario's spec that says which names move to the recovery region, and to what. */
import { z } from 'zod';
import { dnsLabel } from './common.ts';
import { durationText, textMatching } from './text.ts';

// The last label starts with a letter, so that a mistyped IP address is not taken for a name.
const HOST_NAME = String.raw`([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]([-a-z0-9]*[a-z0-9])?`;
const PORT = '([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

const hostname = textMatching(
  new RegExp(String.raw`^(\*\.)?${HOST_NAME}$`),
  'must be a full DNS name in lower case, e.g. shop.example.com, without a final dot',
  { max: 253 },
);

const serverAddress = textMatching(
  new RegExp(String.raw`^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?):${PORT}$`),
  'must be host:port with a port of 1 to 65535, e.g. 192.0.2.53:53, ns1.example.com:53 or [2001:db8::53]:53',
  { max: 261 },
);

const dnsTarget = z
  .object({
    addresses: z
      .array(z.string().min(1).max(253))
      .min(1)
      .max(16)
      .optional()
      .meta({
        'x-kubernetes-list-type': 'set',
        'x-kubernetes-validations': [
          {
            rule: `self.all(a, isIP(a)) || (size(self) == 1 && self.all(a, a.matches(r'^${HOST_NAME}$')))`,
            message:
              'must be IP addresses only, or exactly one host name in lower case: a DNS name is either A/AAAA records or one CNAME',
          },
        ],
      })
      .describe(
        'IP addresses, or one host name. Never a mixture: a name is either an A/AAAA record or a CNAME.',
      ),
    service: z
      .object({
        namespace: dnsLabel.describe('Its namespace.'),
        name: dnsLabel.describe('Its name.'),
      })
      .optional()
      .describe('Use the addresses in the status of this LoadBalancer Service of the region.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'has(self.addresses) != has(self.service)',
        message: 'set exactly one of addresses and service',
      },
    ],
  });

const bothAddressed = 'has(self.source.addresses) && has(self.recovery.addresses)';
const haveIn = (side: string, family: string): string =>
  `self.${side}.addresses.exists(a, isIP(a) && ip(a).family() == ${family})`;

const dnsRecord = z
  .object({
    hostname: hostname.describe('The name that users ask for.'),
    ttl: z
      .int()
      .min(1)
      .max(86400)
      .default(30)
      .describe('Seconds that resolvers may remember an answer; it adds to the RTO.'),
    source: dnsTarget.describe('What the name answers while the source region is active.'),
    recovery: dnsTarget.describe('What the name answers after a failover.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: `!(${bothAddressed}) || self.source.addresses.exists(a, isIP(a)) == self.recovery.addresses.exists(a, isIP(a))`,
        message:
          'source and recovery must be of one kind, both IP addresses or both host names: DNS servers refuse to turn an A record into a CNAME or back',
      },
      {
        // An AAAA record without a successor would go on pointing at the lost region.
        rule: `!(${bothAddressed}) || !(self.source.addresses.exists(a, isIP(a)) && self.recovery.addresses.exists(a, isIP(a))) || (${haveIn('source', '4')} == ${haveIn('recovery', '4')} && ${haveIn('source', '6')} == ${haveIn('recovery', '6')})`,
        message:
          'source and recovery must have the same IP families: an IPv4 or IPv6 address on one side only would be left behind',
      },
    ],
  });

export const dns = z
  .object({
    records: z
      .array(dnsRecord)
      .max(64)
      .default([])
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['hostname'] })
      .describe('The names that move.'),
    authoritativeServers: z
      .array(serverAddress)
      .max(8)
      .optional()
      .meta({ 'x-kubernetes-list-type': 'atomic' })
      .describe('`host:port` of servers to ask. Default: the NS records of the zone.'),
    timeout: durationText('1s')
      .default('2m')
      .describe('How long the authoritative servers may take to answer with the new addresses.'),
  })
  .default({ records: [], timeout: '2m' });
